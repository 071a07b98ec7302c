/* Where a build's scratch lies, and what lies beneath its overlay. */
#ifndef SW_BUILD_BENEATH_H
#define SW_BUILD_BENEATH_H

#include "slipway/store.h"
#include "src/build/build.h"

/*
 * Refuses (SW_REFUSED) a scratch folder (dir NULL: the one that will be used, as far as it is known before it is made) where the guest's data would lie in clear although the store is sealed, and says what
 * would do. disk_bytes: of the image. Nothing is asked of a plain store's.
 */
SW_MUST_CHECK int scratch_check(const struct sw_build_opts *opts, const struct sw_store *store,
                                const char *dir, uint64_t disk_bytes, struct sw_err *err);
/* The same of the folder that was made: something else may be mounted there. */
SW_MUST_CHECK int scratch_open(const struct sw_build_opts *opts, struct sw_store *store, uint64_t disk_bytes,
                               struct sw_scratch **out, struct sw_err *err);

/* The layer that an overlay lies on, as QEMU opens it. Zero-initialise it; beneath_close. */
struct beneath {
    char *name;                /* of the backing file */
    char digest[SW_STORE_HEX]; /* of the layer; "" for an image that is none */
    const char *format;        /* "qcow2", or "raw" where it is served */
    struct sw_image *image;
    const char *file,
        *file_format;       /* a base's own file, as the recipe names it, which must not change; NULL: none */
    struct sw_store *store; /* that knows it */
    struct sw_nbd *server;
    struct sw_sockets *sockets;
};
/* A plain store's file; a sealed store's chain, served from here beside scratch_dir's other sockets. */
SW_MUST_CHECK int beneath_open(struct sw_store *store, const char *digest, const char *scratch_dir,
                               struct beneath *out, struct sw_err *err);
/* An image, served likewise as the export name; it outlives out. */
SW_MUST_CHECK int beneath_open_image(struct sw_image *image, const char *name, const char *scratch_dir,
                                     struct beneath *out, struct sw_err *err);
/*
 * The file of a base that has no layer yet: a raw one as it is, else as our driver reads it. path and format (NULL: probed) outlive
 * out. disk_bytes: of the disk. SW_REFUSED where it is no plain file.
 */
SW_MUST_CHECK int beneath_open_file(const char *path, const char *format, const char *scratch_dir,
                                    struct beneath *out, uint64_t *disk_bytes, struct sw_err *err);
/* That file is the layer of this digest now: from here on beneath_check finds it changed (SW_INTEGRITY). */
SW_MUST_CHECK int beneath_becomes(struct beneath *beneath, struct sw_store *store, const char *digest,
                                  struct sw_err *err);
/* -1 when something of it could not be read: whoever read it may have gone on. */
SW_MUST_CHECK int beneath_check(const struct beneath *beneath, struct sw_err *err);
/* What QEMU could not read is the cause of whatever failed: puts it into err. */
void beneath_blame(const struct beneath *beneath, struct sw_err *err);
void beneath_close(struct beneath *beneath);
#define AUTO_BENEATH SW_CLEANUP(beneath_close)

#endif
