/* Sealed files and their sidecars by name. */
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/seal/header.h"

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

/* The sidecar's name follows from another: whatever else has it, most likely a key, is not ours to replace. */
static int check_replaced(const char *sidecar_path, struct sw_err *err)
{
    uint8_t head[SW_SEAL_PROBE_BYTES];
    struct sw_in *there = NULL;
    bool ours = false;

    if (!sw_path_exists(sidecar_path))
        return 0;
    if (sw_in_open_file(sidecar_path, &there, err) < 0)
        return -1;
    ours = there->size_bytes >= sizeof(head) && sw_in_read(there, head, sizeof(head), 0, err) == 0 &&
           sw_seal_probe(head, sizeof(head));
    sw_in_close(there);
    return ours ? 0
                : sw_fail(err, SW_USAGE,
                          "'%s' would be the sidecar, and is there already as something else: "
                          "take another name or move it",
                          sidecar_path);
}

static int create_sidecar(const struct sw_seal_opts *opts, const char *path, struct sw_out **out,
                          struct sw_err *err)
{
    SW_AUTO_FREE char *sidecar_path = sw_seal_sidecar_path(path, err);

    if (sidecar_path == NULL || sw_keyring_spare_file(opts->recipients, sidecar_path, err) < 0 ||
        check_replaced(sidecar_path, err) < 0)
        return -1;
    return sw_out_create_file(sidecar_path, 0644, out, err);
}

int sw_seal_create_file(const struct sw_seal_opts *opts, const char *path, struct sw_out **out,
                        struct sw_err *err)
{
    struct sw_out *sealed = NULL, *sidecar = NULL;

    if (sw_keyring_spare_file(opts->recipients, path, err) < 0 ||
        sw_out_create_file(path, 0644, &sealed, err) < 0)
        return -1;
    if (!opts->direct && create_sidecar(opts, path, &sidecar, err) < 0) {
        sw_out_close(sealed);
        return -1;
    }
    *out = sw_seal_out(opts, sealed, sidecar, err);
    return *out != NULL ? 0 : -1;
}

int sw_seal_create_image(const struct sw_seal_opts *opts, const char *format, const char *path,
                         struct sw_out **out, struct sw_err *err)
{
    const struct sw_pair context = {.key = "image-format", .value = format};
    const struct sw_seal_opts image = {.recipients = opts->recipients,
                                       .context = &context,
                                       .nr_context = 1,
                                       .plain_bytes = SW_SEAL_SIZE_UNKNOWN,
                                       .jobs = opts->jobs,
                                       .digests = opts->digests};

    return sw_seal_create_file(&image, path, out, err);
}

/* True when the header asks for an artifact key that the keys do not have. What is wrong with it is told later. */
static bool needs_sidecar(struct sw_in *sealed, const struct sw_keyring *keys)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    struct sw_err later = {.code = SW_OK};

    if (seal_header_read(&header, sealed, &later) < 0 || seal_keyring_has_ns(keys, SEAL_ARTIFACT_NS))
        return false;
    for (size_t i = 0; i < header.nr_edks; i++)
        if (seal_edk_has_ns(&header.edks[i], SEAL_ARTIFACT_NS))
            return true;
    return false;
}

static int find_sidecar(const char *path, struct sw_in **sidecar, struct sw_err *err)
{
    SW_AUTO_FREE char *beside = sw_seal_sidecar_path(path, err);

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
