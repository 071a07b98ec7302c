/*
 * Writing a package: OVF, manifest, disk, in that order. The first two hold the disk's length and digest, so that they
 * are written last, into room that was left for them: the disk goes through once.
 */
#include "formats/ova/ova.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    CPUS_DEFAULT = 1,
    CPUS_MAX = 128,
    MEMORY_DEFAULT_MIB = 1024,
    MEMORY_MIN_MIB = 4,
    MEMORY_MAX_MIB = 6 << 20, /* 6 TiB: what a machine of today's largest hosts has */
    MEMBER_NAME_MAX = 100,
};

#define OVF_ENDING  ".ovf"
#define DISK_ENDING "-disk1.vmdk"

static struct ova_writing *writing_of(struct sw_out *member)
{
    return (struct ova_writing *)member; /* its first member */
}

static int member_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    struct ova_writing *w = writing_of(out);

    return sw_digest_update(w->digest, buf, len, err) < 0 ? -1 : sw_out_write(w->tar, buf, len, err);
}

static int member_commit(struct sw_out *out, struct sw_err *err)
{
    (void)out;
    return sw_fail(err, SW_FAILED, "a member is not committed by itself");
}

static void member_close(struct sw_out *out)
{
    (void)out;
}

/* A stream: neither pwrite nor truncate. */
static const struct sw_out_ops member_ops = {
    .write = member_write, .commit = member_commit, .close = member_close};

static int check_opts(const struct sw_create_opts *opts, enum sw_hash *hash, struct sw_err *err)
{
    *hash = SW_HASH_SHA256;
    if (sw_create_check(&sw_format_ova, opts, SW_CREATE_LEVEL | SW_CREATE_MACHINE, err) < 0)
        return -1;
    if (opts->manifest != NULL && !manifest_hash(opts->manifest, strlen(opts->manifest), hash))
        return sw_fail(err, SW_USAGE, "ova has no manifest of '%s': take sha256, sha1 or sha512",
                       opts->manifest);
    if (opts->cpus > CPUS_MAX)
        return sw_fail(err, SW_USAGE, "a machine of %u processors: take 1 to %d", opts->cpus, CPUS_MAX);
    if (opts->memory_mib != 0 &&
        (opts->memory_mib < MEMORY_MIN_MIB || opts->memory_mib > MEMORY_MAX_MIB || opts->memory_mib % 4 != 0))
        return sw_fail(err, SW_USAGE, "a machine with %u MiB of memory: take a multiple of 4 MiB up to 6 TiB",
                       opts->memory_mib);
    return 0;
}

/* Letters, digits and ".-_" need no care in XML, in a tar, in a manifest or on any file system. */
static char plain(char c, bool first)
{
    bool taken =
        isascii((unsigned char)c) && (isalnum((unsigned char)c) || (!first && (c == '.' || c == '-')));

    return taken ? c : '_';
}

static void take_name(struct ova_writing *w, const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : path;
    size_t len = name != NULL ? strlen(name) : 0, n = 0;

    if (len > 4 && strcasecmp(name + len - 4, ".ova") == 0)
        len -= 4;
    if (len == 0) {
        name = "image";
        len = strlen(name);
    }
    for (; n < len && n + 1 < sizeof(w->name); n++)
        w->name[n] = plain(name[n], n == 0);
    w->name[n] = '\0';
}

static void member_name(const struct ova_writing *w, const char *ending, char name[MEMBER_NAME_MAX])
{
    snprintf(name, MEMBER_NAME_MAX, "%s%s", w->name, ending);
}

/* "SHA256(" NAME ")= " HEX "\n": the digest's length is known before the digest is. */
static uint64_t manifest_bytes(const struct ova_writing *w)
{
    uint64_t line = strlen(sw_hash_name(w->hash)) + strlen("()= \n") + 2 * sw_hash_bytes(w->hash);

    return 2 * (line + strlen(w->name)) + strlen(OVF_ENDING) + strlen(DISK_ENDING);
}

/* The longest that the OVF can become, as lengths are written in decimal. */
static int plan(struct ova_writing *w, struct sw_err *err)
{
    struct ovf_machine longest = w->machine;
    SW_AUTO_BUF struct sw_buf text = {0};

    longest.file_bytes = longest.populated_bytes = UINT64_MAX;
    if (ovf_write(&longest, &text, err) < 0)
        return -1;
    w->ovf_bytes = text.len;
    w->manifest_at = TAR_BLOCK_BYTES + tar_padded(w->ovf_bytes);
    w->disk_at = w->manifest_at + TAR_BLOCK_BYTES + tar_padded(manifest_bytes(w));
    return 0;
}

static int create_into(struct ova_image *ova, const struct sw_create_opts *opts, struct sw_out *out,
                       struct sw_err *err)
{
    const struct sw_create_opts disk = {
        .size_bytes = opts->size_bytes, .level = opts->level, .epoch = opts->epoch};
    struct ova_writing *w = &ova->writing;

