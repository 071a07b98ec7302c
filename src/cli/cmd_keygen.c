/* slipway keygen: make a key file. */
#include "slipway/envelope.h"
#include "src/base/buf.h"
#include "src/base/log.h"
#include "src/cli/cmd.h"
#include "src/cli/output.h"

#include <string.h>

struct keygen_opts {
    struct common_opts common;
    const char *output;
};

static const struct opt keygen_rows[] = {
    {'o', "output", "FILE", OPT_STRING, offsetof(struct keygen_opts, output),
     "the key file (mode 0600), never over an existing one"},
    OPT_END,
};

/* The text of a key in a file: a comma of its name is doubled there. Free it. */
static char *key_text(const char *scheme, const char *path, const char *end, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {.len = 0};

    return sw_buf_puts(&text, scheme, err) == 0 && sw_buf_double(&text, path, ',', err) == 0 &&
                   sw_buf_puts(&text, end, err) == 0
               ? sw_buf_steal(&text)
               : NULL;
}

static int tell_signing(const struct keygen_opts *opts, const char *with, const char *public_path,
                        struct sw_err *err)
{
    if (opts->common.json)
        return out_json(json_pack("{s:s, s:s, s:s, s:s}", "key", opts->output, "public", public_path,
                                  "sign_with", with, "trust", public_path),
                        err);
    sw_log(SW_LOG_INFO, "sign with --sign %s, verify with --trust %s", with, public_path);
    return 0;
}

static int tell(const struct keygen_opts *opts, const struct sw_key_type *type, struct sw_err *err)
{
    SW_AUTO_FREE char *public_path = sw_strf(err, "%s.pub", opts->output);
    SW_AUTO_FREE char *to = key_text(type->scheme, opts->output, type->pair ? ".pub" : "", err);
    SW_AUTO_FREE char *with = key_text(type->scheme, opts->output, "", err);

    if (public_path == NULL || to == NULL || with == NULL)
        return -1;
    if (type->signs)
        return tell_signing(opts, with, public_path, err);
    if (opts->common.json)
        return out_json(json_pack("{s:s, s:s?, s:s, s:s}", "key", opts->output, "public",
                                  type->pair ? public_path : NULL, "seal_to", to, "open_with", with),
                        err);
    sw_log(SW_LOG_INFO, "seal with --to %s, open with --key %s", to, with);
    return 0;
}

static int run_keygen(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct keygen_opts *opts = raw_opts;

    if (opts->output == NULL || strcmp(opts->output, "-") == 0)
        return sw_fail(err, SW_USAGE, "-o FILE is missing");
    if (sw_seal_harden(err) < 0 || sw_keygen(args->items[0], opts->output, err) < 0)
        return -1;
    return tell(opts, sw_key_type_find(args->items[0]), err);
}

const struct cmd cmd_keygen = {
    .name = "keygen",
    .args = "TYPE",
    .summary = "make a key file",
    .more = "TYPE:\n"
            "  aes         256 bits; whoever seals can open\n"
            "  rsa         FILE opens, FILE.pub seals; 3072 bits, or rsa-2048, rsa-4096\n"
            "  ec          the same on the curve P-384, or ec-p256, ec-p521\n"
            "  sign-ec     FILE signs, FILE.pub is trusted: ECDSA on P-256; or sign-ed25519\n"
            "  passphrase  a line of 150 random bits, for pass:file:FILE or to be typed\n"
            "A key that is lost opens nothing any more: keep a copy.",
    .opts = keygen_rows,
    .opts_size = sizeof(struct keygen_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_keygen,
};
