/* What a sealed file says of itself, before or after it is believed. */
#include "src/seal/describe.h"

#include "src/base/digest.h"
#include "src/base/endian.h"
#include "src/base/json.h"
#include "src/seal/pair.h"
#include "src/seal/raw_ecdh.h"
#include "src/seal/seal_in.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Provider ids that say by themselves what the key is. */
static const struct {
    const char *provider;
    const char *kind;
} kinds[] = {
    {"aws-kms", "AWS KMS key"},
    {"aws-kms-rsa", "AWS KMS RSA key"},
    {"aws-kms-ecdh", "AWS KMS EC key"},
    {"aws-kms-hierarchy", "AWS KMS branch key"},
    {SEAL_RAW_ECDH_NS, "EC key"},
    {"slipway-passphrase", "passphrase"},
    {SEAL_ARTIFACT_NS, "artifact key, carried by the sidecar"},
};

static const char *kind_of(const struct seal_edk *edk)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++)
        if (seal_edk_has_ns(edk, kinds[i].provider))
            return kinds[i].kind;
    /* The fixed tail behind its name is what a raw AES key leaves. */
    return seal_edk_name(edk).len < edk->info.len ? "AES key" : "RSA key";
}

/* An EC recipient is in the message as its public point, and is called as its key is elsewhere. */
static json_t *name_of(const struct seal_edk *edk)
{
    struct sw_err ignored = {.code = SW_OK};
    struct seal_view name = seal_edk_name(edk);
    struct seal_ecdh_info info;
    char ec[SEAL_EC_NAME];

    if (seal_edk_has_ns(edk, SEAL_RAW_ECDH_NS) && seal_ecdh_parse(edk, &info) &&
        seal_ec_name(info.recipient, ec, &ignored) == 0)
        return json_string(ec);
    return sw_json_bytes(name.bytes, name.len);
}

static json_t *describe_recipients(const struct seal_header *header)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < header->nr_edks; i++) {
        const struct seal_edk *edk = &header->edks[i];

        if (json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "provider",
                                                  sw_json_bytes(edk->provider.bytes, edk->provider.len),
                                                  "name", name_of(edk), "kind", kind_of(edk))) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *describe_context(const struct seal_header *header)
{
    json_t *context = json_object();

    for (size_t i = 0; context != NULL && i < header->context.n; i++)
        if (json_object_set_new(context, header->context.pairs[i].key,
                                json_string(header->context.pairs[i].value)) < 0) {
            json_decref(context);
            return NULL;
        }
    return context;
}

static json_t *describe_message(const struct seal_header *header, const struct seal_layout *layout,
                                struct sw_err *err)
{
    char suite[8], id[2 * SEAL_ID_BYTES + 1];
    json_t *json;

    snprintf(suite, sizeof(suite), "0x%04x", header->suite->id);
    sw_hex(header->id.bytes, header->id.len, id);
    json = json_pack("{s:i, s:s, s:s, s:b, s:b, s:s, s:s, s:I, s:I, s:I, s:o, s:o}", "version",
                     header->suite->version, "suite", suite, "suite_name", header->suite->name, "signed",
                     seal_suite_signs(header->suite), "commits", seal_suite_commits(header->suite),
                     "message_id", id, "content", layout->single ? "single block" : "framed", "frame_bytes",
                     (json_int_t)layout->frame_bytes, "frames", (json_int_t)layout->nr_frames,
                     "plaintext_bytes", (json_int_t)layout->plain_bytes, "context", describe_context(header),
                     "recipients", describe_recipients(header));
    if (json == NULL)
        sw_fail(err, SW_FAILED, "cannot make the JSON result");
    return json;
}

/* After it was opened. Takes over. */
static json_t *describe_opened(struct sw_in *opened, bool *wants_sidecar, struct sw_err *err)
{
    json_t *json = describe_message(seal_in_header(opened), seal_in_layout(opened), err);

    *wants_sidecar = seal_wants_artifact(seal_in_header(opened), NULL);
    sw_in_close(opened);
    return json;
}

/* A signed message ends with a signature whose length varies: its last frame is where everything then fits. */
static int guess_final(const struct seal_header *header, struct sw_in *in, uint64_t before,
                       struct seal_layout *layout, struct sw_err *err)
{
    uint64_t at = header->len + before * ((uint64_t)header->frame_bytes + SEAL_FRAME_OVER), end;
    uint8_t head[SEAL_FINAL_HEAD], footer[2];
    uint32_t len;

    if (before >= UINT32_MAX || at + sizeof(head) > in->size_bytes)
        return 0;
    if (sw_in_read(in, head, sizeof(head), at, err) < 0)
        return -1;
    len = be32_get(head + SEAL_FINAL_HEAD - 4);
    end = at + SEAL_FINAL_OVER + len;
    if (be32_get(head) != SEAL_FINAL_MARKER || be32_get(head + 4) != before + 1 ||
        len > header->frame_bytes || end + sizeof(footer) > in->size_bytes)
        return 0;
    if (sw_in_read(in, footer, sizeof(footer), end, err) < 0)
        return -1;
    if (end + sizeof(footer) + be16_get(footer) != in->size_bytes)
        return 0;
    *layout = (struct seal_layout){.frame_bytes = header->frame_bytes,
                                   .nr_frames = (uint32_t)before + 1,
                                   .last_bytes = len,
                                   .plain_bytes = before * header->frame_bytes + len};
    return 1;
}

static int guess_single(const struct seal_header *header, struct sw_in *in, struct seal_layout *layout,
                        struct sw_err *err)
{
    uint8_t head[SEAL_SINGLE_HEAD];

