/* Disk images: what a format driver is, and how an open image is read, mapped and written. */
#ifndef SLIPWAY_IMAGE_H
#define SLIPWAY_IMAGE_H

#include "slipway/cleanup.h"
#include "slipway/error.h"
#include "slipway/io.h"
#include "slipway/pipeline.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SW_SECTOR_BYTES = 512 };

/* Largest virtual disk that any driver takes: EBS's and VHDX's limit. */
#define SW_VIRTUAL_MAX_BYTES (UINT64_C(64) << 40)

enum sw_extent_kind {
    SW_EXTENT_DATA, /* bytes that must be read */
    SW_EXTENT_ZERO, /* reads as zeros, and hides a parent's bytes */
    SW_EXTENT_HOLE, /* not here: zeros, or the parent's bytes where there is a parent */
};

/* A run of the virtual disk. Offsets and lengths are bytes. */
struct sw_extent {
    uint64_t off;
    uint64_t len; /* never 0 */
    enum sw_extent_kind kind;
    bool plain;        /* DATA only: the bytes lie as they are, in one piece, … */
    uint64_t physical; /* … at this offset of the image's input */
};

struct sw_buf; /* src/base/buf.h */

/* One disk of a package. Texts are as the package has them: untrusted. */
struct sw_package_disk {
    const char *name;          /* of its file; NULL for an empty disk, which has none */
    const char *stated_format; /* NULL when it is not stated */
    uint64_t capacity_bytes;   /* as stated; 0 when it is not */
    uint64_t file_bytes;
};

/* A file that holds several disks, such as an OVA. */
struct sw_package {
    unsigned nr_disks;
    unsigned chosen; /* from 1; 0 when the package was opened alone */
    struct sw_package_disk *disks;
    const char *digests; /* such as "SHA256"; NULL when it holds none of its files' digests */
};

struct sw_format;

/* An open image. Drivers embed it as their first member; everybody else only reads it. */
struct sw_image {
    const struct sw_format *format;
    uint64_t size_bytes;   /* of the virtual disk; a multiple of 512 unless the format says otherwise */
    struct sw_in *in;      /* reading: owned by the image */
    struct sw_in **others; /* reading: further files that the disk's bytes lie in, owned by the image */
    size_t nr_others;
    struct sw_out *out;      /* writing: owned by the caller */
    struct sw_image *parent; /* backing image, owned; NULL when there is none */
    uint32_t
        unit_bytes; /* grain, cluster or block size; blocks to encode/put are one unit (last may be short) */
    const char *subformat;            /* such as "streamOptimized", "dynamic"; static text or NULL */
    const char *parent_name;          /* as the file names it: untrusted text; NULL when it names none */
    const char *parent_format;        /* likewise; NULL when it is not stated */
    const struct sw_package *package; /* what the disk lies in; NULL for a file that is a disk itself */
    bool salvage;                     /* opened so: entries of its tables may lead past the end of the file */
    unsigned nr_warnings;             /* things a user should hear; at most 8 */
    char warnings[8][160];
};

/* Called by drivers that follow a backing name; decides whether and what to open. */
struct sw_parent_resolver {
    /*
     * Opens the parent that the image names. name is untrusted text from the file, format may be NULL.
     * Refusing is normal: the message says which option would allow it.
     */
    int (*open)(struct sw_parent_resolver *self, const char *name, const char *format, struct sw_image **out,
                struct sw_err *err);
    /*
     * Opens one more file of the same image, such as an extent of a split VMDK. name is untrusted text that
     * sw_is_file_name holds of. NULL: images that need it are refused.
     */
    int (*open_file)(struct sw_parent_resolver *self, const char *name, struct sw_in **in,
                     struct sw_err *err);
};

/* In sw_open_opts.disk: no disk, the package alone. Its image has 0 bytes; of other formats, the one disk. */
#define SW_DISK_NONE UINT_MAX

