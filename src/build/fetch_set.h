/* Inside of fetching: a source, what was found for it, and the places where it is looked for. */
#ifndef SW_BUILD_FETCH_SET_H
#define SW_BUILD_FETCH_SET_H

#include "src/base/digest.h"
#include "src/build/fetch.h"

enum fetch_origin { FETCH_NOWHERE, FETCH_INPUTS, FETCH_BUNDLE, FETCH_CACHE, FETCH_NET };

/* One source with all that it stands for. */
struct fetch_set {
    char *uri, *owner; /* owner NULL: not said */
    char *shown;       /* the URI for messages */
    bool insecure;
    bool sealed; /* only documents that are sealed ask for it: it is not named */
    enum fetch_origin origin;
    struct sw_remote_file *files; /* name and path are owned; path is NULL while it lies in a tar */
    size_t n;
    char *why; /* where it was looked for in vain, or NULL */
};

void fetch_set_clear(struct fetch_set *set);
/* Forgets what was found. */
void fetch_set_empty(struct fetch_set *set);
/* Adds a file; copies the texts (path may be NULL). More than FETCH_OBJECTS_MAX is an error. */
SW_MUST_CHECK int fetch_set_add(struct fetch_set *set, const struct sw_remote_file *file, struct sw_err *err);
/* Sorted by name. */
void fetch_set_sort(struct fetch_set *set);
/* True for s3://BUCKET/PREFIX/ and a star. */
bool fetch_is_prefix(const char *uri);
/* A URI's last part as a file's name, with %XX read; *out is NULL when there is none that could be one. Free it. */
SW_MUST_CHECK int fetch_base_name(const char *uri, char **out, struct sw_err *err);
/* Digest of a regular file, in hex with a NUL behind it, and its size; size_bytes may be NULL. */
SW_MUST_CHECK int fetch_hash_file(const char *path, enum sw_hash hash, char *hex, uint64_t *size_bytes,
                                  struct sw_err *err);

/* inputs:, fetch_inputs.c. 1 when the recipe has files for it that are there. */
SW_MUST_CHECK int fetch_from_inputs(const struct sw_recipe *recipe, struct fetch_set *set,
                                    struct sw_err *err);

/* What was fetched before, fetch_cache.c: files by their digests, and which source had which. */
struct fetch_cache {
    char *dir; /* absolute; made when something is put into it */
};
SW_MUST_CHECK int fetch_cache_open(struct fetch_cache *cache, struct sw_err *err);
void fetch_cache_close(struct fetch_cache *cache);
/* Where a file of this digest lies. Free it. */
SW_MUST_CHECK char *fetch_cache_path(const struct fetch_cache *cache, const char *sha256, struct sw_err *err);
/* True when it lies there in its full size. */
bool fetch_cache_has(const char *path, uint64_t size_bytes);
/* 1: found all of it. */
SW_MUST_CHECK int fetch_from_cache(const struct fetch_cache *cache, struct fetch_set *set,
                                   struct sw_err *err);
/* Remembers what a source had. */
SW_MUST_CHECK int fetch_cache_note(const struct fetch_cache *cache, const struct fetch_set *set,
                                   struct sw_err *err);
/* A new file, of which nobody knows the digest yet: write it, then keep it (which commits it) and close it. */
SW_MUST_CHECK int fetch_cache_create(const struct fetch_cache *cache, struct sw_out **out,
                                     struct sw_err *err);
SW_MUST_CHECK int fetch_cache_keep(const struct fetch_cache *cache, struct sw_out *out, const char *sha256,
                                   struct sw_err *err);
/* Takes what the sets want out of a bundle that is a tar. */
SW_MUST_CHECK int fetch_cache_unpack(const struct fetch_cache *cache, struct sw_bundle *bundle,
                                     struct fetch_set *const *sets, size_t n, struct sw_err *err);

/* The net, fetch_net.c. Opened with the first question. */
struct fetch_net {
    struct sw_transport *transport;
    struct sw_cloud *cloud;
    struct sw_progress *progress;
    uint64_t max_bytes; /* of one file */
};
SW_MUST_CHECK int fetch_net_open(struct fetch_net *net, struct sw_progress *progress, struct sw_err *err);
void fetch_net_close(struct fetch_net *net);
SW_MUST_CHECK int fetch_from_net(struct fetch_net *net, const struct fetch_cache *cache,
                                 struct fetch_set *set, struct sw_err *err);

#endif
