/* slipway convert: copy a disk image into another format. */
#include "slipway/verify.h"
#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/backing.h"
#include "src/cli/cmd.h"
#include "src/cli/create_arg.h"
#include "src/cli/disk_out.h"
#include "src/cli/disk_target.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"

#include <stdio.h>
#include <string.h>

struct convert_opts {
    struct common_opts common;
    const char *format, *output_format;
    struct opt_list settings;
    const char *allow_parent;
    bool sync;
    uint64_t disk;
    bool digest, verify, salvage;
    const char *expect_digest;
    bool restart;
    const char *backing, *backing_format;
    struct opt_list seal_to, keys;
    struct trust_opts trust;
    const char *sign;
};

static const struct opt convert_rows[] = {
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct convert_opts, format),
     "format of SRC (default: by its magic; raw must be named)"},
    {'O', "output-format", "FORMAT", OPT_STRING, offsetof(struct convert_opts, output_format),
     "format of DST (default: by its name's ending)"},
    {'o', "option", "KEY=VAL,…", OPT_LIST, offsetof(struct convert_opts, settings), CREATE_ARG_HELP},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct convert_opts, allow_parent),
     "parents and extents that SRC names may be opened, beneath DIR only"},
    {'B', "backing", "FILE", OPT_STRING, offsetof(struct convert_opts, backing),
     "DST (qcow2) holds what differs from FILE, named relative to DST's folder"},
    {'F', "backing-format", "FORMAT", OPT_STRING, offsetof(struct convert_opts, backing_format),
     "format of that FILE (default: by its magic; raw must be named)"},
    {'k', "key", "KEY", OPT_LIST, offsetof(struct convert_opts, keys),
     "opens a sealed SRC, which is read in place; with --seal-to no plaintext reaches a disk"},
    {0, "seal-to", "RECIPIENT", OPT_LIST, offsetof(struct convert_opts, seal_to),
     "encrypt DST for it as it is written (see seal); its sidecar DST.keys appears beside it"},
    SIGN_ROW(struct convert_opts),
    TRUST_ROWS(struct convert_opts),
    {0, "sync", NULL, OPT_FLAG, offsetof(struct convert_opts, sync),
     "wait until the disk has DST, so that a power cut cannot take it away"},
    {0, "disk", "N", OPT_UINT, offsetof(struct convert_opts, disk),
     "which disk of an OVA that holds several (inspect lists them)"},
    {0, "digest", NULL, OPT_FLAG, offsetof(struct convert_opts, digest),
     "print the fs-verity digest of the disk, taken in the same pass"},
    {0, "expect-digest", "sha256:HEX", OPT_STRING, offsetof(struct convert_opts, expect_digest),
     "fail, and leave nothing, when the disk has another digest"},
    {0, "verify", NULL, OPT_FLAG, offsetof(struct convert_opts, verify),
     "read DST back before it gets its name, and compare"},
    {0, "salvage", NULL, OPT_FLAG, offsetof(struct convert_opts, salvage),
     "zeros for what cannot be read of SRC, which is listed; exit status 5 then"},
    {0, "restart", NULL, OPT_FLAG, offsetof(struct convert_opts, restart),
     "begin anew, whatever an interrupted run has left"},
    OPT_END,
};

/* What lies beside DST while it is made must not be what is read. */
static int check_beside(const struct sw_image *img, const char *dst, struct sw_err *err)
{
    SW_AUTO_FREE char *partial = sw_partial_path(dst, "partial", err);
    SW_AUTO_FREE char *journal = sw_partial_path(dst, "journal", err);

    if (partial == NULL || journal == NULL || sw_refuse_same_file(img->in, partial, err) < 0)
        return -1;
    return sw_refuse_same_file(img->in, journal, err);
}

/* Without its sidecar a sealed SRC is lost: neither DST nor its own sidecar may take that name. */
static int check_sidecar(const struct convert_opts *opts, const struct sw_keyring *keys, const char *src,
                         const char *dst, struct sw_err *err)
{
    SW_AUTO_FREE char *new_sidecar = sw_seal_sidecar_path(dst, err);

    if (new_sidecar == NULL || sw_keyring_spare_file(keys, dst, err) < 0 ||
        seal_args_spare_sidecar(src, dst, err) < 0)
        return -1;
    if (opts->seal_to.n == 0)
        return 0;
    if (sw_keyring_spare_file(keys, new_sidecar, err) < 0 ||
        seal_args_check_output(src, new_sidecar, err) < 0)
        return -1;
    return seal_args_spare_sidecar(src, new_sidecar, err);
}

/* A regular file is replaced once the new one is whole; anything else is not for convert to replace. */
static int check_dst(const struct sw_image *src, const char *dst, struct sw_err *err)
{
    for (const struct sw_image *img = src; img != NULL; img = img->parent) {
        if (sw_refuse_same_file(img->in, dst, err) < 0 || check_beside(img, dst, err) < 0)
            return -1;
        for (size_t i = 0; i < img->nr_others; i++)
            if (sw_refuse_same_file(img->others[i], dst, err) < 0)
                return -1;
    }
    return out_check_replaced(dst, err);
}

