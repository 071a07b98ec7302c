/* X.keys: taken for a sidecar, and told of without any key. */
#include "src/seal/describe.h"
#include "src/seal/frame.h"
#include "src/seal/sidecar.h"
#include "tests/lib/mem_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key that the corpus is sealed to: 32 bytes of 1, "fuzz/key". */
static struct sw_keyring *make_ring(struct sw_err *err)
{
    struct seal_secret key = {.len = SEAL_KEY_BYTES};
    struct sw_keyring *ring = sw_keyring_new(SW_KEY_OPEN, err);

    memset(key.bytes, 1, key.len);
    if (ring == NULL || seal_keyring_add_aes(ring, &key, "fuzz", "key", err) < 0)
        abort();
    return ring;
}

/* What opens carries a whole key and an id that fits its field; what does not is nobody's fault but the bytes'. */
static void take(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *ring = make_ring(&err);
    SW_AUTO_ARTIFACT struct seal_artifact artifact = {.key = {.len = 0}};

    if (seal_sidecar_open(mem_in(data, size), ring, &artifact, &err) < 0) {
        if (err.code != SW_INTEGRITY)
            abort();
        return;
    }
    if (artifact.key.len != SEAL_KEY_BYTES || strlen(artifact.id) != SEAL_ARTIFACT_TEXT - 1)
        abort();
}

/* Every text is one that JSON can hold. */
static void tell(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    bool wants_sidecar = false;
    json_t *json = seal_describe_unopened(mem_in(data, size), &wants_sidecar, &err);
    char *text = json != NULL ? json_dumps(json, 0) : NULL;

    if ((json == NULL && err.code != SW_INTEGRITY) || (json != NULL && text == NULL))
        abort();
    free(text);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    take(data, size);
    tell(data, size);
    return 0;
}
