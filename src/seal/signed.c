/* One pass over a signed message: frame by frame, hashed and verified, then its footer. */
#include "src/seal/signed.h"

#include "src/base/ckd.h"

#include <inttypes.h>
#include <string.h>

enum { WINDOW_BYTES = 1 << 20, FOOTER_HEAD = 2, END_MAX = FOOTER_HEAD + SEAL_SIGNATURE_MAX };

struct pass {
    const struct seal_header *header;
    struct sw_in *sealed;
    struct sw_progress *progress;
    struct seal_layout *layout;
    struct seal_signature *signature;
    struct seal_gcm *gcm;
    uint8_t *window; /* the bytes from window_at on */
    size_t window_cap, window_len;
    uint64_t window_at;
    uint8_t *plain; /* one frame, of no further use */
    size_t plain_cap;
};

static void pass_clear(struct pass *pass)
{
    seal_signature_free(pass->signature);
    seal_gcm_free(pass->gcm);
    free(pass->window);
    seal_arena_free(pass->plain, pass->plain_cap);
}

/* What is left of the message from off on. */
static uint64_t left(const struct pass *pass, uint64_t off)
{
    return off < pass->sealed->size_bytes ? pass->sealed->size_bytes - off : 0;
}

/* Makes len bytes from off on be in the window, which has room for them; gives them back. NULL when there are none. */
static const uint8_t *look(struct pass *pass, uint64_t off, size_t len, struct sw_err *err)
{
    uint64_t end = pass->window_at + pass->window_len;

    if (left(pass, off) < len) {
        sw_fail(err, SW_INTEGRITY, "it is truncated at %" PRIu64, pass->sealed->size_bytes);
        return NULL;
    }
    if (off < pass->window_at || off + len > end) {
        if (sw_check_interrupt(err) < 0)
            return NULL;
        pass->window_at = off;
        pass->window_len = (size_t)sw_min_u64(left(pass, off), pass->window_cap);
        if (sw_in_read(pass->sealed, pass->window, pass->window_len, off, err) < 0) {
            pass->window_len = 0;
            return NULL;
        }
        sw_progress_tick(pass->progress, off, pass->sealed->size_bytes);
    }
    return pass->window + (off - pass->window_at);
}

/* The frame that begins at off, by its head. */
static int read_head(struct pass *pass, uint64_t off, struct seal_frame *frame, struct sw_err *err)
{
    const uint8_t *at = look(pass, off, 4, err);
    uint64_t len = pass->header->frame_bytes;

    if (at == NULL)
        return -1;
    frame->single = pass->header->content_type == SEAL_CONTENT_SINGLE;
    frame->final = frame->single || be32_get(at) == SEAL_FINAL_MARKER;
    if (frame->final) {
        at = look(pass, off, seal_frame_head(frame), err);
        if (at == NULL)
            return -1;
        len = frame->single ? be64_get(at + SEAL_IV_BYTES) : be32_get(at + SEAL_FINAL_HEAD - 4);
    }
    if (len > (frame->single ? SW_SEAL_FRAME_BYTES_MAX : pass->header->frame_bytes))
        return sw_fail(
            err, SW_INTEGRITY,
            "final frame %" PRIu32 " at offset %" PRIu64 " has %" PRIu64 " bytes; at most %u are allowed",
            frame->seq, off, len, frame->single ? SW_SEAL_FRAME_BYTES_MAX : pass->header->frame_bytes);
    frame->len = (uint32_t)len;
    return 0;
}

/* Room for a frame of that many bytes: only as much as the message itself has. */
static int make_room(struct pass *pass, const struct seal_frame *frame, struct sw_err *err)
{
    size_t stored = seal_frame_stored(frame);

    if (frame->len > pass->plain_cap) {
        seal_arena_free(pass->plain, pass->plain_cap);
        pass->plain_cap = frame->len;
        pass->plain = seal_arena_new(pass->plain_cap);
    }
    if (stored > pass->window_cap) {
        free(pass->window);
        pass->window_len = 0;
        pass->window_cap = stored;
        pass->window = malloc(stored);
    }
    if ((pass->plain == NULL && pass->plain_cap > 0) || pass->window == NULL)
        return sw_fail_errno(err, "cannot get memory for a frame of %" PRIu32 " bytes", frame->len);
    return 0;
}

