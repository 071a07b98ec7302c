/*
 * X.keys on its whole way: taken for a sidecar, told of without any key, the body opened through it, and made anew for
 * others; then a sidecar that the input describes and changes, which opens the body exactly when it is a right one.
 */
#include "src/seal/describe.h"
#include "src/seal/frame.h"
#include "src/seal/seal_out.h"
#include "src/seal/sidecar.h"
#include "tests/lib/forge.h"
#include "tests/lib/mem_in.h"

static const char artifact_id[] = "0123456789abcdef0123456789abcdef";
static const char body_text[] = "what is in the body";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

/* Damaged or not for us; or of a suite that does not commit to its key. */
static bool is_refusal(const struct sw_err *err)
{
    return err->code == SW_INTEGRITY || err->code == SW_REFUSED;
}

/* The artifact of the body: 32 bytes of 7. */
static struct seal_artifact make_artifact(void)
{
    struct seal_artifact artifact = {.key = {.len = SEAL_KEY_BYTES}};

    memcpy(artifact.id, artifact_id, sizeof(artifact_id));
    memset(artifact.key.bytes, 7, SEAL_KEY_BYTES);
    return artifact;
}

/* X.sealed of the artifact. */
static void make_body(struct mem_file *file)
{
    const struct seal_artifact artifact = make_artifact();
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *to = seal_artifact_ring(&artifact, SW_KEY_SEAL, &err);
    const struct sw_seal_opts opts = {
        .recipients = to, .direct = true, .plain_bytes = strlen(body_text), .jobs = 1};
    const struct seal_out_spec spec = {.opts = &opts, .sealed = mem_out(file, true), .random = forge_random};
    struct sw_out *out = seal_out_new(&spec, &err);

    must(out != NULL && sw_out_write(out, body_text, strlen(body_text), &err) == 0 &&
         sw_out_commit(out, &err) == 0);
    sw_out_close(out);
}

/* Opens the body through the sidecar. What opens is the body; what does not is nobody's fault but the bytes'. */
static bool opens_body(const void *sidecar, size_t len)
{
    static struct mem_file body;
    SW_AUTO_KEYRING struct sw_keyring *ring = forge_ring(SW_KEY_OPEN);
    const struct sw_unseal_opts opts = {.keys = ring};
    struct sw_err err = {.code = SW_OK};
    char got[sizeof(body_text)] = "";
    struct sw_in *in;

    if (body.bytes == NULL)
        make_body(&body);
    in = sw_seal_in(mem_in(body.bytes, body.len), mem_in(sidecar, len), &opts, &err);
    if (in == NULL) {
        must(is_refusal(&err));
        return false;
    }
    must(in->size_bytes == strlen(body_text) && sw_in_read(in, got, strlen(body_text), 0, &err) == 0);
    must(strcmp(got, body_text) == 0);
    sw_in_close(in);
    return true;
}

/* The sidecar that others get carries the same. */
static void rewrap(const struct seal_artifact *artifact)
{
    SW_AUTO_KEYRING struct sw_keyring *to = forge_ring(SW_KEY_SEAL), *with = forge_ring(SW_KEY_OPEN);
    SW_AUTO_ARTIFACT struct seal_artifact again = {.key = {.len = 0}};
    struct sw_err err = {.code = SW_OK};
    struct mem_file file = {.len = 0};
    struct sw_out *out = mem_out(&file, true);

    must(seal_sidecar_write(artifact, to, forge_random, out, &err) == 0);
    must(seal_sidecar_open(mem_in(file.bytes, file.len), with, &again, &err) == 0);
    must(strcmp(again.id, artifact->id) == 0 && again.key.len == artifact->key.len &&
         memcmp(again.key.bytes, artifact->key.bytes, again.key.len) == 0);
    sw_out_close(out);
    free(file.bytes);
}

