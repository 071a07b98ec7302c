/* Where an image is written that nobody wants: every byte is taken, none is kept. */
#ifndef SW_COPY_NOWHERE_H
#define SW_COPY_NOWHERE_H

#include "slipway/io.h"

/* write, pwrite and truncate of an output that is neither committed nor closed. */
extern const struct sw_out_ops nowhere_ops;

#endif