struct sw_open_opts {
    struct sw_parent_resolver *parents; /* NULL: an image that names a parent or another file is refused */
    bool top_only;                      /* open without its parent: HOLE extents then mean "in the parent" */
    uint64_t max_virtual_bytes;         /* 0: SW_VIRTUAL_MAX_BYTES */
    unsigned disk;                      /* of a package, from 1; 0: the only one; or SW_DISK_NONE */
    bool salvage; /* open what is cut where that can be: a warning now, an error where it is read */
};

/* What a new image is made with. Drivers refuse keys that they do not know. */
struct sw_create_opts {
    uint64_t size_bytes;
    const char *subformat;      /* NULL: the driver's default */
    const char *backing_name;   /* qcow2: the parent's name as written into the file; NULL none */
    const char *backing_format; /* given exactly when backing_name is */
    uint32_t unit_bytes;        /* 0: the driver's default */
    int level;                  /* compression level; 0: the driver's default */
    int64_t
        epoch; /* seconds for stamps in the file (SOURCE_DATE_EPOCH); ids derive from content or are fixed */
    const char *name;     /* ova: of the machine, by the last part of this path; NULL: "image" */
    const char *manifest; /* ova: "sha256", "sha1" or "sha512"; NULL: the first */
    unsigned cpus;        /* ova: of the machine; 0: 1 */
    unsigned memory_mib;  /* ova: likewise; 0: 1024 */
};

/* The first and last bytes of a file, for probing. */
struct sw_probe {
    const uint8_t *head;
    size_t head_len;
    const uint8_t *tail; /* the file's last bytes */
    size_t tail_len;
    uint64_t file_bytes;
};
enum { SW_PROBE_BYTES = 4096 };

enum {
    SW_FORMAT_CAN_READ = 1u << 0,
    SW_FORMAT_CAN_WRITE = 1u << 1,
    /* Can write from front to back only (some subformats may refuse a stream): may be sealed or sent as it is made. */
    SW_FORMAT_STREAM_OUT = 1u << 2,
    /* put may come from any worker in any order where the output is seekable; on a stream it comes in order. */
    SW_FORMAT_PUT_ANY_ORDER = 1u << 3,
    SW_FORMAT_BACKING = 1u << 4,     /* knows parents */
    SW_FORMAT_PACKAGE = 1u << 5,     /* holds disks: sw_open_opts.disk chooses one */
    SW_FORMAT_WHOLE_UNITS = 1u << 6, /* compresses: to read a part of a unit may be to open all of it */
};

/* A driver: one const table at the foot of its file, listed in formats/registry.c. */
struct sw_format {
    const char *name;
    const char *const *aliases;    /* NULL-terminated, or NULL */
    const char *const *extensions; /* likewise, without the dot */
    const char *const *subformats; /* what create takes; the first is the default */
    const char *streamed;          /* the subformat that STREAM_OUT is about, NULL: each */
    unsigned caps;

    /* True when the bytes carry this format's magic. raw has none: it is never guessed. */
    bool (*probe)(const struct sw_probe *probe);

    /* Takes over in on success only. *out is ready for pread and next_extent from any thread. */
    int (*open)(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err);

    /* Reads exactly len bytes within size_bytes, parents included (unless top_only). Any thread. */
    int (*pread)(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err);

    /* The extent that holds off, from off on; off < size_bytes. Reports this file's own view, not the parent's. Any thread. */
    int (*next_extent)(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err);

    /*
     * Optional: reads what the file keeps digests of (the chosen disk's file; of a package opened alone, every
     * file) and fails with SW_INTEGRITY where one differs. Any thread. It ends early, with SW_INTERRUPTED, once
     * *stop is true; stop and progress may be NULL.
     */
    int (*verify)(struct sw_image *img, struct sw_progress *progress, const atomic_bool *stop,
                  struct sw_err *err);

    /* Begins a new image on out. */
    int (*create)(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                  struct sw_err *err);

    /* Optional: a worker's codec state for encode. */
    int (*worker_new)(const struct sw_image *img, void **worker, struct sw_err *err);
    void (*worker_free)(const struct sw_image *img, void *worker);
    /* Optional: turns a unit's data into coded, in any worker. Leaves coded_len 0 to store it plain. */
    int (*encode)(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err);
    /* Upper bound of coded_len for a unit; 0 without encode. */
    size_t (*coded_bound)(const struct sw_image *img);

