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

static int tell(const struct keygen_opts *opts, bool has_public, struct sw_err *err)
{
    SW_AUTO_FREE char *public_path = sw_strf(err, "%s.pub", opts->output);
    const char *scheme = has_public ? "pem" : "aes", *to = has_public ? public_path : opts->output;

    if (public_path == NULL)
        return -1;
    if (opts->common.json)
        return out_json(json_pack("{s:s, s:s?}", "key", opts->output, "public", has_public ? to : NULL), err);
    sw_log(SW_LOG_INFO, "seal with --to %s:%s, open with --key %s:%s", scheme, to, scheme, opts->output);
    return 0;
}

static int run_keygen(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct keygen_opts *opts = raw_opts;

    if (opts->output == NULL || strcmp(opts->output, "-") == 0)
        return sw_fail(err, SW_USAGE, "-o FILE is missing");
    if (sw_seal_harden(err) < 0 || sw_keygen(args->items[0], opts->output, err) < 0)
        return -1;
    return tell(opts, strcmp(args->items[0], "rsa") == 0, err);
}

const struct cmd cmd_keygen = {
    .name = "keygen",
    .args = "TYPE",
    .summary = "make a key file",
    .more = "TYPE: aes (256 bits; whoever seals can open) or rsa (3072 bits; FILE opens, FILE.pub seals).\n"
            "A key that is lost opens nothing any more: keep a copy.",
    .opts = keygen_rows,
    .opts_size = sizeof(struct keygen_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_keygen,
};
