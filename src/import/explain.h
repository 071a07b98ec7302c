/* What a failed import means: AWS's message, looked up in data/failures.json. */
#ifndef SW_IMPORT_EXPLAIN_H
#define SW_IMPORT_EXPLAIN_H

#include "slipway/import.h"

/* The message from "ClientError:" (or its kin) on: newer replies put "CLIENT_ERROR : " before it. Points into it. */
const char *explain_reason(const char *message);
/* AWS's own failure, which may go away by itself. */
bool explain_is_theirs(const char *reason);

#endif
