/* An output that seals what is written to it. */
#include "src/seal/seal_out.h"

#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/pool.h"
#include "src/seal/frame.h"
#include "src/seal/pair.h"
#include "src/seal/sidecar.h"
#include "src/seal/team.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Plaintext that a thread encrypts at a time, about: what the thread before it left in a cache. */
enum { PIECE_BYTES = 256 << 10 };

struct seal_out {
    struct sw_out base;
    struct sw_out *sealed;
    struct sw_out *sidecar; /* NULL for a direct message */
    struct seal_pair *pair; /* NULL where they are no files by name */
    char artifact[SEAL_ARTIFACT_TEXT];
    const struct seal_suite *suite;
    struct seal_id id;
    struct seal_signature *signer; /* NULL: not signed */
    char public_key[SEAL_PUBLIC_TEXT];
    struct seal_secret content_key;
    uint64_t body_at;
    uint64_t plain_bytes; /* as declared */
    uint32_t frame_bytes;
    uint32_t slot_frames;
    uint64_t next_frame; /* frames before it are those of earlier slots, or of an earlier run */
    struct seal_team *team;
    struct seal_slot *slot; /* being filled; NULL when none is */
};

static size_t stride(const struct seal_out *self)
{
    return (size_t)self->frame_bytes + SEAL_FRAME_OVER;
}

static int worker_new(void *arg, void **worker, struct sw_err *err)
{
    struct seal_out *self = arg;

    *worker = seal_gcm_new(self->content_key.bytes, self->content_key.len, true, err);
    return *worker != NULL ? 0 : -1;
}

static void worker_free(void *worker)
{
    seal_gcm_free(worker);
}

/* Plaintext lies where regular frames have it; a final frame's head is longer. */
static int encrypt_final(const struct seal_out *self, struct seal_gcm *gcm, struct seal_frame *frame,
                         uint8_t *at, struct sw_err *err)
{
    frame->final = true;
    memmove(at + SEAL_FINAL_HEAD, at + SEAL_FRAME_HEAD, frame->len);
    return seal_frame_encrypt(gcm, &self->id, frame, at, err);
}

static int encrypt_slot(void *arg, void *worker, struct seal_slot *slot, struct sw_err *err)
{
    const struct seal_out *self = arg;
    size_t regular = slot->len / self->frame_bytes;
    struct seal_frame frame = {.seq = (uint32_t)slot->first + 1, .len = self->frame_bytes};

    for (size_t i = 0; i < regular; i++, frame.seq++)
        if (seal_frame_encrypt(worker, &self->id, &frame, slot->buf + i * stride(self), err) < 0)
            return -1;
    slot->made = slot->buf;
    slot->nr_made = regular * stride(self);
    if (!slot->last)
        return 0;
    frame.len = (uint32_t)(slot->len % self->frame_bytes);
    if (encrypt_final(self, worker, &frame, slot->buf + slot->nr_made, err) < 0)
        return -1;
    slot->nr_made += seal_frame_stored(&frame);
    return 0;
}

static bool in_order(const struct seal_out *self)
{
    return self->signer != NULL || !sw_out_seekable(self->sealed);
}

static int put_slot(void *arg, const struct seal_slot *slot, struct sw_err *err)
{
    struct seal_out *self = arg;
    uint64_t at = self->body_at + slot->first * stride(self);

    /* What is signed comes in order. */
    if (self->signer != NULL && seal_signature_update(self->signer, slot->made, slot->nr_made, err) < 0)
        return -1;
    if (in_order(self))
        return sw_out_write(self->sealed, slot->made, slot->nr_made, err);
    return sw_out_pwrite(self->sealed, slot->made, slot->nr_made, at, err);
}

/* Sequence numbers have 32 bits, and the final frame takes one. */
static int submit(struct seal_out *self, struct sw_err *err)
{
    struct seal_slot *slot = SW_STEAL_PTR(self->slot);

    slot->first = self->next_frame;
    self->next_frame += slot->len / self->frame_bytes;
    if (self->next_frame >= UINT32_MAX)
        return sw_fail(err, SW_FAILED, "'%s': too many frames of %" PRIu32 " bytes; take larger ones",
                       self->base.name, self->frame_bytes);
    return seal_team_submit(self->team, slot, err);
}

