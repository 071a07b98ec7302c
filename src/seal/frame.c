/* Frames: geometry, authenticated data, encryption. */
#include "src/seal/frame.h"

#include <string.h>

enum { TEXT_MAX = 40, AAD_MAX = SEAL_ID_BYTES + TEXT_MAX + 4 + 8 };

static const char text_frame[] = "AWSKMSEncryptionClient Frame";
static const char text_final[] = "AWSKMSEncryptionClient Final Frame";
static const char text_single[] = "AWSKMSEncryptionClient Single Block";

bool seal_frames_do(uint64_t plain_bytes, uint32_t frame_bytes)
{
    return plain_bytes / frame_bytes < UINT32_MAX;
}

uint32_t seal_frame_for(uint64_t plain_bytes)
{
    uint32_t frame = SW_SEAL_FRAME_BYTES;

    while (plain_bytes != SW_SEAL_SIZE_UNKNOWN && !seal_frames_do(plain_bytes, frame) &&
           frame < SW_SEAL_FRAME_BYTES_MAX)
        frame *= 2;
    return frame;
}

static int layout_single(struct seal_layout *layout, uint64_t rest, struct sw_err *err)
{
    if (rest < SEAL_SINGLE_OVER)
        return sw_fail(err, SW_INTEGRITY, "it is truncated: %llu bytes follow its header",
                       (unsigned long long)rest);
    if (rest - SEAL_SINGLE_OVER > SW_SEAL_FRAME_BYTES_MAX)
        return sw_fail(err, SW_INTEGRITY, "its single block has %llu bytes; at most %d are opened",
                       (unsigned long long)(rest - SEAL_SINGLE_OVER), SW_SEAL_FRAME_BYTES_MAX);
    layout->single = true;
    layout->nr_frames = 1;
    layout->last_bytes = (uint32_t)(rest - SEAL_SINGLE_OVER);
    layout->frame_bytes = layout->last_bytes > 0 ? layout->last_bytes : 1;
    layout->plain_bytes = layout->last_bytes;
    return 0;
}

int seal_layout_of(const struct seal_header *header, uint64_t sealed_bytes, struct seal_layout *layout,
                   struct sw_err *err)
{
    uint64_t body_at = header->len, rest, stride, regular, last;

    *layout = (struct seal_layout){.body_at = body_at};
    rest = sealed_bytes > body_at ? sealed_bytes - body_at : 0;
    if (header->content_type == SEAL_CONTENT_SINGLE)
        return layout_single(layout, rest, err);
    stride = (uint64_t)header->frame_bytes + SEAL_FRAME_OVER;
    if (rest < SEAL_FINAL_OVER)
        return sw_fail(err, SW_INTEGRITY, "it is truncated: %llu bytes follow its header",
                       (unsigned long long)rest);
    regular = (rest - SEAL_FINAL_OVER) / stride;
    last = (rest - SEAL_FINAL_OVER) % stride;
    if (last > header->frame_bytes || regular >= UINT32_MAX)
        return sw_fail(err, SW_INTEGRITY, "it is truncated or has bytes too many: its length is %llu",
                       (unsigned long long)sealed_bytes);
    layout->frame_bytes = header->frame_bytes;
    layout->nr_frames = (uint32_t)regular + 1;
    layout->last_bytes = (uint32_t)last;
    layout->plain_bytes = regular * header->frame_bytes + last;
    return 0;
}

size_t seal_frame_head(const struct seal_frame *frame)
{
    return frame->single ? SEAL_SINGLE_HEAD : frame->final ? SEAL_FINAL_HEAD : SEAL_FRAME_HEAD;
}

struct seal_frame seal_layout_frame(const struct seal_layout *layout, uint32_t seq)
{
    bool final = seq == layout->nr_frames;

    return (struct seal_frame){
        .seq = seq,
        .len = final ? layout->last_bytes : layout->frame_bytes,
        .final = final,
        .single = layout->single,
    };
}

uint64_t seal_layout_offset(const struct seal_layout *layout, uint32_t seq)
{
    return layout->body_at + (uint64_t)(seq - 1) * ((uint64_t)layout->frame_bytes + SEAL_FRAME_OVER);
}

