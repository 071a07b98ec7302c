/* Keys, pairs and output names as the sealing verbs take them. */
#ifndef SW_CLI_SEAL_ARGS_H
#define SW_CLI_SEAL_ARGS_H

#include "slipway/envelope.h"
#include "src/cli/opt.h"

#include <jansson.h>

/* A keyring of all the texts, of a process that is hardened first; NULL and err on failure. */
SW_MUST_CHECK struct sw_keyring *seal_args_ring(enum sw_key_use use, const struct opt_list *texts,
                                                struct sw_err *err);
/* The same for keys that open, of which there may be none: *ring is then NULL. */
SW_MUST_CHECK int seal_args_open_ring(const struct opt_list *texts, struct sw_keyring **ring,
                                      struct sw_err *err);
/* A row for them. */
#define SEAL_ARGS_KEY_ROW(type)                                                                           \
    {                                                                                                     \
        'k', "key", "KEY", OPT_LIST, offsetof(type, keys), "opens a sealed IMAGE, which is read in place" \
    }
static inline void seal_args_ring_auto(struct sw_keyring **ring)
{
    sw_keyring_free(*ring);
}
#define AUTO_RING __attribute__((cleanup(seal_args_ring_auto)))

/* The names of a ring's keys as an array; NULL when memory is gone. */
json_t *seal_args_names(const struct sw_keyring *ring);

/* K=V texts taken apart. Zero-initialise it. */
struct pair_args {
    struct sw_pair pairs[OPT_LIST_MAX];
    char *texts[OPT_LIST_MAX];
    size_t n;
};
SW_MUST_CHECK int pair_args_parse(const struct opt_list *texts, struct pair_args *out, struct sw_err *err);
void pair_args_free(struct pair_args *args);
#define AUTO_PAIRS __attribute__((cleanup(pair_args_free)))

/* Refuses (SW_USAGE) a missing output, "-", what is there and is no regular file, and the input itself. */
SW_MUST_CHECK int seal_args_check_output(const char *input, const char *output, struct sw_err *err);
/* The same for the sidecar that belongs to input by its name, without which a sealed one is lost. */
SW_MUST_CHECK int seal_args_spare_sidecar(const char *input, const char *output, struct sw_err *err);

#endif
