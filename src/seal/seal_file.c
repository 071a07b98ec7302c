/* Sealed files and their sidecars by name. */
#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/seal/pair.h"
#include "src/seal/seal_out.h"

#include <string.h>

static const char sealed_end[] = ".sealed";
static const char keys_end[] = ".keys";

char *sw_seal_sidecar_path(const char *sealed_path, struct sw_err *err)
{
    size_t len = strlen(sealed_path), end = sizeof(sealed_end) - 1;

    if (len > end && strcmp(sealed_path + len - end, sealed_end) == 0 && sealed_path[len - end - 1] != '/')
        len -= end;
    return sw_strf(err, "%.*s%s", (int)len, sealed_path, keys_end);
}

static int probe_in(struct sw_in *in, bool *sealed, struct sw_err *err)
{
    uint8_t head[SW_SEAL_PROBE_BYTES];

    *sealed = false;
    if (in->size_bytes < sizeof(head))
        return 0;
    if (sw_in_read(in, head, sizeof(head), 0, err) < 0)
        return -1;
    *sealed = sw_seal_probe(head, sizeof(head));
    return 0;
}

int sw_seal_probe_file(const char *path, bool *sealed, struct sw_err *err)
{
    struct sw_in *in = NULL;
    int rc;

    if (sw_in_open_file(path, &in, err) < 0)
        return -1;
    rc = probe_in(in, sealed, err);
    sw_in_close(in);
    return rc;
}

int seal_sidecar_create(const struct sw_seal_opts *opts, const char *path, struct sw_out **out,
                        struct seal_pair **pair, struct sw_err *err)
{
    SW_AUTO_FREE char *sidecar_path = sw_seal_sidecar_path(path, err);

    if (sidecar_path == NULL || sw_keyring_spare_file(opts->recipients, sidecar_path, err) < 0 ||
        seal_pair_new(path, pair, err) < 0)
        return -1;
    if (sw_out_create_file(sidecar_path, 0644, out, err) == 0)
        return 0;
    seal_pair_free(SW_STEAL_PTR(*pair));
    return -1;
}

int sw_seal_create_file(const struct sw_seal_opts *opts, const char *path, struct sw_out **out,
                        struct sw_err *err)
{
    struct seal_out_spec spec = {.opts = opts, .random = sw_random};

    if (sw_keyring_spare_file(opts->recipients, path, err) < 0 || sw_seal_spare_sidecar(path, err) < 0 ||
        sw_out_create_file(path, 0644, &spec.sealed, err) < 0)
        return -1;
    if (!opts->direct && seal_sidecar_create(opts, path, &spec.sidecar, &spec.pair, err) < 0) {
        sw_out_close(spec.sealed);
        return -1;
    }
    /* The keys of what is replaced go with it: then the new one must be on the disk. */
    spec.sealed->lazy = opts->lazy && !sw_path_exists(path);
    *out = seal_out_new(&spec, err);
    return *out != NULL ? 0 : -1;
}

int sw_seal_create_image(const struct sw_seal_opts *opts, const char *format, const char *path,
                         struct sw_out **out, struct sw_err *err)
{
    const struct sw_pair context = {.key = SW_SEAL_IMAGE_FORMAT, .value = format};
    const struct sw_seal_opts image = {.recipients = opts->recipients,
                                       .context = &context,
                                       .nr_context = 1,
                                       .plain_bytes = SW_SEAL_SIZE_UNKNOWN,
                                       .jobs = opts->jobs,
                                       .digests = opts->digests,
                                       .lazy = opts->lazy};

    return sw_seal_create_file(&image, path, out, err);
}

/* True when the header asks for an artifact key that the keys do not have. What is wrong with it is told later. */
static bool needs_sidecar(struct sw_in *sealed, const struct sw_keyring *keys)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    struct sw_err later = {.code = SW_OK};

    if (seal_header_read(&header, sealed, &later) < 0 || seal_keyring_has_ns(keys, SEAL_ARTIFACT_NS))
        return false;
    return seal_wants_artifact(&header, NULL);
}

static int find_sidecar(const char *path, struct sw_in **sidecar, struct sw_err *err)
{
    SW_AUTO_FREE char *beside = seal_pair_find_sidecar(path, err);

    if (beside == NULL)
        return -1;
    if (sw_in_open_file(beside, sidecar, err) == 0)
        return 0;
    err->code = SW_INTEGRITY;
    return sw_context(err, "'%s' needs its sidecar", path);
}

int sw_seal_open_file(const char *path, const char *sidecar_path, const struct sw_unseal_opts *opts,
                      struct sw_in **out, struct sw_err *err)
{
    struct sw_in *sealed = NULL, *sidecar = NULL;
    int rc = 0;

    if (sw_in_open_by(opts->opener, path, &sealed, err) < 0)
        return -1;
    if (sidecar_path != NULL)
        rc = sw_in_open_file(sidecar_path, &sidecar, err);
    else if (needs_sidecar(sealed, opts->keys))
        rc = find_sidecar(path, &sidecar, err);
    if (rc < 0) {
        sw_in_close(sealed);
        return -1;
    }
    *out = sw_seal_in(sealed, sidecar, opts, err);
    return *out != NULL ? 0 : -1;
}

static int open_plain(const char *path, const struct sw_unseal_opts *opts, bool named, struct sw_in **out,
                      struct sw_err *err)
{
    struct sw_in *in = NULL;
    bool sealed = false;

    if (sw_in_open_by(opts->opener, path, &in, err) < 0)
        return -1;
    if (!named && (probe_in(in, &sealed, err) < 0 || sealed)) {
        sw_in_close(in);
        return sealed
                   ? sw_fail(err, SW_USAGE, "'%s' looks sealed: name the key that opens it with --key", path)
                   : -1;
    }
    *out = in;
    return 0;
}

int sw_seal_open_image(const char *path, const struct sw_unseal_opts *opts, struct sw_in **in,
                       const char **format, struct sw_err *err)
{
    const struct sw_pair *pairs;
    size_t n = 0;

    if (opts->keys == NULL || sw_keyring_count(opts->keys) == 0)
        return open_plain(path, opts, *format != NULL, in, err);
    if (sw_seal_open_file(path, NULL, opts, in, err) < 0)
        return -1;
    pairs = sw_seal_in_context(*in, &n);
    if (*format == NULL)
        *format = seal_pairs_get(pairs, n, SW_SEAL_IMAGE_FORMAT);
    return 0;
}
