/* An input that opens a sealed message in memory, frame by frame, anywhere. */
#include "src/seal/seal_in.h"
#include "src/base/registers.h"

#include "src/base/ckd.h"
#include "src/seal/sidecar.h"
#include "src/seal/signed.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What is read at once stays in the processor's cache until it is decrypted. */
enum { BATCH_BYTES = 256 << 10, ALIGN = 64 };

/* What one thread decrypts with; idle ones wait in a list. */
struct reader {
    struct reader *next;
    struct seal_gcm *gcm;
    uint8_t *stored;    /* batch_bytes and ALIGN: frames as they lie in the message */
    uint8_t *plain;     /* one frame, for reads of a part of it */
    uint32_t plain_seq; /* which one; 0: none */
};

struct seal_in {
    struct sw_in base;
    struct sw_in *sealed;
    struct seal_header header;
    struct seal_layout layout;
    struct seal_secret content_key;
    uint32_t batch_frames;
    size_t batch_bytes;
    pthread_mutex_t lock;
    struct reader *idle;
};

static void reader_free(const struct seal_in *self, struct reader *reader)
{
    seal_gcm_free(reader->gcm);
    free(reader->stored);
    seal_arena_free(reader->plain, seal_layout_room(&self->layout));
    free(reader);
}

static struct reader *reader_new(const struct seal_in *self, struct sw_err *err)
{
    struct reader *reader = sw_calloc(1, sizeof(*reader), err);

    if (reader == NULL)
        return NULL;
    reader->gcm = seal_in_gcm(&self->base, err);
    if (reader->gcm != NULL) {
        reader->stored = aligned_alloc(ALIGN, sw_round_up(self->batch_bytes + ALIGN, ALIGN));
        if (reader->stored != NULL)
            return reader;
        sw_fail_errno(err, "cannot get memory for %zu bytes of frames", self->batch_bytes);
    }
    reader_free(self, reader);
    return NULL;
}

/* An idle reader, best the one that has opened frame seq already. */
static struct reader *reader_take(struct seal_in *self, uint32_t seq, struct sw_err *err)
{
    struct reader **at, *found;

    pthread_mutex_lock(&self->lock);
    for (at = &self->idle; *at != NULL && (*at)->plain_seq != seq; at = &(*at)->next)
        ;
    if (*at == NULL)
        at = &self->idle;
    found = *at;
    if (found != NULL)
        *at = found->next;
    pthread_mutex_unlock(&self->lock);
    return found != NULL ? found : reader_new(self, err);
}

static void reader_give(struct seal_in *self, struct reader *reader)
{
    pthread_mutex_lock(&self->lock);
    reader->next = self->idle;
    self->idle = reader;
    pthread_mutex_unlock(&self->lock);
}

/* Opens whole frames into plain. */
static int open_frames(struct seal_in *self, struct reader *reader, struct seal_frames frames, uint8_t *plain,
                       struct sw_err *err)
{
    /* Copies are faster between like addresses. */
    uint8_t *stored = reader->stored + seal_layout_offset(&self->layout, frames.seq) % ALIGN;

    if (seal_in_read_stored(&self->base, frames, stored, err) < 0)
        return -1;
    return seal_in_decrypt(&self->base, reader->gcm, frames, stored, plain, err);
}

/* Makes reader->plain frame seq. */
static int load_frame(struct seal_in *self, struct reader *reader, uint32_t seq, struct sw_err *err)
{
    uint32_t room = seal_layout_room(&self->layout);

    if (reader->plain_seq == seq)
        return 0;
    if (reader->plain == NULL)
        reader->plain = seal_arena_new(room);
    if (reader->plain == NULL)
        return sw_fail_errno(err, "cannot get memory for a frame of %" PRIu32 " bytes", room);
    reader->plain_seq = 0;
    if (open_frames(self, reader, (struct seal_frames){seq, 1}, reader->plain, err) < 0)
        return -1;
    reader->plain_seq = seq;
    return 0;
}

/* Reads some of it: *len becomes how much. */
static int read_some(struct seal_in *self, struct reader *reader, uint8_t *buf, size_t *len, uint64_t off,
                     struct sw_err *err)
{
    uint32_t frame_bytes = self->layout.frame_bytes;
    uint32_t seq = (uint32_t)(off / frame_bytes) + 1;
    size_t within = (size_t)(off % frame_bytes);
    uint32_t left;

    if (within == 0 && *len >= frame_bytes && seq < self->layout.nr_frames) {
        uint64_t n = sw_min_u64(*len / frame_bytes, self->batch_frames);

        n = sw_min_u64(n, self->layout.nr_frames - seq);
        *len = (size_t)n * frame_bytes;
        return open_frames(self, reader, (struct seal_frames){seq, (uint32_t)n}, buf, err);
    }
    if (load_frame(self, reader, seq, err) < 0)
        return -1;
    left = seal_layout_frame(&self->layout, seq).len - (uint32_t)within;
    *len = *len < left ? *len : left;
    memcpy(buf, reader->plain + within, *len);
    return 0;
}

