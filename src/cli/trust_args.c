/* Whose signatures count, as the verbs that read what others made take it. */
#include "src/cli/trust_args.h"

int trust_args_open(const struct trust_opts *opts, bool authenticated, struct trust_args *args,
                    struct sw_err *err)
{
    if (opts->allow_unsigned && (opts->paths.n > 0 || opts->manifest != NULL))
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

void trust_args_close(struct trust_args *args)
{
    sw_trust_free(args->trust);
    *args = (struct trust_args){.trust = NULL};
}