/* Where the next plaintext byte goes, and how many fit there in one run. */
static uint8_t *room(struct seal_out *self, size_t *len, struct sw_err *err)
{
    size_t frame, within;

    if (self->slot == NULL)
        self->slot = seal_team_slot(self->team, err);
    if (self->slot == NULL)
        return NULL;
    frame = self->slot->len / self->frame_bytes;
    within = self->slot->len % self->frame_bytes;
    *len = self->frame_bytes - within;
    return self->slot->buf + frame * stride(self) + SEAL_FRAME_HEAD + within;
}

static int filled(struct seal_out *self, size_t len, struct sw_err *err)
{
    self->slot->len += len;
    if (self->slot->len < (size_t)self->slot_frames * self->frame_bytes)
        return 0;
    return submit(self, err);
}

static int seal_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    struct seal_out *self = (struct seal_out *)out;
    const uint8_t *from = buf;

    while (len > 0) {
        size_t n = 0;
        uint8_t *to = room(self, &n, err);

        if (to == NULL)
            return -1;
        n = n < len ? n : len;
        memcpy(to, from, n);
        if (filled(self, n, err) < 0)
            return -1;
        from += n;
        len -= n;
    }
    return 0;
}

/* The signature behind its length. */
static int write_footer(struct seal_out *self, struct sw_err *err)
{
    uint8_t footer[2 + SEAL_SIGNATURE_MAX];
    size_t len = 0;

    if (seal_signature_make(self->signer, footer + 2, &len, err) < 0)
        return -1;
    be16_put(footer, (uint16_t)len);
    return sw_out_write(self->sealed, footer, 2 + len, err);
}

static int seal_final(struct seal_out *self, struct sw_err *err)
{
    if (self->plain_bytes != SW_SEAL_SIZE_UNKNOWN && self->plain_bytes != self->base.pos)
        return sw_fail(err, SW_FAILED, "'%s': %" PRIu64 " bytes were written, %" PRIu64 " were announced",
                       self->base.name, self->base.pos, self->plain_bytes);
    if (self->slot == NULL)
        self->slot = seal_team_slot(self->team, err);
    if (self->slot == NULL)
        return -1;
    self->slot->last = true;
    if (submit(self, err) < 0)
        return -1;
    if (seal_team_finish(self->team, err) < 0)
        return -1;
    return self->signer != NULL ? write_footer(self, err) : 0;
}

static int commit_both(struct seal_out *self, struct sw_err *err)
{
    int rc;

    if (self->pair != NULL && seal_pair_begin(self->pair, self->artifact, err) < 0)
        return -1;
    rc = self->sidecar != NULL ? sw_out_commit(self->sidecar, err) : 0;
    if (rc == 0)
        rc = sw_out_commit(self->sealed, err);
    if (self->pair != NULL)
        seal_pair_end(self->pair);
    return rc;
}

static int seal_commit(struct sw_out *out, struct sw_err *err)
{
    struct seal_out *self = (struct seal_out *)out;

    if (seal_final(self, err) < 0)
        return -1;
    /* The sidecar must not take its place before it is sure that the body will. */
    if (self->sealed->fd >= 0 && sw_fd_out_settle(self->sealed, err) < 0)
        return -1;
    return commit_both(self, err);
}

static void seal_close(struct sw_out *out)
{
    struct seal_out *self = (struct seal_out *)out;

    seal_team_free(self->team);
    sw_out_close(self->sealed);
    sw_out_close(self->sidecar);
    seal_pair_free(self->pair);
    seal_signature_free(self->signer);
    seal_secret_cleanse(&self->content_key);
    seal_key_free(self, sizeof(*self));
}

static const struct sw_out_ops seal_out_ops = {
    .write = seal_write,
    .commit = seal_commit,
    .close = seal_close,
};

