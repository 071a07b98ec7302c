/* slipway open: decrypt a sealed file. */
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/number.h"
#include "src/cli/cmd.h"
#include "src/cli/key_opts.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/std_out.h"
#include "src/cli/trust_args.h"

#include <inttypes.h>
#include <string.h>

struct open_opts {
    struct common_opts common;
    struct key_opts key;
    const char *output;
    const char *sidecar;
    const char *range;
    struct opt_list keys;
    struct opt_list expect;
    struct opt_list require;
    struct trust_opts trust;
    bool direct;
    bool legacy;
};

static const struct opt open_rows[] = {
    {'o', "output", "FILE", OPT_STRING, offsetof(struct open_opts, output),
     "the opened file (mode 0600); it appears only when all of it is verified"},
    {'k', "key", "KEY", OPT_LIST, offsetof(struct open_opts, keys),
     "aes:FILE, pem:FILE, pass:prompt, pkcs11:URI, kms:ARN …; the first that fits"},
    {0, "range", "OFFSET[:LENGTH]", OPT_STRING, offsetof(struct open_opts, range),
     "only these bytes (K, M, G, T), reading their frames alone; -o - is allowed then"},
    {0, "keys", "FILE", OPT_STRING, offsetof(struct open_opts, sidecar),
     "the sidecar (default: X.keys beside X.sealed)"},
    {0, "direct", NULL, OPT_FLAG, offsetof(struct open_opts, direct), "do not look for a sidecar"},
    {0, "expect", "K=V", OPT_LIST, offsetof(struct open_opts, expect), "the context must hold this"},
    {0, "require", "K=V", OPT_LIST, offsetof(struct open_opts, require),
     "a required pair that the message does not store"},
    {0, "legacy", NULL, OPT_FLAG, offsetof(struct open_opts, legacy),
     "open suites without key commitment too (all but 0478 and 0578)"},
    TRUST_ROWS(struct open_opts),
    KEY_OPTS_ROWS(struct open_opts),
    OPT_END,
};

static int print_json(const struct sw_in *in, const struct sw_seal_range *range, const char *path,
                      struct sw_err *err)
{
    size_t n = 0;
    const struct sw_pair *pairs = sw_seal_in_context(in, &n);
    json_t *context = json_object();

    for (size_t i = 0; context != NULL && i < n; i++)
        json_object_set_new(context, pairs[i].key, json_string(pairs[i].value));
    return out_json(json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "opened", path, "suite",
                              sw_seal_suite_name(sw_seal_in_suite(in)), "plaintext_bytes",
                              (json_int_t)in->size_bytes, "offset", (json_int_t)range->off, "bytes",
                              (json_int_t)range->len, "context", context),
                    err);
}

static void say(const struct sw_in *in, const struct sw_seal_range *range, const char *path)
{
    size_t n = 0;
    const struct sw_pair *pairs = sw_seal_in_context(in, &n);
    char size[32];

    out_size(range->len, size, sizeof(size));
    if (range->len == in->size_bytes)
        sw_log(SW_LOG_INFO, "'%s': %s opened", path, size);
    else
        sw_log(SW_LOG_INFO, "'%s': %s at %" PRIu64 " of %" PRIu64 " bytes opened", path, size, range->off,
               in->size_bytes);
    for (size_t i = 0; i < n; i++)
        sw_log(SW_LOG_INFO, "context %s=%s", pairs[i].key, pairs[i].value);
}

static bool to_stdout(const struct open_opts *opts)
{
    return std_out_named(opts->output);
}

static int open_into(const struct open_opts *opts, struct sw_in *in, const struct sw_seal_range *range,
                     struct sw_err *err)
{
    struct sw_out standard = std_out();
    struct out_progress progress;
    struct sw_out *out = &standard;
    int rc;

    if (!to_stdout(opts) && sw_out_create_file(opts->output, 0600, &out, err) < 0)
        return -1;
    out_progress_begin(&progress, "open", &opts->common);
    rc = sw_seal_read_range(in, range, out, opt_jobs(&opts->common), &progress.base, err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    out_progress_end(&progress);
    sw_out_close(out);
    return rc;
}

/* "OFFSET[:LENGTH]"; without a length up to the end, which UINT64_MAX stands for. */
static int parse_range(const char *text, struct sw_seal_range *range, struct sw_err *err)
{
    *range = (struct sw_seal_range){.off = 0, .len = UINT64_MAX};
    return text == NULL ? 0 : opt_range(text, "OFFSET or OFFSET:LENGTH", &range->off, &range->len, err);
}

static int open_direct(const char *path, const struct sw_unseal_opts *how, struct sw_in **in,
                       struct sw_err *err)
{
    struct sw_in *sealed = NULL;