    /*
     * Optional: a name for what encode does, made of letters, digits, '-' and '.'. The same name, unit size and bytes at
     * the same off give the same coded bytes, and put needs nothing but those. Static text, or NULL when this image's
     * coded bytes depend on more.
     */
    const char *(*coding)(const struct sw_image *img);

    /*
     * Takes the next unit (DATA), or a run of zeros (ZERO, a multiple of units but for the disk's end).
     * In ascending order of off unless PUT_ANY_ORDER. What is never put reads as zeros, or as the parent.
     */
    int (*put)(struct sw_image *img, struct sw_block *block, struct sw_err *err);

    /* Writes tables and footers. The caller then commits out. */
    int (*finish)(struct sw_image *img, struct sw_err *err);

    /*
     * Optional, both or neither: a copy that was interrupted goes on. save appends to state what restore needs to go
     * on at point, and tells how many bytes of the output count. Called between two puts, with every block before
     * point put and none after it; where puts come in any order, while later ones are under way. Returns 1 when an
     * image of this kind cannot go on.
     */
    int (*save)(const struct sw_image *img, uint64_t point, struct sw_buf *state, uint64_t *kept_bytes,
                struct sw_err *err);
    /*
     * On an image that was just made with the same options, over an output that has the bytes that count. What is out
     * of range is SW_INTEGRITY, and the image then only fit to be closed.
     */
    int (*restore)(struct sw_image *img, uint64_t point, const void *state, size_t len, struct sw_err *err);

    /* Frees; closes in and parent. */
    void (*close)(struct sw_image *img);
};

/* formats/registry.c: every driver, NULL-terminated. */
extern const struct sw_format *const sw_formats[];

/* By name or alias ("vpc" is vhd), case-insensitive; NULL when unknown. */
const struct sw_format *sw_format_by_name(const char *name);

/*
 * Whether what is made of this subformat (NULL: the format's default) may be sealed as it is written. SW_USAGE, which names
 * what may be.
 */
SW_MUST_CHECK int sw_format_check_sealed(const struct sw_format *format, const char *subformat,
                                         struct sw_err *err);

/*
 * Creates a qcow2 of ours at path, mode 0600, with nothing in it but what create says: what QEMU opens is nobody else's.
 * Its size is create's, rounded up to whole sectors.
 */
SW_MUST_CHECK int sw_overlay_create(const char *path, const struct sw_create_opts *create,
                                    struct sw_err *err);

/*
 * Opens a qcow2 that lies over *below, whatever it calls the image beneath it: a name that QEMU needed, and that is not followed
 * here. SW_INTEGRITY where it lies over none, or over more than one. Takes over *below, which is NULL afterwards, also on failure.
 */
SW_MUST_CHECK int sw_overlay_open(const char *path, struct sw_image **below, struct sw_image **out,
                                  struct sw_err *err);

/*
 * Opens an image. format NULL probes by magic; when nothing matches it is refused with the hint to name
 * -f raw. A named format is checked against the magic; named raw over a known magic only warns.
 * Takes over in, also on failure.
 */
SW_MUST_CHECK int sw_image_open(struct sw_in *in, const char *format, const struct sw_open_opts *opts,
                                struct sw_image **out, struct sw_err *err);

/* Range-checked wrappers around the driver. */
SW_MUST_CHECK int sw_image_pread(struct sw_image *img, void *buf, size_t len, uint64_t off,
                                 struct sw_err *err);
/* Merges the chain: HOLE comes back only where no image of the chain has anything. */
SW_MUST_CHECK int sw_image_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent,
                                       struct sw_err *err);
/* The driver's verify; 0 where it has none. */
SW_MUST_CHECK int sw_image_verify(struct sw_image *img, struct sw_progress *progress, const atomic_bool *stop,
                                  struct sw_err *err);
void sw_image_close(struct sw_image *img);
SW_DEFINE_AUTO(sw_image, struct sw_image, sw_image_close)
#define SW_AUTO_IMAGE SW_CLEANUP(sw_image_auto)

#endif
