/*
 * A sealed message: its header, its context, where its frames lie, and opening it with a key; then a message of any
 * suite that the input describes and changes, which opens exactly when nothing was changed.
 */
#include "src/seal/signed.h"
#include "tests/lib/forge.h"
#include "tests/lib/mem_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses is written back as the same pairs. */
static void check_context(const struct seal_header *header)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf bytes = {.len = 0};
    SW_AUTO_CONTEXT struct seal_context again = {.n = 0};

    if (seal_context_write(&header->context, &bytes, &err) < 0 ||
        seal_context_parse(&again, (const uint8_t *)bytes.data, bytes.len, &err) < 0 ||
        again.n != header->context.n)
        abort();
}

/* Every frame of a layout lies within the message; without the key none opens. */
static void check_frames(const struct seal_header *header, struct seal_gcm *gcm, const uint8_t *data,
                         size_t size)
{
    struct sw_err err = {.code = SW_OK};
    struct seal_layout layout;
    SW_AUTO_FREE uint8_t *plain = malloc(size + 1);

    if (plain == NULL)
        abort();
    if (seal_layout_of(header, size, &layout, &err) < 0)
        return;
    for (uint32_t seq = 1; seq <= layout.nr_frames; seq++) {
        struct seal_frame frame = seal_layout_frame(&layout, seq);
        uint64_t at = seal_layout_offset(&layout, seq);

        if (at + seal_frame_stored(&frame) > size)
            abort();
        if (seal_frame_decrypt(gcm, &header->id, &frame, data + at, plain, &err) == 0)
            abort();
    }
}

/* A pass over a signed message fails in some frame, or earlier. */
static void check_pass(const struct seal_header *header, const struct seal_secret *wrong, const uint8_t *data,
                       size_t size)
{
    struct sw_err err = {.code = SW_OK};
    struct seal_layout layout;
    struct sw_in *in = mem_in(data, size);

    if (seal_signed_verify(header, wrong, in, NULL, &layout, &err) == 0 || err.code != SW_INTEGRITY)
        abort();
    sw_in_close(in);
}

static void check_header(const struct seal_header *header, const uint8_t *data, size_t size)
{
    struct seal_secret wrong = {.len = header->suite->key_bytes};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_GCM struct seal_gcm *gcm = seal_gcm_new(wrong.bytes, wrong.len, false, &err);

    if (gcm == NULL || header->len > size || header->body_len >= header->len)
        abort();
    check_context(header);
    if (seal_suite_signs(header->suite))
        check_pass(header, &wrong, data, size);
    else
        check_frames(header, gcm, data, size);
}

/* Opens and reads all of it; *plain is to be freed. */
static bool opens(const uint8_t *data, size_t size, uint8_t **plain, size_t *len)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *ring = forge_ring(SW_KEY_OPEN);
    const struct sw_unseal_opts opts = {.keys = ring, .legacy = true};
    struct sw_in *in = sw_seal_in(mem_in(data, size), NULL, &opts, &err);
    bool good;

    if (in == NULL) {
        if (err.code != SW_INTEGRITY)
            abort();
        return false;
    }
    *len = (size_t)in->size_bytes;
    *plain = malloc(*len + 1);
    good = *plain != NULL && sw_in_read(in, *plain, *len, 0, &err) == 0;
    if (!good && err.code != SW_INTEGRITY)
        abort();
    sw_in_close(in);
    return good;
}

/* Suite, frame length, how, plaintext; what is left of the input changes bytes: two for the place, one to xor. */
static void forge_and_change(const uint8_t *data, size_t size)
{
    static const uint16_t suites[] = {0x0014, 0x0046, 0x0078, 0x0114, 0x0146, 0x0178,
                                      0x0214, 0x0346, 0x0378, 0x0478, 0x0578};
    static const struct sw_pair pair = {"image", "web"};
    AUTO_FORGED struct forged forged = {.nr_marks = 0};
    SW_AUTO_FREE uint8_t *plain = NULL;
    struct forge how;
    bool changed = false;
    size_t len = 0;

    if (size < 4)
        return;
    how = (struct forge){.suite = suites[data[0] % SW_ARRAY_LEN(suites)],
                         .frame_bytes = data[1] % 32,
                         .context = &pair,
                         .nr_context = data[2] & 1,
                         .empty_final = (data[2] & 2) != 0,
                         .plain = data + 4,
                         .len = data[3] % 64 < size - 4 ? data[3] % 64 : size - 4};
    how.odd_ivs = (data[2] & 4) != 0 && seal_suite_find(how.suite)->version == SEAL_VERSION_1;
    if (how.frame_bytes > 0 && how.frame_bytes < 4)
        how.frame_bytes = 4; /* there is room for only so many edges */
    forge_message(&how, &forged);
    for (size_t at = 4 + how.len; at + 3 <= size; at += 3) {
        size_t to = be16_get(data + at) % forged.bytes.len;

        forged.bytes.data[to] = (char)(forged.bytes.data[to] ^ (char)data[at + 2]);
        changed = changed || data[at + 2] != 0;
    }
    /* Two changes of one place may undo each other: then only the plaintext is sure. */
    if (opens(forged_bytes(&forged), forged.bytes.len, &plain, &len)) {
        if (len != how.len || memcmp(plain, how.plain, len) != 0)
            abort();
    } else if (!changed) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    SW_AUTO_FREE uint8_t *plain = NULL;
    size_t len = 0;

    if (seal_header_parse(&header, data, size, &err) == 0)
        check_header(&header, data, size);
    else if (err.code != SW_INTEGRITY)
        abort();
    (void)opens(data, size, &plain, &len);
    forge_and_change(data, size);
    return 0;
}
