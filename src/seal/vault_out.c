/* An object of a vault that is written anywhere and named last: every frame is encrypted once. */
#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/seal/frame.h"
#include "src/seal/vault.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

enum { RUNS_MAX = 32 };

/* What of a frame was written: bytes from begin up to end. */
struct run {
    uint32_t begin, end;
};

/* A frame that still lacks bytes. The plaintext lies where a final frame has it. */
struct waiting {
    struct waiting *next; /* the one that was touched first after this */
    uint64_t index;       /* of the frame, from 0 */
    struct run runs[RUNS_MAX];
    unsigned nr_runs;
    uint8_t *buf;
};

/* Of seal_key_new. */
struct vault_keys {
    struct seal_secret data, content;
};

struct vault_out {
    struct sw_out base;
    const struct sw_vault *vault;
    struct sw_out *sealed;
    struct seal_id id;
    struct vault_keys *keys;
    struct seal_gcm *gcm;
    uint64_t body_at;
    uint64_t size_bytes;
    pthread_mutex_t lock;   /* of all that follows, and gcm */
    struct waiting *oldest; /* a list by the time of the first touch */
    unsigned nr_waiting;
    uint8_t *done;     /* a bit a frame that was encrypted */
    uint64_t done_cap; /* frames that it has room for */
    bool finished;
};

enum { FRAME_BYTES = SW_SEAL_FRAME_BYTES, BUF_BYTES = FRAME_BYTES + SEAL_FINAL_OVER };

static uint64_t frame_at(const struct vault_out *self, uint64_t index)
{
    return self->body_at + index * (FRAME_BYTES + SEAL_FRAME_OVER);
}

static bool is_done(const struct vault_out *self, uint64_t index)
{
    return index < self->done_cap && (self->done[index / 8] >> (index % 8) & 1) != 0;
}

static int mark_done(struct vault_out *self, uint64_t index, struct sw_err *err)
{
    if (index >= self->done_cap) {
        uint64_t cap = sw_max_u64(2 * self->done_cap, sw_round_up(index + 1, 1024));
        uint8_t *grown = realloc(self->done, cap / 8);

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "out of memory");
        memset(grown + self->done_cap / 8, 0, (cap - self->done_cap) / 8);
        self->done = grown;
        self->done_cap = cap;
    }
    self->done[index / 8] |= (uint8_t)(1u << (index % 8));
    return 0;
}

static void waiting_free(struct waiting *frame)
{
    if (frame == NULL)
        return;
    seal_arena_free(frame->buf, BUF_BYTES);
    free(frame);
}
SW_DEFINE_AUTO(waiting, struct waiting, waiting_free)
#define AUTO_WAITING SW_CLEANUP(waiting_auto)

static struct waiting *waiting_new(uint64_t index, struct sw_err *err)
{
    struct waiting *frame = sw_calloc(1, sizeof(*frame), err);

    if (frame == NULL)
        return NULL;
    frame->index = index;
    frame->buf = seal_arena_new(BUF_BYTES);
    if (frame->buf == NULL) {
        sw_fail_errno(err, "cannot get memory for a frame");
        waiting_free(frame);
        return NULL;
    }
    return frame;
}

/* Encrypts a frame for good. It leaves the list by the caller. len: FRAME_BYTES unless final. */
static int encrypt(struct vault_out *self, struct waiting *frame, uint32_t len, bool final,
                   struct sw_err *err)
{
    struct seal_frame shape = {.seq = (uint32_t)frame->index + 1, .len = len, .final = final};
    uint8_t *at = frame->buf + SEAL_FINAL_HEAD - seal_frame_head(&shape);

    if (is_done(self, frame->index) || frame->index >= UINT32_MAX - 1)
        return sw_fail(err, SW_FAILED, "'%s': frame %" PRIu64 " cannot be written%s", self->base.name,
                       frame->index, is_done(self, frame->index) ? " twice" : "");
    if (mark_done(self, frame->index, err) < 0 ||
        seal_frame_encrypt(self->gcm, &self->id, &shape, at, err) < 0)
        return -1;
    return sw_out_pwrite(self->sealed, at, seal_frame_stored(&shape), frame_at(self, frame->index), err);
}

