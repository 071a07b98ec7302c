/* Keys, pairs and output names as the sealing verbs take them. */
#include "src/cli/seal_args.h"

#include "src/base/buf.h"

#include <string.h>
#include <sys/stat.h>

struct sw_keyring *seal_args_ring(enum sw_key_use use, const struct opt_list *texts, struct sw_err *err)
{
    AUTO_RING struct sw_keyring *ring = NULL;

    if (sw_seal_harden(err) < 0 || (ring = sw_keyring_new(use, err)) == NULL)
        return NULL;
    for (size_t i = 0; i < texts->n; i++)
        if (sw_keyring_add(ring, texts->items[i], err) < 0)
            return NULL;
    return SW_STEAL_PTR(ring);
}

int seal_args_open_ring(const struct opt_list *texts, struct sw_keyring **ring, struct sw_err *err)
{
    *ring = NULL;
    if (texts->n == 0)
        return 0;
    *ring = seal_args_ring(SW_KEY_OPEN, texts, err);
    return *ring != NULL ? 0 : -1;
}

json_t *seal_args_names(const struct sw_keyring *ring)
{
    json_t *names = json_array();

    for (size_t i = 0; names != NULL && i < sw_keyring_count(ring); i++)
        if (json_array_append_new(names, json_string(sw_keyring_name(ring, i))) < 0) {
            json_decref(names);
            return NULL;
        }
    return names;
}

int pair_args_parse(const struct opt_list *texts, struct pair_args *out, struct sw_err *err)
{
    for (; out->n < texts->n; out->n++) {
        out->texts[out->n] = sw_strdup(texts->items[out->n], err);
        if (out->texts[out->n] == NULL || sw_pair_parse(out->texts[out->n], &out->pairs[out->n], err) < 0) {
            free(out->texts[out->n]);
            return -1;
        }
    }
    return 0;
}

void pair_args_free(struct pair_args *args)
{
    while (args->n > 0)
        free(args->texts[--args->n]);
}

int seal_args_check_output(const char *input, const char *output, struct sw_err *err)
{
    struct stat in, out;

    if (output == NULL)
        return sw_fail(err, SW_USAGE, "-o FILE is missing");
    if (strcmp(output, "-") == 0)
        return sw_fail(err, SW_USAGE,
                       "-o: standard output cannot be taken back when something fails; name a file");
    if (lstat(output, &out) < 0)
        return 0;
    if (!S_ISREG(out.st_mode))
        return sw_fail(err, SW_USAGE, "'%s' is there and is not a regular file", output);
    if (stat(input, &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
        return sw_fail(err, SW_USAGE, "'%s' and '%s' are the same file", input, output);
    return 0;
}

int seal_args_spare_sidecar(const char *input, const char *output, struct sw_err *err)
{
    SW_AUTO_FREE char *sidecar = sw_seal_sidecar_path(input, err);

    return sidecar != NULL ? seal_args_check_output(sidecar, output, err) : -1;
}