    if (check_opts(opts, &w->hash, err) < 0)
        return -1;
    take_name(w, opts->name);
    w->tar = out;
    w->epoch = opts->epoch;
    w->machine = (struct ovf_machine){
        .name = w->name,
        .cpus = opts->cpus != 0 ? opts->cpus : CPUS_DEFAULT,
        .memory_mib = opts->memory_mib != 0 ? opts->memory_mib : MEMORY_DEFAULT_MIB,
        .capacity_bytes = opts->size_bytes,
    };
    w->member = (struct sw_out){.ops = &member_ops, .fd = -1, .name = out->name};
    w->digest = sw_digest_new_of(w->hash, err);
    if (w->digest == NULL || plan(w, err) < 0 || sw_out_zeros_to(out, w->disk_at + TAR_BLOCK_BYTES, err) < 0)
        return -1;
    return sw_format_vmdk.create(&w->member, &disk, &ova->inner, err);
}

int ova_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
               struct sw_err *err)
{
    struct ova_image *ova;

    if (!sw_out_seekable(out))
        return sw_fail(err, SW_USAGE,
                       "an ova begins with the length and the digest of its disk: '%s' must be a file",
                       out->name);
    ova = sw_calloc(1, sizeof(*ova), err);
    if (ova == NULL)
        return -1;
    ova->base = (struct sw_image){.format = &sw_format_ova, .size_bytes = opts->size_bytes, .out = out};
    if (create_into(ova, opts, out, err) < 0) {
        sw_format_ova.close(&ova->base);
        return -1;
    }
    ova->base.unit_bytes = ova->inner->unit_bytes;
    *img = &ova->base;
    return 0;
}

static const struct sw_image *inner_of(const struct sw_image *img)
{
    return ((const struct ova_image *)img)->inner;
}

int ova_worker_new(const struct sw_image *img, void **worker, struct sw_err *err)
{
    return sw_format_vmdk.worker_new(inner_of(img), worker, err);
}

void ova_worker_free(const struct sw_image *img, void *worker)
{
    sw_format_vmdk.worker_free(inner_of(img), worker);
}

int ova_encode(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err)
{
    return sw_format_vmdk.encode(inner_of(img), worker, block, err);
}

size_t ova_coded_bound(const struct sw_image *img)
{
    return sw_format_vmdk.coded_bound(inner_of(img));
}

int ova_put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    struct ova_image *ova = ova_of(img);

    if (block->kind == SW_BLOCK_DATA)
        ova->writing.machine.populated_bytes += block->len;
    return sw_format_vmdk.put(ova->inner, block, err);
}

static int put_header(const struct ova_writing *w, const char *ending, uint64_t size_bytes, uint64_t at,
                      struct sw_err *err)
{
    struct tar_header header;
    char name[MEMBER_NAME_MAX];

    member_name(w, ending, name);
    tar_make_header(&header, name, size_bytes, w->epoch);
    return sw_out_pwrite(w->tar, &header, sizeof(header), at, err);
}

/* The OVF with blanks behind its end, up to the room that was left. */
static int make_ovf(const struct ova_writing *w, struct sw_buf *text, struct sw_err *err)
{
    if (ovf_write(&w->machine, text, err) < 0)
        return -1;
    while (text->len < w->ovf_bytes)
        if (sw_buf_puts(text, text->len + 1 < w->ovf_bytes ? " " : "\n", err) < 0)
            return -1;
    return 0;
}

/* Takes the running digest's value. */
static int add_line(const struct ova_writing *w, const char *ending, struct sw_buf *text, struct sw_err *err)
{
    uint8_t bytes[SW_HASH_BYTES_MAX];
    char hex[2 * SW_HASH_BYTES_MAX + 1], name[MEMBER_NAME_MAX];

    if (sw_digest_final(w->digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sw_hash_bytes(w->hash), hex);
    member_name(w, ending, name);
    return sw_buf_printf(text, err, "%s(%s)= %s\n", sw_hash_name(w->hash), name, hex);
}

static int put_front(const struct ova_writing *w, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf ovf = {0};
    SW_AUTO_BUF struct sw_buf disk_line = {0};
    SW_AUTO_BUF struct sw_buf manifest = {0};

    if (add_line(w, DISK_ENDING, &disk_line, err) < 0 || make_ovf(w, &ovf, err) < 0 ||
        sw_digest_update(w->digest, ovf.data, ovf.len, err) < 0 ||
        add_line(w, OVF_ENDING, &manifest, err) < 0 || sw_buf_puts(&manifest, disk_line.data, err) < 0)
        return -1;
    if (put_header(w, OVF_ENDING, ovf.len, 0, err) < 0 ||
        sw_out_pwrite(w->tar, ovf.data, ovf.len, TAR_BLOCK_BYTES, err) < 0 ||
        put_header(w, ".mf", manifest.len, w->manifest_at, err) < 0 ||
        sw_out_pwrite(w->tar, manifest.data, manifest.len, w->manifest_at + TAR_BLOCK_BYTES, err) < 0)
        return -1;
    return put_header(w, DISK_ENDING, w->machine.file_bytes, w->disk_at, err);
}

int ova_finish(struct sw_image *img, struct sw_err *err)
{
    struct ova_image *ova = ova_of(img);
    struct ova_writing *w = &ova->writing;
    uint64_t end;

    if (sw_format_vmdk.finish(ova->inner, err) < 0)
        return -1;
    w->machine.file_bytes = w->member.pos;
    end = w->disk_at + TAR_BLOCK_BYTES + tar_padded(w->member.pos) + UINT64_C(2) * TAR_BLOCK_BYTES;
    if (sw_out_zeros_to(w->tar, sw_round_up(end, TAR_RECORD_BYTES), err) < 0)
        return -1;
    return put_front(w, err);
}