/* Takes it out of the list. */
static struct waiting *take(struct vault_out *self, struct waiting **at)
{
    struct waiting *frame = *at;

    *at = frame->next;
    self->nr_waiting--;
    return frame;
}

/* Too many: the one that has waited longest goes as it is. The first frame, a header's place, stays. */
static int make_room(struct vault_out *self, struct sw_err *err)
{
    struct waiting **at = &self->oldest;
    AUTO_WAITING struct waiting *frame = NULL;

    if (self->nr_waiting <= SW_VAULT_WAITING)
        return 0;
    if ((*at)->index == 0)
        at = &(*at)->next;
    frame = take(self, at);
    return encrypt(self, frame, FRAME_BYTES, false, err);
}

/* Where the list has the frame; a new one at its end. */
static struct waiting **find(struct vault_out *self, uint64_t index, struct sw_err *err)
{
    struct waiting **at = &self->oldest;

    while (*at != NULL && (*at)->index != index)
        at = &(*at)->next;
    if (*at != NULL)
        return at;
    if (is_done(self, index)) {
        sw_fail(err, SW_FAILED, "'%s': frame %" PRIu64 " was sealed already and is written to again",
                self->base.name, index);
        return NULL;
    }
    *at = waiting_new(index, err);
    if (*at == NULL)
        return NULL;
    self->nr_waiting++;
    return at;
}

/* Adds [begin, end) to what was written. False when it is in more pieces than are counted: then it just waits. */
static bool cover(struct waiting *frame, uint32_t begin, uint32_t end)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < frame->nr_runs; i++) {
        const struct run *run = &frame->runs[i];

        if (run->end < begin || run->begin > end) {
            frame->runs[kept++] = *run;
            continue;
        }
        begin = run->begin < begin ? run->begin : begin;
        end = run->end > end ? run->end : end;
    }
    frame->nr_runs = kept;
    if (kept < RUNS_MAX)
        frame->runs[frame->nr_runs++] = (struct run){begin, end};
    return begin == 0 && end == FRAME_BYTES;
}

static int put_part(struct vault_out *self, uint64_t index, const uint8_t *from, const struct run *part,
                    struct sw_err *err)
{
    struct waiting **at = find(self, index, err);
    AUTO_WAITING struct waiting *whole = NULL;

    if (at == NULL)
        return -1;
    memcpy((*at)->buf + SEAL_FINAL_HEAD + part->begin, from, part->end - part->begin);
    if (!cover(*at, part->begin, part->end))
        return make_room(self, err);
    whole = take(self, at);
    return encrypt(self, whole, FRAME_BYTES, false, err);
}

static int vault_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct vault_out *self = (struct vault_out *)out;
    SW_AUTO_UNLOCK pthread_mutex_t *held = &self->lock;
    const uint8_t *from = buf;

    pthread_mutex_lock(held);
    if (self->finished)
        return sw_fail(err, SW_FAILED, "'%s' has ended", out->name);
    self->size_bytes = sw_max_u64(self->size_bytes, off + len);
    while (len > 0) {
        struct run part = {.begin = (uint32_t)(off % FRAME_BYTES)};
        size_t n = (size_t)sw_min_u64(FRAME_BYTES - part.begin, len);

        part.end = part.begin + (uint32_t)n;
        if (put_part(self, off / FRAME_BYTES, from, &part, err) < 0)
            return -1;
        from += n;
        off += n;
        len -= n;
    }
    return 0;
}

static int vault_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return vault_pwrite(out, buf, len, out->pos, err);
}

/* Only ever longer: what was encrypted cannot be taken back. */
static int vault_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    struct vault_out *self = (struct vault_out *)out;
    SW_AUTO_UNLOCK pthread_mutex_t *held = &self->lock;

    pthread_mutex_lock(held);
    if (size_bytes < self->size_bytes)
        return sw_fail(err, SW_FAILED, "'%s' cannot be cut", out->name);
    self->size_bytes = size_bytes;
    return 0;
}