static void put_iv(uint8_t iv[SEAL_IV_BYTES], uint32_t seq)
{
    memset(iv, 0, SEAL_IV_BYTES - 4);
    be32_put(iv + SEAL_IV_BYTES - 4, seq);
}

/* Message id, text, sequence, length. */
static size_t put_aad(uint8_t aad[AAD_MAX], const struct seal_id *id, const struct seal_frame *frame)
{
    const char *text = frame->single ? text_single : frame->final ? text_final : text_frame;
    size_t text_len = strlen(text), at = id->len;

    memcpy(aad, id->bytes, id->len);
    memcpy(aad + at, text, text_len);
    at += text_len;
    be32_put(aad + at, frame->seq);
    be64_put(aad + at + 4, frame->len);
    return at + 4 + 8;
}

static void put_head(const struct seal_frame *frame, uint8_t *at)
{
    if (frame->final) {
        be32_put(at, SEAL_FINAL_MARKER);
        at += 4;
    }
    be32_put(at, frame->seq);
    put_iv(at + 4, frame->seq);
    if (frame->final)
        be32_put(at + 4 + SEAL_IV_BYTES, frame->len);
}

int seal_frame_encrypt(struct seal_gcm *gcm, const struct seal_id *id, const struct seal_frame *frame,
                       uint8_t *at, struct sw_err *err)
{
    uint8_t aad[AAD_MAX];
    uint8_t *plain = at + seal_frame_head(frame);
    struct seal_gcm_op op = {.aad = aad, .in = plain, .out = plain, .len = frame->len};

    op.aad_len = put_aad(aad, id, frame);
    put_iv(op.iv, frame->seq);
    put_head(frame, at);
    return seal_gcm_encrypt(gcm, &op, plain + frame->len, err);
}

/*
 * An IV of version 2 is the sequence number behind eight zero bytes. The writer of the published vectors with key
 * commitment put eight 0xff there; no other IV is accepted.
 */
static bool iv_fits(const uint8_t iv[SEAL_IV_BYTES], uint32_t seq)
{
    uint64_t front = be64_get(iv);

    return (front == 0 || front == UINT64_MAX) && be32_get(iv + 8) == seq;
}

/* Checks the head's fields; its IV, or NULL. */
static const uint8_t *check_head(const struct seal_id *id, const struct seal_frame *frame, const uint8_t *at)
{
    const uint8_t *iv = frame->single ? at : frame->final ? at + 8 : at + 4;
    bool fits = id->len == SEAL_ID_BYTES_1 || iv_fits(iv, frame->seq);

    if (frame->single)
        fits = fits && be64_get(at + SEAL_IV_BYTES) == frame->len;
    else if (frame->final)
        fits = fits && be32_get(at) == SEAL_FINAL_MARKER && be32_get(at + 4) == frame->seq &&
               be32_get(at + 8 + SEAL_IV_BYTES) == frame->len;
    else
        fits = fits && be32_get(at) == frame->seq;
    return fits ? iv : NULL;
}

int seal_frame_decrypt(struct seal_gcm *gcm, const struct seal_id *id, const struct seal_frame *frame,
                       const uint8_t *at, uint8_t *plain, struct sw_err *err)
{
    uint8_t aad[AAD_MAX];
    const uint8_t *iv;
    size_t head = seal_frame_head(frame);
    struct seal_gcm_op op = {.aad = aad, .in = at + head, .out = plain, .len = frame->len};

    iv = check_head(id, frame, at);
    if (iv == NULL)
        return sw_fail(err, SW_INTEGRITY, "%sframe %u: sequence, IV or length is not what belongs there",
                       frame->final ? "final " : "", frame->seq);
    op.aad_len = put_aad(aad, id, frame);
    memcpy(op.iv, iv, sizeof(op.iv));
    if (seal_gcm_decrypt(gcm, &op, at + head + frame->len, err) < 0)
        return sw_context(err, "%sframe %u", frame->final ? "final " : "", frame->seq);
    return 0;
}