static int read_range(struct seal_in *self, struct reader *reader, uint8_t *buf, size_t len, uint64_t off,
                      struct sw_err *err)
{
    while (len > 0) {
        size_t n = len;

        if (read_some(self, reader, buf, &n, off, err) < 0)
            return -1;
        buf += n;
        off += n;
        len -= n;
    }
    return 0;
}

static int seal_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct seal_in *self = (struct seal_in *)in;
    struct reader *reader;
    int rc;

    if (len == 0)
        return 0;
    reader = reader_take(self, (uint32_t)(off / self->layout.frame_bytes) + 1, err);
    if (reader == NULL)
        return -1;
    rc = read_range(self, reader, buf, len, off, err);
    reader_give(self, reader);
    sw_registers_wipe();
    if (rc < 0)
        seal_cleanse(buf, len); /* nothing of a range that does not verify */
    return rc;
}

static void seal_in_close(struct sw_in *in)
{
    struct seal_in *self = (struct seal_in *)in;

    while (self->idle != NULL) {
        struct reader *reader = self->idle;

        self->idle = reader->next;
        reader_free(self, reader);
    }
    pthread_mutex_destroy(&self->lock);
    sw_in_close(self->sealed);
    seal_header_free(&self->header);
    seal_secret_cleanse(&self->content_key);
    seal_key_free(self, sizeof(*self));
}

static const struct sw_in_ops seal_in_ops = {.pread = seal_pread, .close = seal_in_close};

/* What commits to its key opens to one plaintext, whoever holds which key; nothing older is opened unasked. */
static int check_suite(const struct seal_header *header, const struct sw_unseal_opts *opts,
                       struct sw_err *err)
{
    if (opts->legacy || seal_suite_commits(header->suite))
        return 0;
    return sw_fail(err, SW_REFUSED,
                   "its suite 0x%04x (%s) does not commit to its key; --legacy opens such messages",
                   (unsigned)header->suite->id, header->suite->name);
}

static int check_expected(const struct seal_header *header, const struct sw_unseal_opts *opts,
                          struct sw_err *err)
{
    for (size_t i = 0; i < opts->nr_expect; i++) {
        const struct sw_pair *want = &opts->expect[i];
        const char *value = seal_pairs_get(header->context.pairs, header->context.n, want->key);

        if (value == NULL)
            return sw_fail(err, SW_INTEGRITY, "its context has no '%s'; '%s' was expected", want->key,
                           want->value);
        if (strcmp(value, want->value) != 0)
            return sw_fail(err, SW_INTEGRITY, "its context has %s='%.128s'; '%s' was expected", want->key,
                           value, want->value);
    }
    return 0;
}

/* The content key by way of the sidecar, or of the caller's keys. Takes sidecar over. */
static int unlock(struct seal_in *self, struct sw_in *sidecar, const struct sw_unseal_opts *opts,
                  const struct seal_context *required, struct sw_err *err)
{
    SW_AUTO_ARTIFACT struct seal_artifact artifact = {.key = {.len = 0}};
    SW_AUTO_KEYRING struct sw_keyring *ring = NULL;

    if (sidecar == NULL)
        return seal_header_unlock(&self->header, opts->keys, required, &self->content_key, err);
    if (seal_sidecar_open(sidecar, opts->keys, &artifact, err) < 0)
        return -1;
    if (!seal_wants_artifact(&self->header, artifact.id))
        return sw_fail(err, SW_INTEGRITY, "the sidecar is that of another message (artifact %s)",
                       artifact.id);
    ring = seal_artifact_ring(&artifact, SW_KEY_OPEN, err);
    if (ring == NULL)
        return -1;
    return seal_header_unlock(&self->header, ring, required, &self->content_key, err);
}

/* What slipway sealed says how long it is. */
static int check_size(const struct seal_in *self, struct sw_err *err)
{
    const struct seal_context *context = &self->header.context;
    const char *format = seal_pairs_get(context->pairs, context->n, SEAL_FORMAT_KEY);
    const char *size = seal_pairs_get(context->pairs, context->n, SEAL_SIZE_KEY);
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, self->layout.plain_bytes);
    if (format != NULL && size != NULL && strcmp(size, text) != 0)
        return sw_fail(err, SW_INTEGRITY, "it holds %s bytes; its context says %.24s", text, size);
    return 0;
}

static int find_layout(struct seal_in *self, struct sw_progress *progress, struct sw_err *err)
{
    if (seal_suite_signs(self->header.suite))
        return seal_signed_verify(&self->header, &self->content_key, self->sealed, progress, &self->layout,
                                  err);
    return seal_layout_of(&self->header, self->sealed->size_bytes, &self->layout, err);
}

