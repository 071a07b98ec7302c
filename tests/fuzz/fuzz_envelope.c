/* A sealed message: its header, its context, where its frames lie, and opening it with a key. */
#include "src/seal/frame.h"
#include "src/seal/keyring.h"
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
static void check_frames(const struct seal_header *header, const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    struct seal_layout layout;
    uint8_t wrong[SEAL_KEY_BYTES] = {0};
    SW_AUTO_GCM struct seal_gcm *gcm = seal_gcm_new(wrong, sizeof(wrong), false, &err);
    SW_AUTO_FREE uint8_t *plain = malloc(size + 1);

    if (gcm == NULL || plain == NULL)
        abort();
    if (seal_layout_of(header, size, &layout, &err) < 0)
        return;
    for (uint32_t seq = 1; seq <= layout.nr_frames; seq++) {
        struct seal_frame frame = seal_layout_frame(&layout, seq);
        uint64_t at = seal_layout_offset(&layout, seq);

        if (at + seal_frame_stored(&frame) > size)
            abort();
        if (seal_frame_decrypt(gcm, header->message_id, &frame, data + at, plain, &err) == 0)
            abort();
    }
}

static void open_it(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *ring = make_ring(&err);
    const struct sw_unseal_opts opts = {.keys = ring};
    struct sw_in *in = sw_seal_in(mem_in(data, size), NULL, &opts, &err);
    SW_AUTO_FREE uint8_t *plain = in != NULL ? malloc(in->size_bytes + 1) : NULL;

    if (plain != NULL && sw_in_read(in, plain, (size_t)in->size_bytes, 0, &err) < 0 &&
        err.code != SW_INTEGRITY)
        abort();
    sw_in_close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};

    if (seal_header_parse(&header, data, size, &err) == 0) {
        check_context(&header);
        check_frames(&header, data, size);
    } else if (err.code != SW_INTEGRITY) {
        abort();
    }
    open_it(data, size);
    return 0;
}
