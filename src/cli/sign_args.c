/* --sign KEY of the verbs that write one file: its manifest and signature beside it. */
#include "src/cli/sign_args.h"

#include "slipway/pipeline.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/output.h"

int sign_args_open(const char *text, const char *output, struct sign_args *args, struct sw_err *err)
{
    SW_AUTO_FREE char *sig_path = NULL;

    if (text == NULL)
        return 0;
    args->manifest_path = sw_manifest_path(output, err);
    if (args->manifest_path == NULL || (sig_path = sw_manifest_sig_path(args->manifest_path, err)) == NULL)
        return -1;
    if (sw_seal_harden(err) < 0 || (args->signer = sw_signer_open(text, err)) == NULL)
        return -1;
    if (sw_signer_spare_file(args->signer, output, err) < 0 ||
        sw_signer_spare_file(args->signer, args->manifest_path, err) < 0 ||
        sw_signer_spare_file(args->signer, sig_path, err) < 0)
        return -1;
    if (out_refuse_special(args->manifest_path, err) < 0)
        return -1;
    return out_refuse_special(sig_path, err);
}

static int take_digests(struct sign_args *args, const char *output, struct sw_err *err)
{
    struct sw_in *in = NULL;
    int rc;

    if (args->digests.chunk_bytes > 0)
        return 0;
    if (sw_in_open_file(output, &in, err) < 0)
        return -1;
    rc = sw_digest_in(in, sw_default_jobs(), NULL, &args->digests, err);
    sw_in_close(in);
    return rc;
}

static int is_sealed(const char *output, bool *sealed, struct sw_err *err)
{
    uint8_t head[SW_SEAL_PROBE_BYTES];
    struct sw_in *in = NULL;
    int rc = 0;

    if (sw_in_open_file(output, &in, err) < 0)
        return -1;
    *sealed = in->size_bytes >= sizeof(head);
    if (*sealed)
        rc = sw_in_read(in, head, sizeof(head), 0, err);
    *sealed = *sealed && rc == 0 && sw_seal_probe(head, sizeof(head));
    sw_in_close(in);
    return rc;
}

static json_t *describe(struct sign_args *args, const char *output, const char *keys, json_t *more,
                        struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = NULL;
    bool sealed = false;

    if (take_digests(args, output, err) < 0 || is_sealed(output, &sealed, err) < 0)
        return NULL;
    json = sw_manifest_output(sw_path_base(output), &args->digests, err);
    if (json == NULL || (more != NULL && json_object_update(json, more) < 0))
        return NULL;
    if (sealed && sw_manifest_set_sealed(json, sw_seal_stored_context(output, err),
                                         keys != NULL ? sw_path_base(keys) : NULL, err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

int sign_args_write(struct sign_args *args, const char *output, const char *keys, json_t *more,
                    struct sw_err *err)
{
    SW_AUTO_JSON json_t *manifest = json_object();
    SW_AUTO_JSON json_t *outputs = json_array();

    if (args->signer == NULL)
        return 0;
    if (sw_json_append(outputs, describe(args, output, keys, more, err), err) < 0 ||
        sw_json_set(manifest, "outputs", json_incref(outputs), err) < 0 ||
        sw_manifest_write(manifest, args->manifest_path, args->signer, err) < 0)
        return sw_context(err, "'%s' is written, but not signed", output);
    sw_log(SW_LOG_INFO, "'%s': signed by %s", args->manifest_path, sw_signer_name(args->signer));
    return 0;
}

void sign_args_close(struct sign_args *args)
{
    sw_signer_free(args->signer);
    sw_digests_free(&args->digests);
    free(args->manifest_path);
    *args = (struct sign_args){.signer = NULL};
}