    if (sw_in_open_by(how->opener, path, &sealed, err) < 0)
        return -1;
    *in = sw_seal_in(sealed, NULL, how, err);
    return *in != NULL ? 0 : -1;
}

/* Of a signed message all is read here, before anything is written. */
static int open_sealed(const struct open_opts *opts, const char *path, const struct sw_unseal_opts *how,
                       struct sw_in **in, struct sw_err *err)
{
    struct sw_unseal_opts heard = *how;
    struct out_progress progress;
    int rc;

    out_progress_begin(&progress, "verify", &opts->common);
    heard.progress = &progress.base;
    rc = opts->direct ? open_direct(path, &heard, in, err)
                      : sw_seal_open_file(path, opts->sidecar, &heard, in, err);
    out_progress_end(&progress);
    return rc;
}

static int open_input(const struct open_opts *opts, const char *path, struct sw_in **in, struct sw_err *err)
{
    AUTO_PAIRS struct pair_args expect = {.n = 0}, require = {.n = 0};
    AUTO_RING struct sw_keyring *ring = NULL;
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};
    struct sw_unseal_opts how = {.expect = expect.pairs, .require = require.pairs};

    if (pair_args_parse(&opts->expect, &expect, err) < 0 ||
        pair_args_parse(&opts->require, &require, err) < 0)
        return -1;
    ring = key_opts_ring(&opts->key, SW_KEY_OPEN, &opts->keys, err);
    if (ring == NULL || sw_keyring_spare_file(ring, opts->output, err) < 0 ||
        trust_args_open(&opts->trust, true, &trust, err) < 0)
        return -1;
    how.opener = &trust.how.base;
    how.keys = ring;
    how.nr_expect = expect.n;
    how.nr_require = require.n;
    how.legacy = opts->legacy;
    return open_sealed(opts, path, &how, in, err);
}

/* Only what is verified frame by frame may go where it cannot be taken back, and only where that was asked for. */
static int check_output(const struct open_opts *opts, const char *input, struct sw_err *err)
{
    if (to_stdout(opts) && opts->common.json)
        return sw_fail(err, SW_USAGE, "-o - and --json both want standard output");
    if (to_stdout(opts) && opts->range != NULL)
        return 0;
    if (to_stdout(opts))
        return sw_fail(err, SW_USAGE,
                       "-o: standard output cannot be taken back when something fails; name a file, or say "
                       "--range 0 for what is verified frame by frame");
    if (seal_args_check_output(input, opts->output, err) < 0)
        return -1;
    if (opts->sidecar != NULL)
        return seal_args_check_output(opts->sidecar, opts->output, err);
    return opts->direct ? 0 : seal_args_spare_sidecar(input, opts->output, err);
}

static int open_it(const struct open_opts *opts, struct sw_in *in, struct sw_seal_range *range,
                   struct sw_err *err)
{
    if (range->len == UINT64_MAX)
        range->len = in->size_bytes - sw_min_u64(range->off, in->size_bytes);
    if (open_into(opts, in, range, err) < 0)
        return -1;
    if (opts->common.json)
        return print_json(in, range, opts->output, err);
    say(in, range, to_stdout(opts) ? "standard output" : opts->output);
    return 0;
}

static int run_open(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct open_opts *opts = raw_opts;
    struct sw_seal_range range;
    struct sw_in *in = NULL;
    int rc;

    if (opts->keys.n == 0)
        return sw_fail(err, SW_USAGE, "--key KEY is missing");
    if (opts->direct && opts->sidecar != NULL)
        return sw_fail(err, SW_USAGE, "--direct and --keys exclude each other");
    if (parse_range(opts->range, &range, err) < 0 || check_output(opts, args->items[0], err) < 0 ||
        sw_seal_harden(err) < 0 || open_input(opts, args->items[0], &in, err) < 0)
        return -1;
    rc = open_it(opts, in, &range, err);
    sw_in_close(in);
    return rc;
}

const struct cmd cmd_open = {
    .name = "open",
    .args = "FILE.sealed",
    .summary = "decrypt a sealed file",
    .more =
        "Opens what slipway seal or an AWS Encryption SDK wrote: versions 1 and 2, all suites, those without key\n"
        "commitment only with --legacy (else exit code 4). A message whose key comes from a sidecar is opened\n"
        "with it; any other is opened by itself. Every byte is verified before the file appears, of a signed\n"
        "message first the signature; whatever does not verify ends with exit code 5 and no file.\n\n" TRUST_HELP
        "\n\n"
        "--range reads and verifies the frames that hold the range, and of the others only the last, whose tag\n"
        "proves that the message is whole. To standard output bytes go frame by frame, each after its tag.\n\n"
        "KEY: aes:FILE or pem:FILE (an RSA or EC private key) with the options of slipway seal, for RSA also\n"
        "padding=pkcs1, or a passphrase: pass:prompt, pass:fd:N, pass:file:FILE. Key files that others may\n"
        "read are refused.\n" KEY_OPTS_HELP,
    .opts = open_rows,
    .opts_size = sizeof(struct open_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_open,
};
