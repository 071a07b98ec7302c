/* Where the frames of a message lie, and how one is encrypted and opened. */
#ifndef SW_SEAL_FRAME_H
#define SW_SEAL_FRAME_H

#include "src/seal/gcm.h"
#include "src/seal/header.h"

enum {
    SEAL_FRAME_HEAD = 4 + SEAL_IV_BYTES,                /* sequence, IV */
    SEAL_FRAME_OVER = SEAL_FRAME_HEAD + SEAL_TAG_BYTES, /* what a regular frame adds */
    SEAL_FINAL_HEAD = 4 + 4 + SEAL_IV_BYTES + 4,        /* marker, sequence, IV, length */
    SEAL_FINAL_OVER = SEAL_FINAL_HEAD + SEAL_TAG_BYTES,
    SEAL_SINGLE_HEAD = SEAL_IV_BYTES + 8, /* IV, length */
    SEAL_SINGLE_OVER = SEAL_SINGLE_HEAD + SEAL_TAG_BYTES,
};

#define SEAL_FINAL_MARKER UINT32_C(0xffffffff)

/* True when plain_bytes fit into 2^32-1 frames of that many bytes, the last of them shorter than full. */
bool seal_frames_do(uint64_t plain_bytes, uint32_t frame_bytes);
/* SW_SEAL_FRAME_BYTES, doubled until they do, or cannot. An unknown size takes the default. */
uint32_t seal_frame_for(uint64_t plain_bytes);

/* The geometry of a message; a single block counts as one final frame. */
struct seal_layout {
    uint64_t body_at;     /* the first frame */
    uint32_t frame_bytes; /* plaintext of a regular frame, at least 1 */
    uint32_t nr_frames;   /* with the final one, at least 1 */
    uint32_t last_bytes;  /* plaintext of the final frame */
    uint64_t plain_bytes;
    bool single;
};

/*
 * From the length of the whole message, which must not be a signed one: its footer's length is known only once its
 * frames are read (signed.h). Lengths that no message has are SW_INTEGRITY.
 */
SW_MUST_CHECK int seal_layout_of(const struct seal_header *header, uint64_t sealed_bytes,
                                 struct seal_layout *layout, struct sw_err *err);

/* The longest plaintext of one frame, at least 1. */
static inline uint32_t seal_layout_room(const struct seal_layout *layout)
{
    uint32_t room = layout->nr_frames > 1 ? layout->frame_bytes : layout->last_bytes;

    return room > 0 ? room : 1;
}

/* One frame in memory. seq counts from 1. */
struct seal_frame {
    uint32_t seq;
    uint32_t len; /* plaintext bytes */
    bool final;
    bool single; /* with final */
};

size_t seal_frame_head(const struct seal_frame *frame);
static inline size_t seal_frame_stored(const struct seal_frame *frame)
{
    return seal_frame_head(frame) + frame->len + SEAL_TAG_BYTES;
}

/* Frame seq of a message, and where it begins. */
struct seal_frame seal_layout_frame(const struct seal_layout *layout, uint32_t seq);
uint64_t seal_layout_offset(const struct seal_layout *layout, uint32_t seq);

/* Writes head and tag around the len plain bytes at at + seal_frame_head, which are encrypted in place. */
SW_MUST_CHECK int seal_frame_encrypt(struct seal_gcm *gcm, const struct seal_id *id,
                                     const struct seal_frame *frame, uint8_t *at, struct sw_err *err);

/*
 * Checks the head field by field, then the tag, and decrypts into plain. Version 1 had writers that drew IVs, so that
 * any is taken there. Faults are SW_INTEGRITY.
 */
SW_MUST_CHECK int seal_frame_decrypt(struct seal_gcm *gcm, const struct seal_id *id,
                                     const struct seal_frame *frame, const uint8_t *at, uint8_t *plain,
                                     struct sw_err *err);

#endif