    if (header->len + sizeof(head) > in->size_bytes)
        return 0;
    if (sw_in_read(in, head, sizeof(head), header->len, err) < 0)
        return -1;
    *layout =
        (struct seal_layout){.single = true, .nr_frames = 1, .plain_bytes = be64_get(head + SEAL_IV_BYTES)};
    return layout->plain_bytes <= in->size_bytes - header->len;
}

/* The geometry of what nobody believes yet. */
static int find_layout(const struct seal_header *header, struct sw_in *in, struct seal_layout *layout,
                       struct sw_err *err)
{
    uint64_t most;
    int found;

    if (!seal_suite_signs(header->suite))
        return seal_layout_of(header, in->size_bytes, layout, err);
    if (header->frame_bytes == 0) {
        found = guess_single(header, in, layout, err);
    } else {
        most = (in->size_bytes - header->len) / ((uint64_t)header->frame_bytes + SEAL_FRAME_OVER);
        found = guess_final(header, in, most, layout, err);
        /* With small frames the signature is as long as several of them. */
        for (uint64_t less = 1; found == 0 && less <= most && less <= SEAL_SIGNATURE_MAX; less++)
            found = guess_final(header, in, most - less, layout, err);
    }
    if (found == 0)
        return sw_fail(err, SW_INTEGRITY, "its frames and its signature do not end where it ends");
    return found < 0 ? -1 : 0;
}

json_t *seal_describe_unopened(struct sw_in *in, bool *wants_sidecar, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    struct seal_layout layout;
    json_t *json = NULL;

    if (seal_header_read(&header, in, err) == 0 && find_layout(&header, in, &layout, err) == 0) {
        *wants_sidecar = seal_wants_artifact(&header, NULL);
        json = describe_message(&header, &layout, err);
    }
    if (json == NULL)
        sw_context(err, "'%s'", in->name);
    sw_in_close(in);
    return json;
}

/* keys NULL: as it lies there. What is wrong with it is part of the answer. */
static json_t *describe_sidecar(const char *path, const struct sw_keyring *keys)
{
    const struct sw_unseal_opts opts = {.keys = keys};
    struct sw_err why = {.code = SW_OK};
    json_t *file = sw_json_bytes(path, strlen(path)), *message = NULL;
    struct sw_in *in = NULL;
    bool ignored;

    if (sw_in_open_file(path, &in, &why) < 0)
        return why.sys == ENOENT ? json_pack("{s:o, s:b}", "file", file, "missing", 1)
                                 : json_pack("{s:o, s:o}", "file", file, "error",
                                             sw_json_bytes(why.text, strlen(why.text)));
    if (keys != NULL)
        in = sw_seal_in(in, NULL, &opts, &why);
    if (in != NULL)
        message =
            keys != NULL ? describe_opened(in, &ignored, &why) : seal_describe_unopened(in, &ignored, &why);
    if (message == NULL)
        return json_pack("{s:o, s:o}", "file", file, "error", sw_json_bytes(why.text, strlen(why.text)));
    return json_pack("{s:o, s:o}", "file", file, "message", message);
}

static int file_bytes(const char *path, uint64_t *bytes, struct sw_err *err)
{
    struct sw_in *in = NULL;

    if (sw_in_open_file(path, &in, err) < 0)
        return -1;
    *bytes = in->size_bytes;
    sw_in_close(in);
    return 0;
}

static json_t *describe_file(const char *path, const char *sidecar_path, const struct sw_unseal_opts *opts,
                             bool *wants_sidecar, struct sw_err *err)
{
    struct sw_in *in = NULL;

    if (opts != NULL) {
        if (sw_seal_open_file(path, sidecar_path, opts, &in, err) < 0)
            return NULL;
        return describe_opened(in, wants_sidecar, err);
    }
    if (sw_in_open_file(path, &in, err) < 0)
        return NULL;
    return seal_describe_unopened(in, wants_sidecar, err);
}

/* The names of those whose keys open it: of the sidecar's recipients where the file asks for one. */
static json_t *list_openers(const json_t *message, const json_t *sidecar)
{
    const json_t *recipients = json_object_get(
        json_is_object(sidecar) ? json_object_get(sidecar, "message") : message, "recipients");
    json_t *names = json_array(), *recipient;
    size_t i;

    json_array_foreach (recipients, i, recipient) {
        if (json_array_append_new(names, json_sprintf("%s/%s", sw_json_text(recipient, "provider"),
                                                      sw_json_text(recipient, "name"))) < 0) {
            json_decref(names);
            return NULL;
        }
    }
    return names;
}

json_t *sw_seal_describe(const char *path, const char *sidecar_path, const struct sw_unseal_opts *opts,
                         struct sw_err *err)
{
    SW_AUTO_FREE char *beside = seal_pair_find_sidecar(path, err);
    uint64_t bytes = 0;
    bool wants_sidecar = false;
    json_t *message, *sidecar, *json;

    if (beside == NULL || file_bytes(path, &bytes, err) < 0)
        return NULL;
    message = describe_file(path, sidecar_path, opts, &wants_sidecar, err);
    if (message == NULL)
        return NULL;
    sidecar = wants_sidecar ? describe_sidecar(sidecar_path != NULL ? sidecar_path : beside,
                                               opts != NULL ? opts->keys : NULL)
                            : json_null();
    json = json_pack("{s:o, s:I, s:b, s:o, s:o, s:o}", "file", sw_json_bytes(path, strlen(path)), "bytes",
                     (json_int_t)bytes, "verified", opts != NULL, "opened_by", list_openers(message, sidecar),
                     "message", message, "sidecar", sidecar);
    if (json == NULL)
        sw_fail(err, SW_FAILED, "cannot make the JSON result");
    return json;
}
