/* What is judged by: rules as data, systems and kernels, and what the user puts in their place. */
#ifndef SW_PREFLIGHT_POLICY_H
#define SW_PREFLIGHT_POLICY_H

#include "slipway/preflight.h"

struct sw_preflight_policy {
    json_t *rules;   /* {date, source, rules: [row]} */
    json_t *systems; /* {date, source, systems, windows} */
    char *path;      /* NULL: nothing but what is built in */
};

/* The severity of a rule in a lane: "refused", "warning" or "note"; NULL when the lane does not mind. */
const char *policy_severity(const json_t *rule, unsigned lane);

/* What a severity weighs: 0 for NULL, 1 note, 2 warning, 3 refused. */
int policy_weight(const char *severity);

#endif