static int vault_commit(struct sw_out *out, struct sw_err *err)
{
    return sw_fail(err, SW_FAILED, "'%s' has no name yet", out->name);
}

static void vault_out_close(struct sw_out *out)
{
    struct vault_out *self = (struct vault_out *)out;

    while (self->oldest != NULL)
        waiting_free(take(self, &self->oldest));
    free(self->done);
    seal_gcm_free(self->gcm);
    sw_out_close(self->sealed);
    seal_key_free(self->keys, sizeof(*self->keys));
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct sw_out_ops vault_out_ops = {
    .write = vault_write,
    .pwrite = vault_pwrite,
    .truncate = vault_truncate,
    .commit = vault_commit,
    .close = vault_out_close,
};

/* The header of an object of that name; its length does not depend on the name. */
static int build_header(const struct vault_out *self, const char name[SW_VAULT_NAME],
                        const struct seal_id *id, const struct seal_secret *data_key, struct sw_buf *header,
                        struct sw_err *err)
{
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};
    SW_AUTO_SECRET struct seal_secret content_key = {.len = 0};
    const struct seal_header_spec spec = {.suite = seal_suite_find(SW_SEAL_SUITE),
                                          .id = id,
                                          .data_key = data_key,
                                          .context = &context,
                                          .recipients = self->vault->seal,
                                          .frame_bytes = FRAME_BYTES,
                                          .random = sw_random};

    if (vault_context(name, &context, err) < 0)
        return -1;
    return seal_header_build(&spec, header, &content_key, err);
}

/* How long the header will be, from one of another message: that message's own is built and written once. */
static int measure_header(struct vault_out *self, struct sw_err *err)
{
    const struct seal_id no_id = {.len = SEAL_ID_BYTES};
    const struct seal_secret no_key = {.len = SEAL_KEY_BYTES};
    SW_AUTO_BUF struct sw_buf header = {.len = 0};
    char name[SW_VAULT_NAME];

    memset(name, '0', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    if (build_header(self, name, &no_id, &no_key, &header, err) < 0)
        return -1;
    self->body_at = header.len;
    return 0;
}

static int begin(struct vault_out *self, struct sw_err *err)
{
    uint8_t commitment[SEAL_COMMITMENT_BYTES];

    if (!sw_out_seekable(self->sealed) || self->sealed->fd < 0)
        return sw_fail(err, SW_FAILED, "'%s' cannot be written anywhere", self->sealed->name);
    self->keys = seal_key_new(sizeof(*self->keys));
    if (self->keys == NULL)
        return sw_fail_errno(err, "cannot get memory for a key");
    self->id.len = SEAL_ID_BYTES;
    self->keys->data.len = SEAL_KEY_BYTES;
    if (sw_random(self->id.bytes, self->id.len, err) < 0 ||
        sw_random(self->keys->data.bytes, self->keys->data.len, err) < 0 ||
        seal_derive(seal_suite_find(SW_SEAL_SUITE), &self->keys->data, &self->id, &self->keys->content,
                    commitment, err) < 0)
        return -1;
    self->gcm = seal_gcm_new(self->keys->content.bytes, self->keys->content.len, true, err);
    return self->gcm != NULL ? measure_header(self, err) : -1;
}

struct sw_out *sw_vault_out(const struct sw_vault *vault, struct sw_out *sealed, struct sw_err *err)
{
    struct vault_out *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL) {
        sw_out_close(sealed);
        return NULL;
    }
    self->base = (struct sw_out){.ops = &vault_out_ops, .fd = -1, .name = sealed->name};
    self->vault = vault;
    self->sealed = sealed;
    pthread_mutex_init(&self->lock, NULL);
    if (begin(self, err) < 0) {
        vault_out_close(&self->base);
        return NULL;
    }
    return &self->base;
}

