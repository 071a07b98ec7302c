/* Whose signatures count, as the verbs that read what others made take it. */
#include "src/cli/trust_args.h"

bool trust_opts_named(const struct trust_opts *opts)
{
    return opts->paths.n > 0 || opts->manifest != NULL;
}

int trust_args_open(const struct trust_opts *opts, bool authenticated, struct trust_args *args,
                    struct sw_err *err)
{
    if (opts->allow_unsigned && trust_opts_named(opts))
        return sw_fail(err, SW_USAGE, "--allow-unsigned and --trust or --manifest exclude each other");
    if (!opts->allow_unsigned && sw_trust_open(opts->paths.items, opts->paths.n, &args->trust, err) < 0)
        return -1;
    if (opts->manifest != NULL && args->trust == NULL)
        return sw_fail(err, SW_USAGE, "--manifest: there is nobody whose signature counts; say --trust");
    args->how = (struct sw_vouching){.base = {.open = sw_vouched_open},
                                     .trust = args->trust,
                                     .manifest = opts->manifest,
                                     .authenticated = authenticated};
    return 0;
}

int trust_args_open_sealed(const struct trust_opts *opts, const struct opt_list *keys,
                           struct trust_args *args, struct sw_err *err)
{
    return keys->n > 0 || trust_opts_named(opts) ? trust_args_open(opts, true, args, err) : 0;
}

const struct sw_opener *trust_args_opener(const struct trust_args *args)
{
    return args->trust != NULL ? &args->how.base : NULL;
}

void trust_args_close(struct trust_args *args)
{
    sw_trust_free(args->trust);
    *args = (struct trust_args){.trust = NULL};
}
