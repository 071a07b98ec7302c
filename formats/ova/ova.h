/* The OVA driver's own parts: the package, the disk that was chosen, verifying, writing. */
#ifndef SW_FORMATS_OVA_H
#define SW_FORMATS_OVA_H

#include "formats/drivers.h"
#include "formats/ova/manifest.h"
#include "formats/ova/ovf.h"
#include "formats/ova/tar.h"

/* A new package: what comes before the disk is written last, into room that was left for it. */
struct ova_writing {
    struct sw_out member; /* first: the disk's file: appends to the tar and goes into digest */
    struct sw_out *tar;
    struct sw_digest *digest;
    enum sw_hash hash;
    struct ovf_machine machine;
    char name[64];        /* machine.name */
    uint64_t ovf_bytes;   /* of the OVF, blanks at its end included */
    uint64_t manifest_at; /* of its header */
    uint64_t disk_at;     /* likewise */
    int64_t epoch;
};

struct ova_image {
    struct sw_image base;   /* base.in: the tar */
    struct sw_image *inner; /* the chosen disk, or what is written; NULL for an empty disk and for none */

    /* Reading. */
    struct tar tar;
    struct ovf ovf;
    struct manifest manifest;
    bool has_manifest;
    const struct tar_member *member; /* the chosen disk's file; NULL for an empty disk */
    struct sw_package package;

    struct ova_writing writing;
};

static inline struct ova_image *ova_of(struct sw_image *img)
{
    return (struct ova_image *)img;
}

/* Lists the tar, reads OVF and manifest and checks each against the others. base.in is set; warnings go to base. */
SW_MUST_CHECK int ova_load(struct ova_image *ova, struct sw_err *err);
/* The tar's member that a file of the OVF names; NULL when it is not there. */
const struct tar_member *ova_member(const struct ova_image *ova, const struct ovf_file *file);

/* The member's bytes against the manifest's line. */
SW_MUST_CHECK int ova_verify_member(struct ova_image *ova, const struct tar_member *member,
                                    struct sw_progress *progress, const atomic_bool *stop,
                                    struct sw_err *err);
int ova_verify(struct sw_image *img, struct sw_progress *progress, const atomic_bool *stop,
               struct sw_err *err);

/* An input over a part of another, which must outlive it; the range lies in it. name: copied, for messages. */
SW_MUST_CHECK int ova_part_open(struct sw_in *whole, uint64_t off, uint64_t len, const char *name,
                                struct sw_in **out, struct sw_err *err);

/* Driver's functions; contracts in slipway/image.h. */
int ova_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err);
int ova_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err);
int ova_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err);
int ova_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
               struct sw_err *err);
int ova_worker_new(const struct sw_image *img, void **worker, struct sw_err *err);
void ova_worker_free(const struct sw_image *img, void *worker);
int ova_encode(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err);
size_t ova_coded_bound(const struct sw_image *img);
int ova_put(struct sw_image *img, struct sw_block *block, struct sw_err *err);
int ova_finish(struct sw_image *img, struct sw_err *err);

#endif