/* The key that signs is made here, so that its public half is in the context before a data key is wrapped. */
static int add_signer(struct seal_out *self, const struct seal_context *base, struct seal_context *context,
                      struct sw_err *err)
{
    struct sw_pair pair = {SEAL_PUBLIC_KEY, self->public_key};
    const struct seal_context added = {.pairs = &pair, .n = seal_suite_signs(self->suite) ? 1 : 0};

    if (added.n > 0) {
        self->signer = seal_signer_new(self->suite->curve, self->public_key, err);
        if (self->signer == NULL)
            return -1;
    }
    return seal_context_join(context, base, &added, err);
}

/* The caller's pairs and ours. */
static int make_context(const struct seal_out *self, const struct sw_seal_opts *opts,
                        struct seal_context *context, struct sw_err *err)
{
    SW_AUTO_FREE struct sw_pair *pairs = sw_calloc(opts->nr_context + 3, sizeof(*pairs), err);
    size_t n = opts->nr_context;
    char size[24];

    if (pairs == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        pairs[i] = opts->context[i];
    snprintf(size, sizeof(size), "%" PRIu64, self->plain_bytes);
    pairs[n++] = (struct sw_pair){SEAL_FORMAT_KEY, SEAL_FORMAT_VALUE};
    pairs[n++] = (struct sw_pair){"artifact", self->artifact};
    if (seal_pairs_get(opts->context, opts->nr_context, SEAL_SIZE_KEY) != NULL)
        return sw_fail(err, SW_USAGE, "encryption context: slipway itself sets '%s'", SEAL_SIZE_KEY);
    if (self->plain_bytes != SW_SEAL_SIZE_UNKNOWN)
        pairs[n++] = (struct sw_pair){SEAL_SIZE_KEY, size};
    return seal_context_set(context, pairs, n, err);
}

/* Fresh keys of one message, dropped as soon as the header stands. */
struct fresh {
    struct seal_artifact artifact;
    struct seal_secret data_key;
};

static void fresh_cleanse(struct fresh *fresh)
{
    seal_cleanse(fresh, sizeof(*fresh));
}

static int draw(struct seal_out *self, struct fresh *fresh, seal_random_fn *random, struct sw_err *err)
{
    uint8_t id[SEAL_ARTIFACT_BYTES];

    fresh->artifact.key.len = SEAL_KEY_BYTES;
    fresh->data_key.len = self->suite->key_bytes;
    self->id.len = seal_suite_id_bytes(self->suite);
    if (random(id, sizeof(id), err) < 0 || random(self->id.bytes, self->id.len, err) < 0 ||
        random(fresh->data_key.bytes, fresh->data_key.len, err) < 0 ||
        random(fresh->artifact.key.bytes, SEAL_KEY_BYTES, err) < 0)
        return -1;
    sw_hex(id, sizeof(id), self->artifact);
    memcpy(fresh->artifact.id, self->artifact, sizeof(self->artifact));
    return 0;
}

static int build_header(struct seal_out *self, const struct seal_out_spec *out_spec,
                        const struct fresh *fresh, struct sw_buf *header, struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *artifact = NULL;
    SW_AUTO_CONTEXT struct seal_context base = {.n = 0}, context = {.n = 0};
    struct seal_header_spec spec = {
        .suite = self->suite,
        .id = &self->id,
        .data_key = &fresh->data_key,
        .context = &context,
        .recipients = out_spec->opts->recipients,
        .frame_bytes = self->frame_bytes,
        .random = out_spec->random,
    };

    if (self->sidecar != NULL) {
        artifact = seal_artifact_ring(&fresh->artifact, SW_KEY_SEAL, err);
        if (artifact == NULL)
            return -1;
        spec.recipients = artifact;
    }
    if (make_context(self, out_spec->opts, &base, err) < 0 || add_signer(self, &base, &context, err) < 0)
        return -1;
    return seal_header_build(&spec, header, &self->content_key, err);
}

/* Whoever keeps the keys for another run has them before the header is anywhere. */
static int begin_new(struct seal_out *self, const struct seal_out_spec *spec, struct fresh *fresh,
                     struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf header = {.len = 0};
    struct seal_keeping keeping = {.data_key = &fresh->data_key, .artifact = &fresh->artifact};

    if (draw(self, fresh, spec->random, err) < 0 || build_header(self, spec, fresh, &header, err) < 0)
        return -1;
    keeping.header = (struct seal_view){.bytes = (const uint8_t *)header.data, .len = header.len};
    if (spec->keep != NULL && spec->keep(spec->keeper, &keeping, err) < 0)
        return -1;
    if (self->signer != NULL && seal_signature_update(self->signer, header.data, header.len, err) < 0)
        return -1;
    return sw_out_write(self->sealed, header.data, header.len, err);
}

/* The header of an earlier run, the very bytes: a second one for its message id is never made. */
static int begin_again(struct seal_out *self, const struct seal_out_spec *spec, struct fresh *fresh,
                       struct sw_err *err)
{
    static const struct seal_context none;
    const struct seal_kept *kept = spec->kept;
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};

