/* What policy documents match with: patterns, ARNs and conditions, each yes, no or unsure. */
#ifndef SW_IMPORT_POLICY_MATCH_H
#define SW_IMPORT_POLICY_MATCH_H

#include "src/import/policy.h"

enum policy_fit { POLICY_NO, POLICY_PERHAPS, POLICY_YES };

/* A pattern longer than this, or with a policy variable in it, is unsure. */
enum { POLICY_MAX_PATTERN = 4096 };

/* '*' and '?' are wildcards, ${*} ${?} ${$} themselves. */
enum policy_fit policy_glob(const char *pattern, const char *text, bool ignore_case);
/* The same for each of an ARN's six fields. */
enum policy_fit policy_glob_arn(const char *pattern, const char *text);

/* The value of a "Condition": all of it must hold. unsure as in policy_ask. */
enum policy_fit policy_condition(const json_t *condition, const struct policy_request *request,
                                 struct sw_buf *unsure);

/* Appends to unsure, unless it is NULL or has something. */
void policy_note(struct sw_buf *unsure, const char *fmt, ...) SW_PRINTF(2, 3);

#endif
