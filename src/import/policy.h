/* IAM policy documents: parsed, and asked whether they allow something. Pure; says so where it cannot tell. */
#ifndef SW_IMPORT_POLICY_H
#define SW_IMPORT_POLICY_H

#include "slipway/error.h"
#include "src/base/buf.h"

#include <jansson.h>
#include <stdbool.h>

enum { POLICY_MAX_BYTES = 128 << 10, POLICY_MAX_STATEMENTS = 512 };

/* What is known of a request: a condition key and its value. */
struct policy_fact {
    const char *key; /* compared without regard to case, as IAM does */
    const char *value;
};

struct policy_request {
    const char *action;
    const char *resource; /* one ARN; "*" for an action on whatever; NULL in a trust policy, which has none */
    const char *service;  /* the service principal that asks; NULL: the policy hangs on whoever asks */
    const struct policy_fact *facts;
    size_t n;
};

/* What policies say of a request, as bits: several policies of one identity are put together by |. */
enum policy_vote {
    POLICY_ALLOWS = 1 << 0,
    POLICY_MAY_ALLOW = 1 << 1, /* it hangs on something that is not known here */
    POLICY_DENIES = 1 << 2,
    POLICY_MAY_DENY = 1 << 3,
};

enum policy_answer { POLICY_SILENT, POLICY_DENIED, POLICY_UNSURE, POLICY_ALLOWED };

/*
 * A document of at most POLICY_MAX_BYTES with its statements looked at: effects, and that nothing has a wrong type. NULL and
 * SW_REMOTE for any other. Free with json_decref.
 */
SW_MUST_CHECK json_t *policy_parse(const char *text, size_t len, struct sw_err *err);

/*
 * What one policy votes on the request. unsure, when not NULL, gets what the vote hangs on, as text, once: "the condition
 * aws:SourceIp (IpAddress)", "the policy variable in '…'".
 *
 * Known: Effect, Action, NotAction, Resource, NotResource, wildcards, ${*} ${?} ${$}, Principal; the String…, Arn…, Bool and
 * Null conditions, with IfExists, over the facts. Not known, and so unsure: other conditions, ForAllValues and ForAnyValue,
 * keys that are no facts, policy variables, NotPrincipal.
 */
unsigned policy_ask(const json_t *document, const struct policy_request *request, struct sw_buf *unsure);

/* A denial wins; then a permission without doubts about denials. */
enum policy_answer policy_conclude(unsigned votes);
/* Within a boundary only what both allow is allowed. */
enum policy_answer policy_within(enum policy_answer policy, enum policy_answer boundary);

/* True when some statement that allows names the key in its conditions. */
bool policy_names_key(const json_t *document, const char *key);

#endif