/* What convert did and noted. */
struct outcome {
    struct sw_copy_stats stats;
    struct sw_damage damage;
    uint8_t verity[SW_VERITY_BYTES];
};

static void outcome_free(struct outcome *outcome)
{
    sw_damage_free(&outcome->damage);
}

static json_t *describe(const struct image_arg *src, const char *dst, const struct sw_format *format,
                        const struct sw_copy_stats *stats, const char *digest)
{
    return json_pack("{s:o, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:s*}", "source",
                     json_untrusted(src->img->in->name), "source_format", src->img->format->name, "target",
                     json_untrusted(dst), "target_format", format->name, "virtual_bytes",
                     (json_int_t)stats->virtual_bytes, "read_bytes", (json_int_t)stats->read_bytes,
                     "data_bytes", (json_int_t)stats->data_bytes, "zero_bytes", (json_int_t)stats->zero_bytes,
                     "stored_bytes", (json_int_t)stats->stored_bytes, "warnings", image_arg_warnings(src),
                     "fsverity", digest);
}

static int print_result(const struct convert_opts *opts, const struct image_arg *src, const char *dst,
                        const struct sw_format *format, const struct outcome *outcome, struct sw_err *err)
{
    char digest[DISK_DIGEST_CHARS];
    json_t *result;

    disk_digest_text(outcome->verity, digest);
    result = describe(src, dst, format, &outcome->stats, opts->digest ? digest : NULL);
    return out_json(opts->salvage ? disk_damage_json(result, &outcome->damage) : result, err);
}

static void say_result(const char *dst, const struct sw_format *format, const struct sw_copy_stats *stats)
{
    char disk[32], data[32], stored[32];

    out_size(stats->virtual_bytes, disk, sizeof(disk));
    out_size(stats->data_bytes, data, sizeof(data));
    out_size(stats->stored_bytes, stored, sizeof(stored));
    sw_log(SW_LOG_INFO, "'%s': %s, a disk of %s with %s of data in %s", dst, format->name, disk, data,
           stored);
}

static int show(const struct convert_opts *opts, const struct image_arg *src, const char *dst,
                const struct sw_format *format, const struct outcome *outcome, struct sw_err *err)
{
    const struct sw_damage *damage = &outcome->damage;

    if (opts->common.json) {
        if (print_result(opts, src, dst, format, outcome, err) < 0)
            return -1;
    } else {
        disk_damage_print(damage);
        say_result(dst, format, &outcome->stats);
        if (opts->digest)
            disk_digest_print(outcome->verity);
    }
    if (damage->nr_ranges == 0)
        return 0;
    sw_log(SW_LOG_WARNING, "'%s': %llu bytes of the disk in %llu ranges could not be read and are zeros", dst,
           (unsigned long long)damage->bytes, (unsigned long long)damage->nr_ranges);
    return SW_INTEGRITY;
}

/* Before the target gets its name. */
static int check_copy(void *arg, const struct sw_copy *copy, struct sw_err *err)
{
    const struct convert_opts *opts = arg;
    uint8_t want[SW_VERITY_BYTES];
    char got_text[DISK_DIGEST_CHARS];

    if (opts->expect_digest != NULL) {
        if (disk_digest_parse("expect-digest", opts->expect_digest, want, err) < 0)
            return -1;
        disk_digest_text(copy->verity, got_text);
        if (memcmp(want, copy->verity, sizeof(want)) != 0)
            return sw_fail(err, SW_INTEGRITY, "the disk in '%s' has the digest %s, not %s as expected",
                           copy->src->in->name, got_text, opts->expect_digest);
    }
    return opts->verify ? sw_read_back(copy, copy->verity, err) : 0;
}

static int open_src(const struct convert_opts *opts, const struct sw_keyring *keys, const char *path,
                    struct image_arg *src, struct sw_err *err)
{
    const struct image_arg_opts open = {.format = opts->format,
                                        .keys = keys,
                                        .trust = &opts->trust,
                                        .allow_parent = opts->allow_parent,
                                        .disk = opts->disk,
                                        .salvage = opts->salvage};

    return image_arg_open(path, &open, src, err);
}

/* Wrong words are refused before anything is read. */
static int check_words(const struct convert_opts *opts, struct sw_err *err)
{
    bool whole = opts->digest || opts->verify || opts->expect_digest != NULL;
    uint8_t ignored[SW_VERITY_BYTES];

    if (opts->backing != NULL && (whole || opts->salvage))
        return sw_fail(err, SW_USAGE, "-B: what differs from a parent has no digest, and is not salvaged");
    if (opts->backing == NULL && opts->backing_format != NULL)
        return sw_fail(err, SW_USAGE, "-F: it is the format of -B FILE, which is not given");
    if (opts->seal_to.n > 0 && opts->verify)
        return sw_fail(err, SW_USAGE, "--verify: what is sealed for others cannot be read back");
    return opts->expect_digest != NULL ? disk_digest_parse("expect-digest", opts->expect_digest, ignored, err)
                                       : 0;
}

