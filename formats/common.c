/* What the drivers share: warnings, checks of create options, sparse writing, reading a parent. */
#include "formats/drivers.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A page: the least that file systems keep as a hole. */
enum { SPARSE_STEP_BYTES = 4096 };

/* Of each unit, for identifiers. */
enum { SAMPLE_BYTES = 4096 };

void sw_image_warn(struct sw_image *img, const char *fmt, ...)
{
    va_list args;

    if (img->nr_warnings >= SW_ARRAY_LEN(img->warnings))
        return;
    va_start(args, fmt);
    vsnprintf(img->warnings[img->nr_warnings++], sizeof(img->warnings[0]), fmt, args);
    va_end(args);
}

bool sw_entry_opens(bool salvage, uint64_t end, uint64_t limit, uint64_t *cut)
{
    if (end <= limit)
        return true;
    *cut += salvage;
    return salvage;
}

void sw_image_warn_cut(struct sw_image *img, uint64_t cut, const char *what)
{
    if (cut > 0)
        sw_image_warn(img, "the file is cut: %llu %s lie after its end", (unsigned long long)cut, what);
}

static bool knows_subformat(const struct sw_format *format, const char *name)
{
    for (const char *const *at = format->subformats; at != NULL && *at != NULL; at++)
        if (strcasecmp(*at, name) == 0)
            return true;
    return false;
}

int sw_create_check(const struct sw_format *format, const struct sw_create_opts *opts, unsigned takes,
                    struct sw_err *err)
{
    if (opts->size_bytes == 0 || opts->size_bytes % SW_SECTOR_BYTES != 0)
        return sw_fail(err, SW_USAGE, "a %s disk cannot have %llu bytes: whole sectors of 512 are needed",
                       format->name, (unsigned long long)opts->size_bytes);
    if (opts->size_bytes > SW_VIRTUAL_MAX_BYTES)
        return sw_fail(err, SW_USAGE, "a %s disk of %llu bytes is larger than 64 TiB", format->name,
                       (unsigned long long)opts->size_bytes);
    if (opts->subformat != NULL && !knows_subformat(format, opts->subformat))
        return sw_fail(err, SW_USAGE, "%s has no subformat '%s' to write", format->name, opts->subformat);
    if (opts->level != 0 && (takes & SW_CREATE_LEVEL) == 0)
        return sw_fail(err, SW_USAGE, "%s does not compress: it takes no level", format->name);
    if (opts->unit_bytes != 0 && (takes & SW_CREATE_UNIT) == 0)
        return sw_fail(err, SW_USAGE, "%s takes no cluster size", format->name);
    if (opts->backing_name != NULL && (takes & SW_CREATE_BACKING) == 0)
        return sw_fail(err, SW_USAGE, "%s images are written without a parent", format->name);
    if ((opts->manifest != NULL || opts->cpus != 0 || opts->memory_mib != 0) &&
        (takes & SW_CREATE_MACHINE) == 0)
        return sw_fail(err, SW_USAGE, "%s takes no manifest, cpus or memory: it describes no machine",
                       format->name);
    return 0;
}

int sw_check_virtual_size(const struct sw_in *in, uint64_t size_bytes, const struct sw_open_opts *opts,
                          struct sw_err *err)
{
    uint64_t most =
        opts != NULL && opts->max_virtual_bytes != 0 ? opts->max_virtual_bytes : SW_VIRTUAL_MAX_BYTES;

    if (size_bytes > most)
        return sw_fail(err, SW_REFUSED, "'%s' claims a disk of %llu bytes; at most %llu are taken", in->name,
                       (unsigned long long)size_bytes, (unsigned long long)most);
    return 0;
}

int sw_read_parent(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint64_t there = 0;

    if (img->parent != NULL && off < img->parent->size_bytes)
        there = sw_min_u64(len, img->parent->size_bytes - off);
    if (there < len)
        memset((uint8_t *)buf + there, 0, len - (size_t)there);
    return there == 0 ? 0 : sw_image_pread(img->parent, buf, (size_t)there, off, err);
}

bool sw_all_zero(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

int sw_sparse_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    const uint8_t *bytes = buf;
    size_t begin = 0; /* of the run that is not written yet */

    for (size_t at = 0; at < len;) {
        /* Steps lie on the output's own pages. */
        size_t step = (size_t)sw_min_u64(len - at, SPARSE_STEP_BYTES - (off + at) % SPARSE_STEP_BYTES);

        if (sw_all_zero(bytes + at, step)) {
            if (at > begin && sw_out_pwrite(out, bytes + begin, at - begin, off + begin, err) < 0)
                return -1;
            begin = at + step;
        }
        at += step;
    }
    return len > begin ? sw_out_pwrite(out, bytes + begin, len - begin, off + begin, err) : 0;
}