/* What opens carries a whole key and an id that fits its field. */
static void take(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *ring = forge_ring(SW_KEY_OPEN);
    SW_AUTO_ARTIFACT struct seal_artifact artifact = {.key = {.len = 0}};

    if (seal_sidecar_open(mem_in(data, size), ring, &artifact, &err) < 0) {
        must(is_refusal(&err));
        return;
    }
    must(artifact.key.len == SEAL_KEY_BYTES && strlen(artifact.id) == SEAL_ARTIFACT_TEXT - 1);
    rewrap(&artifact);
}

/* Every text is one that JSON can hold. */
static void tell(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    bool wants_sidecar = false;
    json_t *json = seal_describe_unopened(mem_in(data, size), &wants_sidecar, &err);
    char *text = json != NULL ? json_dumps(json, 0) : NULL;

    must(json != NULL ? text != NULL : err.code == SW_INTEGRITY);
    free(text);
    json_decref(json);
}

/* What of a made sidecar is not as it should be. */
enum {
    OTHER_ID = 1,
    NO_ID = 2,
    OTHER_PURPOSE = 4,
    NO_PURPOSE = 8,
    MORE_CONTEXT = 16, /* which is nothing wrong */
    OTHER_KEY = 32,
    LONG_ID = 64,
    EMPTY_FINAL = 128 /* nor is this */
};

static size_t make_context(unsigned how, struct sw_pair pairs[3])
{
    static const struct sw_pair more = {"zone", "lab"};
    static const char longer[] = "0123456789abcdef0123456789abcdef0";
    size_t n = 0;

    if ((how & NO_ID) == 0)
        pairs[n++] = (struct sw_pair){"artifact", (how & OTHER_ID) != 0  ? "f123456789abcdef0123456789abcdef"
                                                  : (how & LONG_ID) != 0 ? longer
                                                                         : artifact_id};
    if ((how & NO_PURPOSE) == 0)
        pairs[n++] = (struct sw_pair){"purpose", (how & OTHER_PURPOSE) != 0 ? "resume-keys" : "artifact-key"};
    if ((how & MORE_CONTEXT) != 0)
        pairs[n++] = more;
    return n;
}

/* Suite, what is wrong, frame length, length of the key; what is left changes bytes: two for the place, one to xor. */
static void make_and_change(const uint8_t *data, size_t size)
{
    static const uint16_t suites[] = {0x0478, 0x0578, 0x0378, 0x0178, 0x0078};
    AUTO_FORGED struct forged forged = {.nr_marks = 0};
    uint8_t key[64];
    struct sw_pair pairs[3];
    struct forge how = {.context = pairs, .plain = key};
    bool changed = false, right;

    if (size < 4)
        return;
    how.suite = suites[data[0] % SW_ARRAY_LEN(suites)];
    how.nr_context = make_context(data[1], pairs);
    how.empty_final = (data[1] & EMPTY_FINAL) != 0;
    how.frame_bytes = 4 + data[2] % 61;
    how.len = data[3] % sizeof(key);
    memset(key, (data[1] & OTHER_KEY) != 0 ? 8 : 7, sizeof(key));
    forge_message(&how, &forged);
    for (size_t at = 4; at + 3 <= size; at += 3) {
        size_t to = be16_get(data + at) % forged.bytes.len;

        forged.bytes.data[to] = (char)(forged.bytes.data[to] ^ (char)data[at + 2]);
        changed = changed || data[at + 2] != 0;
    }
    right = how.len == SEAL_KEY_BYTES && (how.suite == 0x0478 || how.suite == 0x0578) &&
            (data[1] & (OTHER_ID | NO_ID | OTHER_PURPOSE | NO_PURPOSE | OTHER_KEY | LONG_ID)) == 0;
    tell(forged_bytes(&forged), forged.bytes.len);
    /* Two changes of one place may undo each other: then only what is wrong otherwise is sure. */
    if (opens_body(forged.bytes.data, forged.bytes.len))
        must(right);
    else
        must(!right || changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    take(data, size);
    tell(data, size);
    (void)opens_body(data, size);
    make_and_change(data, size);
    return 0;
}
