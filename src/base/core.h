/* Core dumps of processes that hold secrets. */
#ifndef SW_BASE_CORE_H
#define SW_BASE_CORE_H

#include "slipway/error.h"

/* Before any secret is read: this process leaves no core and lets nobody trace it. Again and again is fine. */
SW_MUST_CHECK int sw_core_off(struct sw_err *err);

#endif
