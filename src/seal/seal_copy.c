/* All of a sealed message, or a range of it, into an output: one thread reads, a team decrypts and writes. */
#include "slipway/copy.h"
#include "src/base/ckd.h"
#include "src/base/pool.h"
#include "src/seal/seal_in.h"
#include "src/seal/secret.h"
#include "src/seal/team.h"

#include <inttypes.h>

/* What a thread decrypts at a time, about: what the thread before it left in a cache. */
enum { PIECE_BYTES = 256 << 10, HOLE_BYTES = 64 << 10, ALIGN = 64 };

struct opening {
    struct sw_in *in;
    struct sw_out *out;
    uint64_t first, end;  /* of the plaintext */
    uint32_t seq, last;   /* frames that hold it: the next one to be read, and the last */
    uint32_t slot_frames; /* what a slot takes */
};

/* A thread's own. */
struct decryptor {
    struct seal_gcm *gcm;
    uint8_t *plain; /* plain_bytes of an arena */
    size_t plain_bytes;
};

static void decryptor_free(void *worker)
{
    struct decryptor *self = worker;

    seal_gcm_free(self->gcm);
    seal_arena_free(self->plain, self->plain_bytes);
    free(self);
}

static int decryptor_new(void *arg, void **worker, struct sw_err *err)
{
    const struct opening *opening = arg;
    struct decryptor *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return -1;
    self->plain_bytes = (size_t)opening->slot_frames * seal_layout_room(seal_in_layout(opening->in));
    self->gcm = seal_in_gcm(opening->in, err);
    self->plain = seal_arena_new(self->plain_bytes);
    if (self->gcm == NULL || self->plain == NULL) {
        if (self->gcm != NULL)
            sw_fail_errno(err, "cannot get memory for %zu bytes of plaintext", self->plain_bytes);
        decryptor_free(self);
        return -1;
    }
    *worker = self;
    return 0;
}

/* Those that a slot takes. */
static struct seal_frames frames_from(const struct opening *self, uint64_t seq)
{
    return (struct seal_frames){(uint32_t)seq, (uint32_t)sw_min_u64(self->slot_frames, self->last - seq + 1)};
}

/* Copies are faster between like addresses. */
static uint8_t *stored_at(const struct opening *self, const struct seal_slot *slot)
{
    return slot->buf + seal_layout_offset(seal_in_layout(self->in), (uint32_t)slot->first) % ALIGN;
}

static uint64_t plain_at(const struct opening *self, uint64_t seq)
{
    return (seq - 1) * seal_in_layout(self->in)->frame_bytes;
}

/* Decrypts a slot's frames; what is made of them is the range's part. */
static int open_slot(void *arg, void *worker, struct seal_slot *slot, struct sw_err *err)
{
    const struct opening *self = arg;
    const struct decryptor *decryptor = worker;
    const struct seal_frames frames = frames_from(self, slot->first);
    const struct seal_frame last = seal_layout_frame(seal_in_layout(self->in), frames.seq + frames.n - 1);
    uint64_t from = plain_at(self, frames.seq), to = plain_at(self, last.seq) + last.len;
    size_t skip = self->first > from ? (size_t)(self->first - from) : 0;

    if (seal_in_decrypt(self->in, decryptor->gcm, frames, stored_at(self, slot), decryptor->plain, err) < 0)
        return -1;
    slot->made = decryptor->plain + skip;
    slot->nr_made = (size_t)(sw_min_u64(to, self->end) - from) - skip;
    return 0;
}

/* The next run of data at or after *at, in units of holes; 0 at the end. */
static size_t next_run(const struct seal_slot *slot, size_t *at)
{
    const uint8_t *data = slot->made;
    size_t len = slot->nr_made, end;

    while (*at < len && sw_is_zero(data + *at, (size_t)sw_min_u64(HOLE_BYTES, len - *at)))
        *at += HOLE_BYTES;
    end = *at;
    while (end < len && !sw_is_zero(data + end, (size_t)sw_min_u64(HOLE_BYTES, len - end)))
        end += HOLE_BYTES;
    return *at < len ? (size_t)sw_min_u64(end, len) - *at : 0;
}

static int put_anywhere(void *arg, const struct seal_slot *slot, struct sw_err *err)
{
    const struct opening *self = arg;
    uint64_t from = plain_at(self, slot->first);
    uint64_t to = from > self->first ? from - self->first : 0;
    size_t at = 0, n;

    while ((n = next_run(slot, &at)) > 0) {
        if (sw_out_pwrite(self->out, slot->made + at, n, to + at, err) < 0)
            return -1;
        at += n;
    }
    return 0;
}

