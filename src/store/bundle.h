/* What reading and writing a bundle share. */
#ifndef SW_STORE_BUNDLE_H
#define SW_STORE_BUNDLE_H

#include "slipway/bundle.h"
#include "src/base/digest.h"
#include "src/store/internal.h"

#define BUNDLE_MEDIA_TYPE  "application/vnd.slipway.bundle.v1"
#define BUNDLE_MEDIA_EMPTY "application/vnd.oci.empty.v1+json"
#define BUNDLE_MEDIA_FILE  "application/octet-stream"
#define BUNDLE_SOURCE      "vnd.slipway.source"
#define BUNDLE_NAME        "vnd.slipway.name"
#define BUNDLE_INSECURE    "vnd.slipway.insecure"
#define BUNDLE_TITLE       "org.opencontainers.image.title"
#define BUNDLE_LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

enum { BUNDLE_INDEX_MAX = 64 << 20, BUNDLE_CHUNK = 1 << 20 };

struct sw_bundle {
    char *path;
    bool is_tar;
    struct sw_bundle_file *files;
    size_t n;
};

/* Adds a manifest's files to a bundle that has none. */
SW_MUST_CHECK int bundle_parse(struct sw_bundle *bundle, const char *text, size_t len, struct sw_err *err);

#endif
