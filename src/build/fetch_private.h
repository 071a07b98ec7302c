/* One recipe's downloads and uploads: what steps want, and what was found. */
#ifndef SW_BUILD_FETCH_PRIVATE_H
#define SW_BUILD_FETCH_PRIVATE_H

#include "src/build/fetch_set.h"

/* What one item of a step wants. */
struct fetch_want {
    size_t use;
    bool test; /* in one of its test phases */
    struct fetch_set *set;
    bool sealed;                /* the document is sealed, or one that executes it */
    char *checksum, *algorithm; /* NULL: not said, or not known before the run */
    const char *file;           /* the document */
    size_t line, column;
};

struct fetch {
    struct sw_transfers transfers;
    const struct sw_recipe *recipe;
    struct fetch_opts opts;
    struct fetch_want *wants;
    size_t nr_wants;
    struct fetch_set **sets; /* each source once */
    size_t nr_sets;
    struct sw_bundle **bundles;
    size_t nr_bundles;
    struct fetch_cache cache;
    struct fetch_net net;
};

/* The source as it may be shown. */
const char *fetch_shown(const struct fetch_set *set);
/* What is left of a failure that may quote a document that is sealed: its code. */
const char *fetch_plain_reason(enum sw_code code);

/* The set of a source, made when it is the first that asks for it; NULL and err when memory is out. */
SW_MUST_CHECK struct fetch_set *fetch_set_of(struct fetch *fetch, const struct sw_remote *source,
                                             struct sw_err *err);

/* Looks for one source in every place. net: and on the net, where that is allowed. Nothing found is no error. */
SW_MUST_CHECK int fetch_seek(struct fetch *fetch, struct fetch_set *set, bool net, struct sw_err *err);

/* SW_INTEGRITY unless the set's one file has this checksum; a file that lies in a tar passes. */
SW_MUST_CHECK int fetch_check(const struct fetch_set *set, const char *checksum, const char *algorithm,
                              struct sw_err *err);

/* Collects wants; fetch_wanted.c. */
SW_MUST_CHECK int fetch_collect(struct fetch *fetch, struct sw_diags *diags, struct sw_err *err);

/* fetch_transfers.c */
void fetch_transfers_init(struct fetch *fetch);

#endif