static int pass_frame(struct pass *pass, uint64_t off, struct seal_frame *frame, struct sw_err *err)
{
    const uint8_t *at;

    if (read_head(pass, off, frame, err) < 0)
        return -1;
    if (left(pass, off) < seal_frame_stored(frame))
        return sw_fail(err, SW_INTEGRITY, "it is truncated within frame %" PRIu32 ", at %" PRIu64, frame->seq,
                       pass->sealed->size_bytes);
    if (make_room(pass, frame, err) < 0)
        return -1;
    at = look(pass, off, seal_frame_stored(frame), err);
    if (at == NULL || seal_frame_decrypt(pass->gcm, &pass->header->id, frame, at, pass->plain, err) < 0)
        return -1;
    return seal_signature_update(pass->signature, at, seal_frame_stored(frame), err);
}

/* All frames; *off becomes the footer's. */
static int pass_frames(struct pass *pass, uint64_t *off, struct sw_err *err)
{
    struct seal_layout *layout = pass->layout;
    struct seal_frame frame = {.seq = 0};

    *layout = (struct seal_layout){.body_at = *off, .frame_bytes = pass->header->frame_bytes};
    while (!frame.final) {
        if (frame.seq == UINT32_MAX)
            return sw_fail(err, SW_INTEGRITY, "it has more frames than there are numbers");
        frame = (struct seal_frame){.seq = frame.seq + 1};
        if (pass_frame(pass, *off, &frame, err) < 0)
            return -1;
        *off += seal_frame_stored(&frame);
        layout->plain_bytes += frame.len;
    }
    layout->single = frame.single;
    layout->nr_frames = frame.seq;
    layout->last_bytes = frame.len;
    if (frame.single)
        layout->frame_bytes = frame.len > 0 ? frame.len : 1;
    return 0;
}

static int pass_footer(struct pass *pass, uint64_t off, struct sw_err *err)
{
    uint64_t rest = left(pass, off);
    const uint8_t *at;

    if (rest < FOOTER_HEAD || rest > FOOTER_HEAD + seal_signature_max(pass->header->suite->curve))
        return sw_fail(err, SW_INTEGRITY,
                       "its footer at offset %" PRIu64 " has %" PRIu64 " bytes, which no signature has", off,
                       rest);
    at = look(pass, off, (size_t)rest, err);
    if (at == NULL)
        return -1;
    if (be16_get(at) != rest - FOOTER_HEAD)
        return sw_fail(err, SW_INTEGRITY,
                       "its footer at offset %" PRIu64 " says %u bytes, and %" PRIu64 " follow", off,
                       be16_get(at), rest - FOOTER_HEAD);
    return seal_signature_check(pass->signature, at + FOOTER_HEAD, (size_t)rest - FOOTER_HEAD, err);
}

static int pass_begin(struct pass *pass, const struct seal_secret *content_key, struct sw_err *err)
{
    const struct seal_header *header = pass->header;
    const char *key = seal_pairs_get(header->context.pairs, header->context.n, SEAL_PUBLIC_KEY);

    if (key == NULL)
        return sw_fail(err, SW_INTEGRITY, "its context has no '%s'", SEAL_PUBLIC_KEY);
    pass->signature = seal_verifier_new(header->suite->curve, key, err);
    pass->gcm = seal_gcm_new(content_key->bytes, content_key->len, false, err);
    pass->window_cap = (size_t)sw_min_u64(WINDOW_BYTES, sw_max_u64(left(pass, header->len), END_MAX));
    pass->window = sw_calloc(1, pass->window_cap, err);
    if (pass->signature == NULL || pass->gcm == NULL || pass->window == NULL)
        return -1;
    return seal_signature_update(pass->signature, header->bytes, header->len, err);
}

int seal_signed_verify(const struct seal_header *header, const struct seal_secret *content_key,
                       struct sw_in *sealed, struct sw_progress *progress, struct seal_layout *layout,
                       struct sw_err *err)
{
    SW_CLEANUP(pass_clear)
    struct pass pass = {.header = header, .sealed = sealed, .progress = progress, .layout = layout};
    uint64_t off = header->len;

    if (pass_begin(&pass, content_key, err) < 0 || pass_frames(&pass, &off, err) < 0 ||
        pass_footer(&pass, off, err) < 0)
        return -1;
    sw_progress_tick(progress, sealed->size_bytes, sealed->size_bytes);
    return 0;
}