    if (seal_header_parse(&header, kept->header.bytes, kept->header.len, err) < 0 ||
        seal_header_verify(&header, kept->data_key, &none, &self->content_key, err) < 0)
        return -1;
    if (header.suite != self->suite || self->signer != NULL)
        return sw_fail(err, SW_FAILED, "a message of another suite cannot be gone on with");
    self->id = header.id;
    memcpy(self->artifact, kept->artifact->id, sizeof(self->artifact));
    fresh->artifact = *kept->artifact;
    self->frame_bytes = header.frame_bytes;
    self->next_frame = kept->frames;
    self->base.pos = kept->frames * self->frame_bytes;
    return sw_out_write(self->sealed, kept->header.bytes, kept->header.len, err);
}

static int begin(struct seal_out *self, const struct seal_out_spec *spec, struct sw_err *err)
{
    SW_CLEANUP(fresh_cleanse) struct fresh fresh = {.data_key = {.len = 0}};

    if ((spec->kept != NULL ? begin_again : begin_new)(self, spec, &fresh, err) < 0)
        return -1;
    self->body_at = self->sealed->pos;
    if (self->sidecar == NULL)
        return 0;
    return seal_sidecar_write(&fresh.artifact, spec->opts->recipients, spec->random, self->sidecar, err);
}

static int check_frames(const struct seal_out *self, struct sw_err *err)
{
    if (self->frame_bytes > SW_SEAL_FRAME_BYTES_MAX)
        return sw_fail(err, SW_USAGE, "frames of %" PRIu32 " bytes are too large (at most %d)",
                       self->frame_bytes, SW_SEAL_FRAME_BYTES_MAX);
    if (self->plain_bytes != SW_SEAL_SIZE_UNKNOWN && !seal_frames_do(self->plain_bytes, self->frame_bytes))
        return sw_fail(err, SW_USAGE,
                       "%" PRIu64 " bytes are more than 2^32-1 frames of %" PRIu32 " bytes hold",
                       self->plain_bytes, self->frame_bytes);
    return 0;
}

static int check_opts(const struct seal_out *self, const struct seal_out_spec *spec, struct sw_err *err)
{
    const struct sw_seal_opts *opts = spec->opts;

    if (opts->recipients == NULL || opts->recipients->n == 0)
        return sw_fail(err, SW_USAGE, "no recipient to seal to");
    if (self->suite == NULL || !seal_suite_commits(self->suite))
        return sw_fail(err, SW_USAGE, "suite 0x%04x is not written", (unsigned)opts->suite);
    if (opts->direct != (spec->sidecar == NULL) || opts->recipients->use != SW_KEY_SEAL)
        return sw_fail(err, SW_FAILED, "a sealed output was set up wrongly");
    return check_frames(self, err);
}