static int put_next(void *arg, const struct seal_slot *slot, struct sw_err *err)
{
    const struct opening *self = arg;

    return sw_out_write(self->out, slot->made, slot->nr_made, err);
}

/* Fills the next slot from the message. */
static int read_slot(struct opening *self, struct seal_team *team, struct sw_err *err)
{
    struct seal_slot *slot = seal_team_slot(team, err);
    const struct seal_frames frames = frames_from(self, self->seq);

    if (slot == NULL)
        return -1;
    slot->first = self->seq;
    slot->len = seal_in_stored(self->in, frames);
    if (seal_in_read_stored(self->in, frames, stored_at(self, slot), err) < 0) {
        struct sw_err earlier = {.code = SW_OK};

        /* An error of what was read before comes first. */
        if (seal_team_drain(team, &earlier) < 0)
            *err = earlier;
        return -1;
    }
    self->seq += frames.n;
    return seal_team_submit(team, slot, err);
}

static int read_slots(struct opening *self, struct seal_team *team, struct sw_progress *progress,
                      struct sw_err *err)
{
    while (self->seq <= self->last) {
        if (sw_check_interrupt(err) < 0 || read_slot(self, team, err) < 0)
            return -1;
        sw_progress_tick(progress, sw_min_u64(plain_at(self, self->seq), self->end) - self->first,
                         self->end - self->first);
    }
    return seal_team_finish(team, err);
}

static int open_range(struct opening *self, unsigned jobs, struct sw_progress *progress, struct sw_err *err)
{
    const struct seal_layout *layout = seal_in_layout(self->in);
    bool seekable = sw_out_seekable(self->out);
    size_t stride = (size_t)seal_layout_room(layout) + SEAL_FRAME_OVER;
    struct seal_team_spec spec = {
        .self = self,
        .jobs = jobs > 0 ? jobs : 1,
        .in_order = !seekable,
        .worker_new = decryptor_new,
        .worker_free = decryptor_free,
        .work = open_slot,
        .put = seekable ? put_anywhere : put_next,
    };
    struct seal_team *team;
    int rc;

    self->seq = (uint32_t)(self->first / layout->frame_bytes) + 1;
    self->last = (uint32_t)((self->end - 1) / layout->frame_bytes) + 1;
    self->slot_frames =
        stride < PIECE_BYTES ? (uint32_t)sw_min_u64(PIECE_BYTES / stride, layout->nr_frames) : 1;
    spec.jobs = (unsigned)sw_min_u64(spec.jobs, sw_div_up(self->last - self->seq + 1, self->slot_frames));
    spec.buf_bytes = self->slot_frames * stride + SEAL_FINAL_OVER - SEAL_FRAME_OVER + ALIGN;
    team = seal_team_new(&spec, err);
    if (team == NULL)
        return -1;
    rc = read_slots(self, team, progress, err);
    seal_team_free(team);
    return rc == 0 && seekable ? sw_out_truncate(self->out, self->end - self->first, err) : rc;
}

int sw_seal_read_range(struct sw_in *in, const struct sw_seal_range *range, struct sw_out *out, unsigned jobs,
                       struct sw_progress *progress, struct sw_err *err)
{
    struct opening self = {.in = in, .out = out, .first = range->off};

    if (sw_add_ovf(range->off, range->len, &self.end) || self.end > in->size_bytes)
        return sw_fail(err, SW_USAGE,
                       "'%s' holds %" PRIu64 " bytes; %" PRIu64 " at %" PRIu64 " were asked for", in->name,
                       in->size_bytes, range->len, range->off);
    if (range->len == 0)
        return sw_out_seekable(out) ? sw_out_truncate(out, 0, err) : 0;
    return open_range(&self, jobs, progress, err);
}

int sw_seal_read_all(struct sw_in *in, struct sw_out *out, unsigned jobs, struct sw_progress *progress,
                     struct sw_err *err)
{
    const struct sw_seal_range all = {.off = 0, .len = in->size_bytes};

    return sw_seal_read_range(in, &all, out, jobs, progress, err);
}

static int nothing_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    (void)out;
    (void)buf;
    (void)len;
    (void)err;
    return 0;
}

int sw_seal_check(struct sw_in *in, unsigned jobs, struct sw_err *err)
{
    static const struct sw_out_ops nothing_ops = {.write = nothing_write};
    struct sw_out nothing = {.ops = &nothing_ops, .fd = -1, .name = in->name};

    return sw_seal_read_all(in, &nothing, jobs, NULL, err);
}
