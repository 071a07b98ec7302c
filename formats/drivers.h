/* What the drivers share: their list, warnings, checks of create options, sparse writing, reading a parent. */
#ifndef SW_FORMATS_DRIVERS_H
#define SW_FORMATS_DRIVERS_H

#include "slipway/image.h"
#include "src/base/digest.h"

/* One line a driver; formats/registry.c lists those that are built. */
extern const struct sw_format sw_format_raw;
extern const struct sw_format sw_format_vhd;
extern const struct sw_format sw_format_vhdx;
extern const struct sw_format sw_format_vmdk;
extern const struct sw_format sw_format_qcow2;
extern const struct sw_format sw_format_ova;

/* Adds a warning to the image; what is beyond the eighth is dropped. */
void sw_image_warn(struct sw_image *img, const char *fmt, ...) SW_PRINTF(2, 3);

/*
 * For a table entry that leads to what ends at end of the file. True when that is not after limit, or for salvage: then
 * it is counted in *cut, and reading there fails.
 */
bool sw_entry_opens(bool salvage, uint64_t end, uint64_t limit, uint64_t *cut);
/* The warning that goes with it; none for 0. what: such as "grain tables". */
void sw_image_warn_cut(struct sw_image *img, uint64_t cut, const char *what);

/* What a driver's create takes beside size, subformat and epoch. */
enum {
    SW_CREATE_LEVEL = 1u << 0,
    SW_CREATE_UNIT = 1u << 1,
    SW_CREATE_BACKING = 1u << 2,
    SW_CREATE_MACHINE = 1u << 3, /* manifest, cpus, memory_mib */
};

/* Refuses options that are not in takes, an unknown subformat, and a size that is 0 or not whole sectors. */
SW_MUST_CHECK int sw_create_check(const struct sw_format *format, const struct sw_create_opts *opts,
                                  unsigned takes, struct sw_err *err);

/* Refuses (SW_REFUSED) a virtual size above what opts allow. opts may be NULL. */
SW_MUST_CHECK int sw_check_virtual_size(const struct sw_in *in, uint64_t size_bytes,
                                        const struct sw_open_opts *opts, struct sw_err *err);

/* The parent's bytes for a hole of img: zeros where there is no parent and beyond its end. */
SW_MUST_CHECK int sw_read_parent(struct sw_image *img, void *buf, size_t len, uint64_t off,
                                 struct sw_err *err);

/* True when all len > 0 bytes are 0. */
bool sw_all_zero(const uint8_t *bytes, size_t len);

/*
 * Writes the pieces of buf that are not zero, in steps of 4 KiB, at off of a seekable output that reads as
 * zeros there so far.
 */
SW_MUST_CHECK int sw_sparse_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off,
                                   struct sw_err *err);

/*
 * For bytes that lie one to one in the input: the run of data or hole that holds off, as far as the file system can
 * tell, up to end (both whole sectors).
 */
void sw_file_extent(const struct sw_in *in, uint64_t off, uint64_t end, struct sw_extent *extent);

/*
 * Of a bitmap, how many of the n bits from bit first on are like the first, and what that is. high_first: the first bit of
 * a byte is its highest.
 */
uint32_t sw_same_bits(bool high_first, const uint8_t *bits, uint32_t first, uint32_t n, bool *set);

/*
 * Identifiers follow from content, size and stamp. Units are sampled as they are put, in order: enough to tell two
 * disks apart, for a fraction of a digest's time. Each sample is hashed over what came before, so that the chain alone
 * is all that a writer has to save.
 */
struct sw_content {
    struct sw_digest *digest;
    uint8_t chain[SW_SHA256_BYTES]; /* zeros before the first sample */
};
SW_MUST_CHECK int sw_content_begin(struct sw_content *content, struct sw_err *err);
void sw_content_end(struct sw_content *content);
SW_MUST_CHECK int sw_content_sample(struct sw_content *content, const struct sw_block *block,
                                    struct sw_err *err);
SW_MUST_CHECK int sw_content_digest(struct sw_content *content, uint64_t size_bytes, int64_t epoch,
                                    uint8_t digest[SW_SHA256_BYTES], struct sw_err *err);
/* A UUID of version 8 (RFC 9562: any bits of one's own), in network order. */
void sw_digest_uuid(const uint8_t digest[SW_SHA256_BYTES], uint8_t uuid[16]);

/* Code units in host order, up to the first 0, as UTF-8; a lone surrogate is SW_INTEGRITY. Free it. */
SW_MUST_CHECK char *sw_utf16_to_utf8(const uint16_t *units, size_t n, struct sw_err *err);
/*
 * In place: Windows' separators become ours, and of a path that is not relative, which is another machine's, only
 * the last part stays. Returns name.
 */
char *sw_portable_name(char *name, bool relative);

/* Appends zeros until out->pos is pos. */
SW_MUST_CHECK int sw_out_zeros_to(struct sw_out *out, uint64_t pos, struct sw_err *err);

/* The name of a disk or archive format that no driver reads, by its magic; NULL when nothing is known. */
const char *sw_foreign_format(const struct sw_probe *probe);

#endif
