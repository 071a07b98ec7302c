/* The online check under way: what the single questions share. */
#ifndef SW_IMPORT_ONLINE_H
#define SW_IMPORT_ONLINE_H

#include "slipway/iam.h"
#include "src/base/json.h"
#include "src/import/needs.h"

struct online {
    struct sw_cloud *cloud;
    const struct sw_online_check *check;
    struct sw_online_report *out;
    struct sw_online_plan plan; /* with the caller's account and partition */
    unsigned lane;
    char *partition;
    char *principal;         /* the caller as IAM simulates it; NULL: it cannot be simulated */
    struct sw_iam_role role; /* arn is NULL until it was found */
    char *bucket_key;        /* the ARN of a KMS key that the bucket encrypts with; NULL: none of one's own */
    char *volume_key;        /* the same of the volumes, by --kms-key or by default */
};

/* What a line says beside its detail. NULL: nothing. */
struct online_words {
    const char *name;
    enum sw_online_status status;
    const char *permission;
    const char *remedy;
};

/* Adds a line. */
SW_MUST_CHECK int online_say(struct online *online, const struct online_words *words, struct sw_err *err,
                             const char *fmt, ...) SW_PRINTF(4, 5);

/*
 * A question that failed becomes a line: what cannot be told for want of the permission or of an answer, or else a refusal
 * with the remedy. err is what went wrong, and is cleared; -1 for what ends the check (a signal, want of memory).
 */
SW_MUST_CHECK int online_failed(struct online *online, const struct online_words *words,
                                const struct sw_refusal *why, struct sw_err *err);

/* A question that failed is a refusal, whatever the cause. As online_failed. */
SW_MUST_CHECK int online_refused(struct online *online, const struct online_words *words, struct sw_err *err);

/* What is not allowed, and what cannot be told, as text: "s3:PutObject, s3:GetObject on arn:…; …". */
struct online_gaps {
    struct sw_buf missing;
    struct sw_buf unsure;
};
void online_gaps_free(struct online_gaps *gaps);
SW_MUST_CHECK int online_gap(struct sw_buf *list, const char *action, const char *resource,
                             const char *because, struct sw_err *err);

/* Asks IAM whether the principal has all of a statement. -1 with why when IAM does not say. */
SW_MUST_CHECK int online_simulate(struct online *online, const char *principal, const struct need *need,
                                  struct online_gaps *gaps, struct sw_refusal *why, struct sw_err *err);

/* One line of what was found: refused when something is missing, unknown when something is unsure, ok with detail. */
SW_MUST_CHECK int online_judge(struct online *online, const char *name, const struct online_gaps *gaps,
                               const char *detail, const char *remedy, struct sw_err *err);

/* "import" or "export". */
const char *online_what(const struct online *online);

/* The name of the role that is passed. */
const char *online_role_name(const struct online *online);

/* The questions, in the order of the lines; each adds its own. */
SW_MUST_CHECK int online_caller(struct online *online, bool *go_on, struct sw_err *err);
SW_MUST_CHECK int online_bucket(struct online *online, struct sw_err *err);
SW_MUST_CHECK int online_keys(struct online *online, struct sw_err *err);
SW_MUST_CHECK int online_role(struct online *online, struct sw_err *err);
SW_MUST_CHECK int online_rights(struct online *online, struct sw_err *err);

#endif