/* Where the data (or the hole) at or after off begins; UINT64_MAX when the file system cannot say. */
static uint64_t seek_from(const struct sw_in *in, uint64_t off, int whence)
{
    off_t at = in->fd >= 0 ? lseek(in->fd, (off_t)off, whence) : -1;

    if (at >= 0)
        return (uint64_t)at;
    return in->fd >= 0 && errno == ENXIO ? in->size_bytes : UINT64_MAX;
}

void sw_file_extent(const struct sw_in *in, uint64_t off, uint64_t end, struct sw_extent *extent)
{
    uint64_t data = seek_from(in, off, SEEK_DATA), hole;

    *extent = (struct sw_extent){.off = off, .kind = SW_EXTENT_HOLE};
    if (data != UINT64_MAX && data / SW_SECTOR_BYTES * SW_SECTOR_BYTES > off) {
        extent->len = sw_min_u64(data / SW_SECTOR_BYTES * SW_SECTOR_BYTES, end) - off;
        return;
    }
    hole = data == UINT64_MAX ? UINT64_MAX : seek_from(in, data, SEEK_HOLE);
    hole = hole == UINT64_MAX ? end : sw_min_u64(sw_round_up(hole, SW_SECTOR_BYTES), end);
    *extent = (struct sw_extent){
        .off = off, .len = hole - off, .kind = SW_EXTENT_DATA, .plain = true, .physical = off};
}

int sw_out_zeros_to(struct sw_out *out, uint64_t pos, struct sw_err *err)
{
    static const uint8_t zeros[64 << 10];

    while (out->pos < pos)
        if (sw_out_write(out, zeros, (size_t)sw_min_u64(pos - out->pos, sizeof(zeros)), err) < 0)
            return -1;
    return 0;
}

static bool bit_at(bool high_first, const uint8_t *bits, uint32_t i)
{
    return (bits[i / 8] >> (high_first ? 7 - i % 8 : i % 8) & 1) != 0;
}

uint32_t sw_same_bits(bool high_first, const uint8_t *bits, uint32_t first, uint32_t n, bool *set)
{
    uint32_t i = first + 1;

    *set = bit_at(high_first, bits, first);
    while (i < first + n) {
        if (i % 8 == 0 && i + 8 <= first + n && bits[i / 8] == (*set ? 0xff : 0x00)) {
            i += 8;
            continue;
        }
        if (bit_at(high_first, bits, i) != *set)
            break;
        i++;
    }
    return i - first;
}

int sw_content_begin(struct sw_content *content, struct sw_err *err)
{
    content->digest = sw_digest_new(err);
    return content->digest != NULL ? 0 : -1;
}

void sw_content_end(struct sw_content *content)
{
    sw_digest_free(content->digest);
}

int sw_content_sample(struct sw_content *content, const struct sw_block *block, struct sw_err *err)
{
    size_t len = (size_t)sw_min_u64(block->len, SAMPLE_BYTES);
    uint8_t off[8];

    be64_put(off, block->off);
    if (sw_digest_update(content->digest, content->chain, sizeof(content->chain), err) < 0 ||
        sw_digest_update(content->digest, off, sizeof(off), err) < 0 ||
        sw_digest_update(content->digest, block->data, len, err) < 0)
        return -1;
    return sw_digest_final(content->digest, content->chain, err);
}

int sw_content_digest(struct sw_content *content, uint64_t size_bytes, int64_t epoch,
                      uint8_t digest[SW_SHA256_BYTES], struct sw_err *err)
{
    uint8_t seed[16];

    be64_put(seed, size_bytes);
    be64_put(seed + 8, (uint64_t)epoch);
    if (sw_digest_update(content->digest, content->chain, sizeof(content->chain), err) < 0 ||
        sw_digest_update(content->digest, seed, sizeof(seed), err) < 0)
        return -1;
    return sw_digest_final(content->digest, digest, err);
}

void sw_digest_uuid(const uint8_t digest[SW_SHA256_BYTES], uint8_t uuid[16])
{
    memcpy(uuid, digest, 16);
    uuid[6] = (uint8_t)(0x80 | (uuid[6] & 0x0f));
    uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
}
