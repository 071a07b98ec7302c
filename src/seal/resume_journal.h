/* The journal of a sealing: what an interrupted run sealed so far, and with what, for nobody without the resume key. */
#ifndef SW_SEAL_RESUME_JOURNAL_H
#define SW_SEAL_RESUME_JOURNAL_H

#include "src/base/digest.h"
#include "src/seal/seal_out.h"

#include <jansson.h>

enum {
    RESUME_SEGMENT_MIN = 1 << 20,
    RESUME_SEGMENT_USUAL = 16 << 20,
    RESUME_SEGMENTS = 16,
    RESUME_SEGMENTS_MAX = 1 << 26
};

/*
 * A text file: a line of JSON, a line with its MAC, and a line with a MAC for each segment of the source, in order. A
 * segment's line is on the disk before the first byte of its frames is written, and the frames of the segments before it
 * are on the disk before the line is. MACs are HMAC-SHA-256 under a key that comes from the data key: the plaintext's
 * digests are nobody's business. The keys are in a message to the resume key. The lines are read one by one, as there
 * may be millions of them. Zero-initialise it.
 */
struct resume_journal {
    char *path;
    int fd;               /* open for appending and reading; -1 when it is not */
    json_t *source;       /* stamps of the file that is sealed */
    json_t *target;       /* what the command asked for */
    struct sw_buf header; /* of the message that was begun */
    struct seal_secret data_key;
    struct seal_artifact artifact;
    uint64_t segment_bytes; /* plaintext; a multiple of the frame length */
    uint64_t lines_at;      /* the first segment's */
    uint64_t nr_segments;   /* lines */
    bool locked;            /* reading failed as its keys are there and the ring does not open them */
};

/* What changes when the file does; SW_USAGE where nothing tells that. NULL and err on failure. */
SW_MUST_CHECK json_t *resume_source(const struct sw_in *from, struct sw_err *err);

/* RESUME_SEGMENTS of 1 to 16 MiB, or more of 16; larger only for larger frames, and beyond RESUME_SEGMENTS_MAX (1 PiB). */
uint64_t resume_segment_bytes(uint64_t plain_bytes, uint32_t frame_bytes);

/* Writes a new journal for the keys and the header, encrypted for ring, and opens it for appending. */
SW_MUST_CHECK int resume_journal_create(struct resume_journal *journal, const struct seal_keeping *keeping,
                                        const struct sw_keyring *ring, struct sw_err *err);
/*
 * Reads the one at path: 0 when there is none, 1 when it is good. Whatever is wrong with it is an error that says it. A
 * last line that is not whole was never acted upon, and is cut off.
 */
SW_MUST_CHECK int resume_journal_read(struct resume_journal *journal, const struct sw_keyring *ring,
                                      struct sw_err *err);
/* The MAC that segment index < nr_segments had when it was sealed. */
SW_MUST_CHECK int resume_journal_segment(const struct resume_journal *journal, uint64_t index,
                                         uint8_t mac[SW_SHA256_BYTES], struct sw_err *err);
/* The MAC of bytes off … off + len of in, as segment index. */
SW_MUST_CHECK int resume_journal_mac(const struct resume_journal *journal, struct sw_in *in,
                                     const struct sw_seal_range *range, uint8_t mac[SW_SHA256_BYTES],
                                     struct sw_err *err);
/* The same of bytes that were read already: what is vouched for is what is encrypted, whatever the file is by then. */
SW_MUST_CHECK int resume_journal_mac_bytes(const struct resume_journal *journal, uint64_t index,
                                           const uint8_t *bytes, size_t len, uint8_t mac[SW_SHA256_BYTES],
                                           struct sw_err *err);
/* Appends the next segment's line and waits for the disk. */
SW_MUST_CHECK int resume_journal_append(struct resume_journal *journal, const uint8_t mac[SW_SHA256_BYTES],
                                        struct sw_err *err);
void resume_journal_free(struct resume_journal *journal);

#endif