static int set_up_team(struct seal_out *self, unsigned jobs, struct sw_err *err)
{
    struct seal_team_spec spec = {
        .self = self,
        .jobs = jobs > 0 ? jobs : 1,
        .in_order = in_order(self),
        .worker_new = worker_new,
        .worker_free = worker_free,
        .work = encrypt_slot,
        .put = put_slot,
    };

    self->slot_frames = stride(self) < PIECE_BYTES ? (uint32_t)(PIECE_BYTES / stride(self)) : 1;
    spec.buf_bytes = self->slot_frames * stride(self) + SEAL_FINAL_OVER - SEAL_FRAME_OVER;
    self->team = seal_team_new(&spec, err);
    return self->team != NULL ? 0 : -1;
}

/* About as long as the message will be. */
static int digest_output(struct seal_out *self, const struct sw_seal_opts *opts, struct sw_err *err)
{
    uint64_t expected = opts->plain_bytes != SW_SEAL_SIZE_UNKNOWN ? opts->plain_bytes : 0;

    if (opts->digests != NULL)
        self->sealed = sw_digest_out(self->sealed, expected, opts->jobs, opts->digests, err);
    return self->sealed != NULL ? 0 : -1;
}

struct sw_out *seal_out_new(const struct seal_out_spec *spec, struct sw_err *err)
{
    struct seal_out *self = seal_key_new(sizeof(*self));

    if (self == NULL) {
        sw_fail_errno(err, "cannot get memory for a key");
        sw_out_close(spec->sealed);
        sw_out_close(spec->sidecar);
        seal_pair_free(spec->pair);
        return NULL;
    }
    self->base = (struct sw_out){.ops = &seal_out_ops, .fd = -1, .name = spec->sealed->name};
    self->sealed = spec->sealed;
    self->sidecar = spec->sidecar;
    self->pair = spec->pair;
    if (digest_output(self, spec->opts, err) < 0) {
        seal_close(&self->base);
        return NULL;
    }
    self->plain_bytes = spec->opts->plain_bytes;
    self->frame_bytes =
        spec->opts->frame_bytes > 0 ? spec->opts->frame_bytes : seal_frame_for(self->plain_bytes);
    self->suite = seal_suite_find(spec->opts->suite != 0 ? spec->opts->suite : SW_SEAL_SUITE);
    if (check_opts(self, spec, err) < 0 || begin(self, spec, err) < 0 ||
        set_up_team(self, spec->opts->jobs, err) < 0) {
        seal_close(&self->base);
        return NULL;
    }
    return &self->base;
}

struct sw_out *sw_seal_out(const struct sw_seal_opts *opts, struct sw_out *sealed, struct sw_out *sidecar,
                           struct sw_err *err)
{
    const struct seal_out_spec spec = {
        .opts = opts, .sealed = sealed, .sidecar = sidecar, .random = sw_random};

    return seal_out_new(&spec, err);
}

const char *sw_seal_artifact(const struct sw_out *out)
{
    return ((const struct seal_out *)out)->artifact;
}

int sw_seal_write_all(struct sw_out *out, struct sw_in *from, struct sw_progress *progress,
                      struct sw_err *err)
{
    struct seal_out *self = (struct seal_out *)out;

    for (uint64_t at = out->pos; at < from->size_bytes; at = out->pos) {
        size_t n = 0;
        uint8_t *to = room(self, &n, err);

        if (to == NULL || sw_check_interrupt(err) < 0)
            return -1;
        n = (size_t)sw_min_u64(n, from->size_bytes - at);
        if (sw_in_read(from, to, n, at, err) < 0 || filled(self, n, err) < 0)
            return -1;
        out->pos += n;
        sw_progress_tick(progress, out->pos, from->size_bytes);
    }
    return 0;
}

int seal_out_flush(struct sw_out *out, struct sw_err *err)
{
    struct seal_out *self = (struct seal_out *)out;

    if (self->slot != NULL && self->slot->len % self->frame_bytes != 0)
        return sw_fail(err, SW_FAILED, "'%s': a frame is not full", out->name);
    if (self->slot != NULL && self->slot->len > 0 && submit(self, err) < 0)
        return -1;
    return seal_team_drain(self->team, err);
}
