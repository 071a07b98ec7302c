/* A sealed file given to other recipients: a new sidecar, and nothing else. */
#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/seal/pair.h"

#include <string.h>
#include <sys/stat.h>

static int refuse_direct(const char *path, struct sw_err *err)
{
    return sw_fail(
        err, SW_REFUSED,
        "'%s' has its recipients in its own header, which is never written again: two header tags under "
        "one key give the key of its authentication away; open it and seal it anew",
        path);
}

/* Only what has its recipients in a sidecar can get others. */
static int read_header(const char *path, struct seal_header *header, struct sw_err *err)
{
    struct sw_in *in = NULL;
    int rc;

    if (sw_in_open_file(path, &in, err) < 0)
        return -1;
    rc = seal_header_read(header, in, err);
    sw_in_close(in);
    if (rc < 0)
        return sw_context(err, "'%s'", path);
    return seal_wants_artifact(header, NULL) ? 0 : refuse_direct(path, err);
}

static int take_artifact(const char *sidecar_path, const struct sw_keyring *keys,
                         struct seal_artifact *artifact, struct sw_err *err)
{
    struct sw_in *in = NULL;

    if (sw_in_open_file(sidecar_path, &in, err) < 0)
        return -1;
    return seal_sidecar_open(in, keys, artifact, err);
}

/* A sidecar of another file, or one that opens nothing, is not worth a new one. */
static int check_opens(const char *path, const struct seal_artifact *artifact,
                       const struct sw_unseal_opts *opts, struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = seal_artifact_ring(artifact, SW_KEY_OPEN, err);
    struct sw_unseal_opts with = *opts;
    struct sw_in *in = NULL, *opened;

    with.keys = ring;
    if (ring == NULL || sw_in_open_file(path, &in, err) < 0)
        return -1;
    opened = sw_seal_in(in, NULL, &with, err);
    sw_in_close(opened);
    return opened != NULL ? 0 : -1;
}

static int replace_sidecar(const char *sidecar_path, const struct seal_artifact *artifact,
                           const struct sw_keyring *recipients, struct sw_err *err)
{
    struct sw_out *out = NULL;
    struct stat st;
    int rc;

    if (stat(sidecar_path, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", sidecar_path);
    if (sw_out_create_file(sidecar_path, st.st_mode & 0777, &out, err) < 0)
        return -1;
    rc = seal_sidecar_write(artifact, recipients, sw_random, out, err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

int sw_seal_rewrap(const char *path, const char *sidecar_path, const struct sw_unseal_opts *opts,
                   const struct sw_keyring *recipients, char artifact[SW_SEAL_ARTIFACT_CHARS],
                   struct sw_err *err)
{
    SW_AUTO_ARTIFACT struct seal_artifact opened = {.key = {.len = 0}};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    SW_AUTO_FREE char *beside = sw_seal_sidecar_path(path, err);
    SW_AUTO_FREE char *found = beside != NULL ? seal_pair_find_sidecar(path, err) : NULL;
    const char *read_from = sidecar_path != NULL ? sidecar_path : found;

    if (found == NULL)
        return -1;
    sidecar_path = sidecar_path != NULL ? sidecar_path : beside;
    if (recipients == NULL || recipients->n == 0)
        return sw_fail(err, SW_USAGE, "no recipient to seal to");
    if (sw_keyring_spare_file(recipients, sidecar_path, err) < 0 ||
        sw_keyring_spare_file(opts->keys, sidecar_path, err) < 0 || read_header(path, &header, err) < 0 ||
        take_artifact(read_from, opts->keys, &opened, err) < 0)
        return -1;
    if (!seal_wants_artifact(&header, opened.id))
        return sw_fail(err, SW_INTEGRITY, "'%s' is the sidecar of another message (artifact %s)", read_from,
                       opened.id);
    if (check_opens(path, &opened, opts, err) < 0)
        return -1;
    memcpy(artifact, opened.id, sizeof(opened.id));
    return replace_sidecar(sidecar_path, &opened, recipients, err);
}