/* The frames that nobody filled, and the final one. */
static int write_rest(struct vault_out *self, struct sw_err *err)
{
    uint64_t nr_whole = self->size_bytes / FRAME_BYTES;

    for (uint64_t index = 0; index <= nr_whole; index++) {
        AUTO_WAITING struct waiting *frame = NULL;
        struct waiting **at;
        bool final = index == nr_whole;

        if (!final && is_done(self, index))
            continue;
        at = find(self, index, err);
        if (at == NULL)
            return -1;
        frame = take(self, at);
        if (encrypt(self, frame, final ? (uint32_t)(self->size_bytes % FRAME_BYTES) : FRAME_BYTES, final,
                    err) < 0)
            return -1;
    }
    return 0;
}

struct reading {
    struct seal_gcm *gcm;
    struct sw_digest *digest;
    uint8_t *stored, *plain;
};

static void reading_clear(struct reading *reading)
{
    seal_gcm_free(reading->gcm);
    sw_digest_free(reading->digest);
    seal_arena_free(reading->plain, FRAME_BYTES);
    free(reading->stored);
}

static int hash_frame(const struct vault_out *self, const struct reading *reading, uint64_t index,
                      struct sw_err *err)
{
    bool final = index == self->size_bytes / FRAME_BYTES;
    struct seal_frame shape = {.seq = (uint32_t)index + 1,
                               .len = final ? (uint32_t)(self->size_bytes % FRAME_BYTES) : FRAME_BYTES,
                               .final = final};

    if (sw_pread_full(self->sealed->fd, reading->stored, seal_frame_stored(&shape), frame_at(self, index),
                      self->base.name, err) < 0 ||
        seal_frame_decrypt(reading->gcm, &self->id, &shape, reading->stored, reading->plain, err) < 0)
        return -1;
    return sw_digest_update(reading->digest, reading->plain, shape.len, err);
}

static int hash_all(const struct vault_out *self, uint8_t sha256[32], struct sw_err *err)
{
    SW_CLEANUP(reading_clear) struct reading reading = {.gcm = NULL};

    reading.gcm = seal_gcm_new(self->keys->content.bytes, self->keys->content.len, false, err);
    reading.digest = sw_digest_new(err);
    reading.stored = sw_calloc(1, BUF_BYTES, err);
    if (reading.gcm == NULL || reading.digest == NULL || reading.stored == NULL)
        return -1;
    reading.plain = seal_arena_new(FRAME_BYTES);
    if (reading.plain == NULL)
        return sw_fail_errno(err, "cannot get memory for a frame");
    for (uint64_t index = 0; index <= self->size_bytes / FRAME_BYTES; index++)
        if (hash_frame(self, &reading, index, err) < 0)
            return -1;
    return sw_digest_final(reading.digest, sha256, err);
}

int sw_vault_out_finish(struct sw_out *out, uint8_t sha256[32], uint64_t *plain_bytes, struct sw_err *err)
{
    struct vault_out *self = (struct vault_out *)out;
    SW_AUTO_UNLOCK pthread_mutex_t *held = &self->lock;

    pthread_mutex_lock(held);
    if (self->finished)
        return sw_fail(err, SW_FAILED, "'%s' has ended", out->name);
    self->finished = true;
    *plain_bytes = self->size_bytes;
    return write_rest(self, err) < 0 ? -1 : hash_all(self, sha256, err);
}

int sw_vault_out_name(struct sw_out *out, const char name[SW_VAULT_NAME], struct sw_err *err)
{
    struct vault_out *self = (struct vault_out *)out;
    SW_AUTO_BUF struct sw_buf header = {.len = 0};

    if (!self->finished || self->keys->data.len == 0)
        return sw_fail(err, SW_FAILED, "'%s' has not ended, or has a name", out->name);
    if (build_header(self, name, &self->id, &self->keys->data, &header, err) < 0)
        return -1;
    seal_secret_cleanse(&self->keys->data); /* a second header is never built */
    if (header.len != self->body_at)
        return sw_fail(err, SW_FAILED, "'%s': its header has %zu bytes, not %" PRIu64, out->name, header.len,
                       self->body_at);
    return sw_out_pwrite(self->sealed, header.data, header.len, 0, err);
}
