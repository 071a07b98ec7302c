/* Bundles: files that were fetched, as an OCI artifact in a folder or in a tar, to be carried to where no network is. */
#ifndef SLIPWAY_BUNDLE_H
#define SLIPWAY_BUNDLE_H

#include "slipway/error.h"
#include "slipway/io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An OCI Image Layout 1.0 with one manifest, artifactType application/vnd.slipway.bundle.v1; each file is a layer
 * (application/octet-stream) with the annotations
 *   vnd.slipway.source    the URI that a document names
 *   vnd.slipway.name      beneath a prefix; missing for a single file
 *   vnd.slipway.insecure  "true" when the server's certificate was not looked at
 *   org.opencontainers.image.title   the last part of the name
 */
enum {
    SW_BUNDLE_FILES_MAX = 20000,
    SW_BUNDLE_HEX = 65, /* a SHA-256 in lower-case hex and its NUL */
};

struct sw_bundle_file {
    const char *source;
    const char *name; /* NULL: the source is this one file */
    char sha256[SW_BUNDLE_HEX];
    uint64_t size_bytes;
    bool insecure;
    const char *path; /* where its bytes lie on this machine; NULL in a bundle that is a tar */
};

struct sw_bundle;

/* Reads the index and the manifest, nothing else. What is damaged is SW_INTEGRITY, what is no bundle SW_USAGE. */
SW_MUST_CHECK int sw_bundle_open(const char *path, struct sw_bundle **out, struct sw_err *err);
void sw_bundle_close(struct sw_bundle *bundle);
/* In the manifest's order; they live as long as the bundle. */
const struct sw_bundle_file *sw_bundle_files(const struct sw_bundle *bundle, size_t *n);

/* Takes files out of a tar. Embed as the first member. */
struct sw_bundle_taker {
    /* *out is where these bytes shall go, NULL when they are not wanted. A file that two sources share is asked for once. */
    int (*begin)(struct sw_bundle_taker *taker, const char *sha256, uint64_t size_bytes, struct sw_out **out,
                 struct sw_err *err);
};
/* Reads the tar once; what is taken is checked against its digest and committed, or fails with SW_INTEGRITY. */
SW_MUST_CHECK int sw_bundle_take(struct sw_bundle *bundle, struct sw_bundle_taker *taker, struct sw_err *err);

/*
 * Writes a bundle of these files, whose path is set: a tar when the name ends in ".tar", else a folder, which may be there
 * as an earlier bundle. The same files give the same bytes. A file that is no longer what its sha256 says is SW_INTEGRITY.
 */
SW_MUST_CHECK int sw_bundle_write(const char *path, const struct sw_bundle_file *files, size_t n,
                                  struct sw_err *err);

#endif