/* Geometry, then the final frame: its tag proves both how many frames there are and where they end. */
static int open_body(struct seal_in *self, struct sw_progress *progress, struct sw_err *err)
{
    size_t stride;
    struct reader *reader;
    int rc;

    if (find_layout(self, progress, err) < 0 || check_size(self, err) < 0)
        return -1;
    stride = (size_t)seal_layout_room(&self->layout) + SEAL_FRAME_OVER;
    self->batch_frames = stride < BATCH_BYTES ? (uint32_t)(BATCH_BYTES / stride) : 1;
    if (self->batch_frames > self->layout.nr_frames)
        self->batch_frames = self->layout.nr_frames;
    self->batch_bytes = self->batch_frames * stride + SEAL_FINAL_OVER - SEAL_FRAME_OVER;
    self->base.size_bytes = self->layout.plain_bytes;
    reader = reader_new(self, err);
    if (reader == NULL)
        return -1;
    rc = load_frame(self, reader, self->layout.nr_frames, err);
    reader_give(self, reader);
    return rc;
}

static int open_message(struct seal_in *self, struct sw_in *sidecar, const struct sw_unseal_opts *opts,
                        struct sw_err *err)
{
    SW_AUTO_CONTEXT struct seal_context required = {.n = 0};

    if (seal_header_read(&self->header, self->sealed, err) < 0 || check_suite(&self->header, opts, err) < 0 ||
        check_expected(&self->header, opts, err) < 0 ||
        seal_context_set(&required, opts->require, opts->nr_require, err) < 0) {
        sw_in_close(sidecar);
        return -1;
    }
    if (unlock(self, sidecar, opts, &required, err) < 0)
        return -1;
    return open_body(self, opts->progress, err);
}

struct sw_in *sw_seal_in(struct sw_in *sealed, struct sw_in *sidecar, const struct sw_unseal_opts *opts,
                         struct sw_err *err)
{
    struct seal_in *self = seal_key_new(sizeof(*self));

    if (self == NULL) {
        sw_fail_errno(err, "cannot get memory for a key");
        sw_in_close(sealed);
        sw_in_close(sidecar);
        return NULL;
    }
    self->base = (struct sw_in){.ops = &seal_in_ops, .fd = -1, .name = sealed->name, .under = sealed};
    self->sealed = sealed;
    pthread_mutex_init(&self->lock, NULL);
    if (open_message(self, sidecar, opts, err) < 0) {
        sw_context(err, "cannot open '%s'", sealed->name);
        seal_in_close(&self->base);
        return NULL;
    }
    return &self->base;
}

const struct sw_pair *sw_seal_in_context(const struct sw_in *in, size_t *n)
{
    const struct seal_in *self = (const struct seal_in *)in;

    *n = self->header.context.n;
    return self->header.context.pairs;
}

uint16_t sw_seal_in_suite(const struct sw_in *in)
{
    return ((const struct seal_in *)in)->header.suite->id;
}

const struct seal_layout *seal_in_layout(const struct sw_in *in)
{
    return &((const struct seal_in *)in)->layout;
}

const struct seal_header *seal_in_header(const struct sw_in *in)
{
    return &((const struct seal_in *)in)->header;
}

struct seal_gcm *seal_in_gcm(const struct sw_in *in, struct sw_err *err)
{
    const struct seal_in *self = (const struct seal_in *)in;

    return seal_gcm_new(self->content_key.bytes, self->content_key.len, false, err);
}

size_t seal_in_stored(const struct sw_in *in, struct seal_frames frames)
{
    const struct seal_layout *layout = seal_in_layout(in);
    const struct seal_frame last = seal_layout_frame(layout, frames.seq + frames.n - 1);

    return (size_t)(seal_layout_offset(layout, last.seq) - seal_layout_offset(layout, frames.seq)) +
           seal_frame_stored(&last);
}

int seal_in_read_stored(struct sw_in *in, struct seal_frames frames, uint8_t *stored, struct sw_err *err)
{
    const struct seal_in *self = (const struct seal_in *)in;

    return sw_in_read(self->sealed, stored, seal_in_stored(in, frames),
                      seal_layout_offset(&self->layout, frames.seq), err);
}

int seal_in_decrypt(const struct sw_in *in, struct seal_gcm *gcm, struct seal_frames frames,
                    const uint8_t *stored, uint8_t *plain, struct sw_err *err)
{
    const struct seal_in *self = (const struct seal_in *)in;

    for (uint32_t i = 0; i < frames.n; i++) {
        struct seal_frame frame = seal_layout_frame(&self->layout, frames.seq + i);

        if (seal_frame_decrypt(gcm, &self->header.id, &frame, stored, plain, err) < 0)
            return sw_context(err, "'%s'", in->name);
        stored += seal_frame_stored(&frame);
        plain += frame.len;
    }
    return 0;
}
