/* Credentials: one source of them, how long they live, and who holds them while requests run. */
#ifndef SW_CLOUD_KEYS_H
#define SW_CLOUD_KEYS_H

#include "slipway/error.h"
#include "src/base/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cloud_keys {
    char *access;
    char *secret;
    char *token;       /* NULL when the keys are long-lived */
    int64_t expires_s; /* seconds since 1970 UTC; 0: nobody said that they end */
};
void keys_free(struct cloud_keys *keys);
#define KEYS_AUTO SW_CLEANUP(keys_free)

/* Their parts as somebody gave them, NULL or "" for what was not given. */
struct keys_text {
    const char *access, *secret, *token;
    const char *expires; /* RFC 3339, or with "UTC" at its end */
};
/* Copies them. Fails when one of access and secret is missing, and for what cannot stand in a header; where: for the message. */
SW_MUST_CHECK int keys_take(const struct keys_text *text, const char *where, struct cloud_keys *out,
                            struct sw_err *err);
/* "2026-11-22T06:40:36Z", with a fraction, an offset or "UTC": seconds since 1970. -1 for anything else. */
SW_MUST_CHECK int keys_time(const char *text, int64_t *out);
/* True for text that may stand in a header: no white space, no control bytes. */
bool keys_plain(const char *text);
/* Every string in it becomes zeros: it held a key. */
void keys_wipe_json(json_t *value);

/* One place that credentials come from. Embed as the first member. */
struct keys_source {
    const char *name; /* "the environment" */
    bool local;       /* costs nothing to ask: it is asked when the session opens */
    int (*fetch)(struct keys_source *source, struct cloud_keys *out, struct sw_err *err);
    void (*close)(struct keys_source *source);
};

/* Keys that at least one request uses. */
struct keys_ref {
    struct cloud_keys keys;
    atomic_uint users;
};

enum { KEYS_EARLY_S = 15 * 60, KEYS_PAUSE_S = 60 };

/*
 * What a source gave, for all threads of a session. They are fetched anew when less than KEYS_EARLY_S (or half of their life, if
 * that is less) remain, by one thread while the others go on with what they have; not more often than every KEYS_PAUSE_S.
 */
struct keys_cache {
    struct keys_source *source; /* NULL: requests are not signed */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct keys_ref *current;
    int64_t due_s, pause_until_s, fresh_until_s;
    bool busy;
    unsigned failures;
    struct sw_err failure; /* the last one */
};

/* Takes source, which may be NULL. */
void keys_cache_init(struct keys_cache *cache, struct keys_source *source);
void keys_cache_free(struct keys_cache *cache);
/* now_s: as the server has it. Give *out back with keys_release. */
SW_MUST_CHECK int keys_hold(struct keys_cache *cache, int64_t now_s, struct keys_ref **out,
                            struct sw_err *err);
void keys_release(struct keys_ref *ref);
/* The server says that ref is over. *others: there are other keys now. -1 when the source fails. */
SW_MUST_CHECK int keys_renew(struct keys_cache *cache, const struct keys_ref *ref, int64_t now_s,
                             bool *others, struct sw_err *err);

#endif