static int run_convert(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct convert_opts *opts = raw_opts;
    const char *dst = args->items[1];
    AUTO_IMAGE_ARG struct image_arg src = {.img = NULL}, base = {.img = NULL};
    AUTO_SIGN_ARGS struct sign_args sign = {.signer = NULL};
    AUTO_RING struct sw_keyring *keys = NULL, *recipients = NULL;
    const struct backing_args backing = {opts->backing, opts->backing_format, opts->allow_parent, dst};
    __attribute__((cleanup(outcome_free))) struct outcome outcome = {.damage = {.nr_listed = 0}};
    struct create_arg create = {.subformat = ""};
    struct sw_copy copy = {.jobs = opt_jobs(&opts->common)};
    struct disk_target target = {
        .path = dst,
        .mode = opts->keys.n > 0 ? 0600 : 0666, /* what was sealed is not for others to read */
        .sync = opts->sync,
        .restart = opts->restart,
        .sign = &sign,
        .check = check_copy,
        .arg = (void *)(uintptr_t)opts};
    struct out_progress progress;
    int rc;

    if (check_words(opts, err) < 0 || create_arg_parse(&opts->settings, &create, err) < 0 ||
        sw_source_date(0, &create.create.epoch, err) < 0 ||
        create_arg_format(opts->output_format, dst, &copy.format, err) < 0 ||
        (opts->seal_to.n > 0 && sw_format_check_sealed(copy.format, create.create.subformat, err) < 0) ||
        seal_args_open_ring(&opts->keys, &keys, err) < 0 ||
        (keys != NULL && check_sidecar(opts, keys, args->items[0], dst, err) < 0) ||
        open_src(opts, keys, args->items[0], &src, err) < 0 || check_dst(src.img, dst, err) < 0 ||
        sign_args_open(opts->sign, dst, &sign, err) < 0)
        return -1;
    image_arg_warn(&src);
    copy.src = src.img;
    copy.create = create.create;
    copy.create.name = dst;
    if (opts->backing != NULL && backing_open(&backing, &base, &copy, err) < 0)
        return -1;
    if (opts->seal_to.n > 0 && (recipients = seal_args_ring(SW_KEY_SEAL, &opts->seal_to, err)) == NULL)
        return -1;
    target.recipients = recipients;
    copy.progress = &progress.base;
    copy.damage = opts->salvage ? &outcome.damage : NULL;
    copy.verity = opts->digest || opts->verify || opts->expect_digest != NULL ? outcome.verity : NULL;
    out_progress_begin(&progress, "convert", &opts->common);
    rc = disk_target_write(&target, &copy, &outcome.stats, err);
    out_progress_end(&progress);
    if (rc < 0 || disk_target_sign(&target, &copy, &outcome.stats, err) < 0)
        return -1;
    return show(opts, &src, dst, copy.format, &outcome, err);
}

const struct cmd cmd_convert = {
    .name = "convert",
    .args = "SRC DST",
    .summary = "copy a disk image into another format",
    .more =
        "DST appears under its name only when it is whole; a file that was there is then replaced. The result is\n"
        "the same, byte for byte, for any number of jobs. Like cp it leaves it to the kernel when DST goes to the\n"
        "disk: --sync waits for that.\n\n"
        "A convert that was interrupted, or killed after its first ten seconds, is gone on with by the same\n"
        "command, to the same bytes. Until then .DST.partial and .DST.journal stay beside DST. It starts over\n"
        "when SRC has changed or the options are others. Not gone on with: a device or an OVA as SRC; vhdx, ova,\n"
        "-B, --seal-to, --salvage and digests.\n\n"
        "subformat (the first is the default): vmdk streamOptimized or monolithicSparse; vhd dynamic or fixed;\n"
        "qcow2 zstd, zlib or plain. level: of the compression. cluster_size: of qcow2, 512 to 2M (default 256K\n"
        "for zstd, 64K otherwise and with -B); of vhdx, its blocks, 1M to 256M (default 32M).\n\n"
        "An OVA is read disk by disk; where its manifest has the disk's digest, DST appears only when that is\n"
        "right. Written, it holds one disk and a machine called as DST is. manifest: sha256 (default), sha1 or\n"
        "sha512. cpus: 1 to 128 (default 1). memory: such as 2G (default 1G).\n\n"
        "With --key SRC must be sealed: it is opened in memory, its format is what its context says, and every\n"
        "byte is verified before it is used. Unless DST is sealed too, only its owner may read it (mode 0600).\n\n" TRUST_HELP
        " --trust or --manifest\n"
        "demand it of a SRC that is not sealed, too; what SRC names (--allow-parent) is then refused.\n\n"
        "The digest is that of 'slipway inspect --digest'. With --salvage, what SRC's file lacks or holds\n"
        "damaged becomes zeros: DST is kept, the ranges are listed, and the exit status is 5 when anything was\n"
        "lost.",
    .opts = convert_rows,
    .opts_size = sizeof(struct convert_opts),
    .min_args = 2,
    .max_args = 2,
    .run = run_convert,
};
