/* slipway rewrap: give a sealed file to other recipients. */
#include "src/base/buf.h"
#include "src/base/log.h"
#include "src/cli/cmd.h"
#include "src/cli/key_opts.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"

struct rewrap_opts {
    struct common_opts common;
    struct key_opts key;
    const char *sidecar;
    struct opt_list keys;
    struct opt_list to;
    struct opt_list expect;
    struct opt_list require;
};

static const struct opt rewrap_rows[] = {
    {'k', "key", "KEY", OPT_LIST, offsetof(struct rewrap_opts, keys), "opens it now; the first that fits"},
    {'t', "to", "RECIPIENT", OPT_LIST, offsetof(struct rewrap_opts, to),
     "who opens it from now on, instead of those of the old sidecar"},
    {0, "keys", "FILE", OPT_STRING, offsetof(struct rewrap_opts, sidecar),
     "the sidecar that is replaced (default: X.keys beside X.sealed)"},
    {0, "expect", "K=V", OPT_LIST, offsetof(struct rewrap_opts, expect), "the context must hold this"},
    {0, "require", "K=V", OPT_LIST, offsetof(struct rewrap_opts, require),
     "a required pair that the message does not store"},
    KEY_OPTS_ROWS(struct rewrap_opts),
    OPT_END,
};

/* What was done. */
struct rewrapped {
    const char *path, *sidecar;
    char artifact[SW_SEAL_ARTIFACT_CHARS];
};

static int print_json(const struct rewrapped *done, const struct sw_keyring *to, struct sw_err *err)
{
    return out_json(json_pack("{s:s, s:s, s:s, s:o, s:b}", "sealed", done->path, "keys", done->sidecar,
                              "artifact", done->artifact, "recipients", seal_args_names(to), "revokes", 0),
                    err);
}

static void say(const struct rewrapped *done, const struct sw_keyring *to)
{
    sw_log(SW_LOG_INFO, "'%s': written anew for %zu recipient%s; '%s' is untouched", done->sidecar,
           sw_keyring_count(to), sw_keyring_count(to) == 1 ? "" : "s", done->path);
    sw_log(SW_LOG_INFO,
           "this revokes nothing: whoever has the old sidecar and a key of it, or opened the file once, "
           "can still open it; after the loss of a key open it and seal it anew");
}

static int rewrap(const struct rewrap_opts *opts, const struct sw_keyring *keys, const struct sw_keyring *to,
                  struct rewrapped *done, struct sw_err *err)
{
    AUTO_PAIRS struct pair_args expect = {.n = 0}, require = {.n = 0};
    struct sw_unseal_opts how = {.expect = expect.pairs, .require = require.pairs};

    if (pair_args_parse(&opts->expect, &expect, err) < 0 ||
        pair_args_parse(&opts->require, &require, err) < 0)
        return -1;
    how.keys = keys;
    how.nr_expect = expect.n;
    how.nr_require = require.n;
    return sw_seal_rewrap(done->path, done->sidecar, &how, to, done->artifact, err);
}

static int run_rewrap(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct rewrap_opts *opts = raw_opts;
    SW_AUTO_FREE char *beside = sw_seal_sidecar_path(args->items[0], err);
    struct rewrapped done = {.path = args->items[0]};
    AUTO_RING struct sw_keyring *keys = NULL, *to = NULL;

    if (beside == NULL)
        return -1;
    done.sidecar = opts->sidecar != NULL ? opts->sidecar : beside;
    if (opts->keys.n == 0)
        return sw_fail(err, SW_USAGE, "--key KEY is missing");
    if (opts->to.n == 0)
        return sw_fail(err, SW_USAGE, "--to RECIPIENT is missing");
    if (out_refuse_special(done.sidecar, err) < 0)
        return -1;
    /* Whoever is asked for both gives the old one first. */
    keys = key_opts_ring(&opts->key, SW_KEY_OPEN, &opts->keys, err);
    if (keys == NULL)
        return -1;
    to = key_opts_ring(&opts->key, SW_KEY_SEAL, &opts->to, err);
    if (to == NULL || rewrap(opts, keys, to, &done, err) < 0)
        return -1;
    if (opts->common.json)
        return print_json(&done, to, err);
    say(&done, to);
    return 0;
}

const struct cmd cmd_rewrap = {
    .name = "rewrap",
    .args = "FILE.sealed",
    .summary = "give a sealed file to other recipients",
    .more =
        "Opens the sidecar X.keys with --key and replaces it by one for the --to recipients: a message of its own,\n"
        "with fresh keys. X.sealed stays as it is, byte for byte. Name all who are to open it: nobody of the old\n"
        "list is kept by itself. The new sidecar takes its place only when it is whole and on the disk.\n\n"
        "It revokes nothing. Whoever kept the old sidecar and a key of it still opens X.sealed: after a key was\n"
        "lost to somebody, open the file and seal it anew. A file that was sealed with --direct has its recipients\n"
        "in its own header, which is never written a second time: open it and seal it anew.\n\n"
        "KEY and RECIPIENT: as in slipway open and slipway seal.\n" KEY_OPTS_HELP,
    .opts = rewrap_rows,
    .opts_size = sizeof(struct rewrap_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_rewrap,
};
