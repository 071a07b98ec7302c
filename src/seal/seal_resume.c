/* Sealing a file so that an interrupted run can be gone on with, by whoever holds the resume key. */
#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/seal/frame.h"
#include "src/seal/pair.h"
#include "src/seal/resume_journal.h"
#include "src/seal/scheme.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE_BYTES = 256 << 10 };

struct sealing {
    const struct sw_seal_file *ask;
    struct resume_journal journal;
    struct sw_out *partial; /* owned by out, once that is there */
    struct sw_out *sidecar; /* likewise */
    struct seal_pair *pair; /* likewise */
    struct sw_out *out;
    uint8_t *segment; /* what is sealed now: segment_bytes of an arena */
    bool keep;        /* what an earlier run left, for whoever has its key */
};

static int changed(const struct sealing *self, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s' changed while it was sealed", self->ask->from->name);
}

static uint32_t frame_bytes(const struct sw_seal_opts *opts)
{
    return opts->frame_bytes > 0 ? opts->frame_bytes : seal_frame_for(opts->plain_bytes);
}

static json_t *describe_context(const struct sw_seal_opts *opts)
{
    json_t *context = json_object();

    for (size_t i = 0; context != NULL && i < opts->nr_context; i++)
        if (json_object_set_new(context, opts->context[i].key, json_string(opts->context[i].value)) < 0) {
            json_decref(context);
            return NULL;
        }
    return context;
}

/* Another key under the same name is another recipient; see check_kept_recipients for those without own_name. */
static json_t *describe_key(const struct seal_key *key)
{
    return json_pack("[s, s]", key->label, key->own_name);
}

/* Of a direct message the recipients are in the header, which stays; a sidecar is made anew. */
static json_t *describe_recipients(const struct sw_seal_opts *opts)
{
    json_t *keys = json_array();

    for (size_t i = 0; opts->direct && keys != NULL && i < opts->recipients->n; i++)
        if (json_array_append_new(keys, describe_key(&opts->recipients->keys[i])) < 0) {
            json_decref(keys);
            return NULL;
        }
    return keys;
}

static json_t *describe_target(const struct sw_seal_opts *opts, struct sw_err *err)
{
    json_t *json = json_pack("{s:i, s:I, s:b, s:o, s:o}", "suite", (int)opts->suite, "frame_bytes",
                             (json_int_t)opts->frame_bytes, "direct", opts->direct, "context",
                             describe_context(opts), "recipients", describe_recipients(opts));

    if (json == NULL)
        sw_fail(err, SW_USAGE, "the context cannot stand in a journal (text that is not UTF-8?)");
    return json;
}

/* All that may have been sealed is what it was then: nothing else may ever meet that key. */
static int check_segments(struct sealing *self, struct sw_err *err)
{
    const struct resume_journal *journal = &self->journal;
    struct sw_in *from = self->ask->from;
    uint8_t mac[SW_SHA256_BYTES], was[SW_SHA256_BYTES];

    if (journal->nr_segments > sw_div_up(from->size_bytes, journal->segment_bytes))
        return sw_fail(err, SW_INTEGRITY, "its journal is damaged: it has too many segments");
    for (uint64_t i = 0; i < journal->nr_segments; i++) {
        struct sw_seal_range range = {.off = i * journal->segment_bytes};

        range.len = sw_min_u64(journal->segment_bytes, from->size_bytes - range.off);
        if (resume_journal_segment(journal, i, was, err) < 0 ||
            resume_journal_mac(journal, from, &range, mac, err) < 0)
            return -1;
        if (!seal_equal(mac, was, sizeof(mac)))
            return sw_fail(err, SW_FAILED, "the file has changed since, at %" PRIu64 " or behind", range.off);
    }
    return 0;
}

/* The frames that count are there. */
static int check_partial(const struct sealing *self, uint64_t frames, uint32_t each, struct sw_err *err)
{
    uint64_t least = self->journal.header.len + frames * ((uint64_t)each + SEAL_FRAME_OVER);
    struct stat st;

    if (fstat(self->partial->fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at what is there of '%s'", self->ask->path);
    if (frames > 0 && (uint64_t)st.st_size < least)
        return sw_fail(err, SW_INTEGRITY, "what is there of it is truncated");
    return 0;
}

/*
 * What a direct message's header says of its recipients was made by the keys that have these names now: those that only
 * their names tell are asked. Where they do not answer, what is there is left for when they do.
 */
static int check_kept_recipients(struct sealing *self, const struct seal_header *header, struct sw_err *err)
{
    const struct sw_keyring *ring = self->ask->opts.recipients;
    SW_AUTO_BUF struct sw_buf aad = {.len = 0};
    struct seal_wrap how = {
        .data_key = &self->journal.data_key, .context = &header->context, .random = sw_random};

    if (seal_context_write(&header->context, &aad, err) < 0)
        return -1;
    how.aad = (struct seal_view){.bytes = (const uint8_t *)aad.data, .len = aad.len};
    for (size_t i = 0; self->ask->opts.direct && i < ring->n && i < header->nr_edks; i++) {
        const struct seal_key *key = &ring->keys[i];
        bool made = true;

        if (key->ops->made != NULL && key->ops->made(key, &header->edks[i], &how, &made, err) < 0) {
            self->keep = true;
            return sw_context(err, "recipient '%s'", key->label);
        }
        if (!made)
            return sw_fail(err, SW_FAILED, "its recipient '%s' is another key now", key->label);
    }
    return 0;
}

/* 1: goes on with *kept; 0: there is nothing to go on with. */
static int find_kept(struct sealing *self, struct seal_kept *kept, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    struct resume_journal *journal = &self->journal;
    int found = resume_journal_read(journal, self->ask->resume->open, err);
    uint64_t durable = journal->nr_segments > 0 ? journal->nr_segments - 1 : 0;

    if (found != 1)
        return found;
    *kept = (struct seal_kept){
        .data_key = &journal->data_key,
        .artifact = &journal->artifact,
        .header = {.bytes = (const uint8_t *)journal->header.data, .len = journal->header.len}};
    if (seal_header_parse(&header, kept->header.bytes, kept->header.len, err) < 0)
        return -1;
    if (header.frame_bytes == 0 || journal->segment_bytes % header.frame_bytes != 0)
        return sw_fail(err, SW_INTEGRITY, "its journal is damaged: segments of %" PRIu64 " bytes",
                       journal->segment_bytes);
    kept->frames = durable * (journal->segment_bytes / header.frame_bytes);
    if (check_kept_recipients(self, &header, err) < 0 ||
        check_partial(self, kept->frames, header.frame_bytes, err) < 0 || check_segments(self, err) < 0)
        return -1;
    return 1;
}

/* The hook of a new message. */
static int keep_keys(void *keeper, const struct seal_keeping *keeping, struct sw_err *err)
{
    struct sealing *self = keeper;

    return resume_journal_create(&self->journal, keeping, self->ask->resume->seal, err);
}

static int begin_anew(struct sealing *self, struct sw_err *err)
{
    struct resume_journal *journal = &self->journal;

    if (journal->fd >= 0)
        close(SW_STEAL_FD(journal->fd));
    journal->nr_segments = 0;
    journal->segment_bytes = resume_segment_bytes(self->ask->from->size_bytes, frame_bytes(&self->ask->opts));
    return sw_partial_restart(self->partial, err);
}

static int make_out(struct sealing *self, const struct seal_kept *kept, struct sw_err *err)
{
    const struct seal_out_spec spec = {.opts = &self->ask->opts,
                                       .sealed = self->partial,
                                       .sidecar = self->sidecar,
                                       .pair = self->pair,
                                       .random = sw_random,
                                       .keep = keep_keys,
                                       .keeper = self,
                                       .kept = kept};

    self->sidecar = NULL;
    self->pair = NULL;
    self->out = seal_out_new(&spec, err);
    if (self->out == NULL)
        self->partial = NULL; /* closed */
    return self->out != NULL ? 0 : -1;
}

static int begin(struct sealing *self, struct sw_err *err)
{
    const struct sw_seal_file *ask = self->ask;
    struct sw_err why = {.code = SW_OK};
    struct seal_kept kept;
    int found = find_kept(self, &kept, &why);

    if (found == 1) {
        sw_log(SW_LOG_INFO, "'%s': goes on at %" PRIu64 " of %" PRIu64 " bytes", ask->path,
               kept.frames == 0 ? 0 : (self->journal.nr_segments - 1) * self->journal.segment_bytes,
               ask->from->size_bytes);
        return make_out(self, &kept, err);
    }
    if (found < 0 && (why.code == SW_INTERRUPTED || self->journal.locked || self->keep)) {
        self->keep = self->keep || self->journal.locked;
        *err = why;
        return -1;
    }
    if (found < 0)
        sw_log(SW_LOG_WARNING, "'%s': begins anew, with another key and message id: %s", ask->path, why.text);
    return begin_anew(self, err) < 0 ? -1 : make_out(self, NULL, err);
}

static int read_segment(struct sealing *self, const struct sw_seal_range *range, struct sw_err *err)
{
    struct sw_in *from = self->ask->from;

    if (self->segment == NULL)
        self->segment = seal_arena_new(self->journal.segment_bytes);
    if (self->segment == NULL)
        return sw_fail_errno(err, "cannot get memory for %" PRIu64 " bytes of '%s'",
                             self->journal.segment_bytes, from->name);
    for (uint64_t at = 0; at < range->len; at += PIECE_BYTES) {
        size_t n = (size_t)sw_min_u64(PIECE_BYTES, range->len - at);

        if (sw_check_interrupt(err) < 0 || sw_in_read(from, self->segment + at, n, range->off + at, err) < 0)
            return -1;
    }
    return 0;
}

/* A segment whose frames may lie somewhere already is what it was then, in the very memory that is encrypted now. */
static int vouch_for(struct sealing *self, const struct sw_seal_range *range, struct sw_err *err)
{
    struct resume_journal *journal = &self->journal;
    uint64_t index = range->off / journal->segment_bytes;
    uint8_t mac[SW_SHA256_BYTES], was[SW_SHA256_BYTES];

    if (resume_journal_mac_bytes(journal, index, self->segment, (size_t)range->len, mac, err) < 0)
        return -1;
    if (index >= journal->nr_segments)
        return resume_journal_append(journal, mac, err);
    if (resume_journal_segment(journal, index, was, err) < 0)
        return -1;
    return seal_equal(mac, was, sizeof(mac)) ? 0 : changed(self, err);
}

static int write_segment(struct sealing *self, const struct sw_seal_range *range, struct sw_err *err)
{
    for (uint64_t at = 0; at < range->len; at += PIECE_BYTES) {
        size_t n = (size_t)sw_min_u64(PIECE_BYTES, range->len - at);

        if (sw_check_interrupt(err) < 0 || sw_out_write(self->out, self->segment + at, n, err) < 0)
            return -1;
        sw_progress_tick(self->ask->progress, range->off + at + n, self->ask->from->size_bytes);
    }
    return 0;
}

/* The segment's MAC is on the disk before any of its frames, which are there before the next one's MAC. */
static int seal_segment(struct sealing *self, const struct sw_seal_range *range, struct sw_err *err)
{
    if (read_segment(self, range, err) < 0 || vouch_for(self, range, err) < 0 ||
        write_segment(self, range, err) < 0)
        return -1;
    if (range->off + range->len == self->ask->from->size_bytes)
        return 0;
    if (seal_out_flush(self->out, err) < 0)
        return -1;
    return fdatasync(self->partial->fd) == 0 ? 0 : sw_fail_errno(err, "cannot sync '%s'", self->out->name);
}

static int seal_segments(struct sealing *self, struct sw_err *err)
{
    struct sw_in *from = self->ask->from;
    uint64_t segment = self->journal.segment_bytes;

    for (uint64_t at = self->out->pos; at < from->size_bytes;) {
        struct sw_seal_range range = {.off = at, .len = sw_min_u64(segment, from->size_bytes - at)};

        if (seal_segment(self, &range, err) < 0)
            return -1;
        at += range.len;
    }
    return 0;
}

static int check_unchanged(const struct sealing *self, struct sw_err *err)
{
    SW_AUTO_JSON json_t *now = resume_source(self->ask->from, err);

    if (now == NULL)
        return -1;
    return json_equal(now, self->journal.source) ? 0 : changed(self, err);
}

/* A passphrase's key has a salt that is drawn for each run: no run is like the one before. */
static int check_recipients(const struct sw_seal_opts *opts, struct sw_err *err)
{
    for (size_t i = 0; opts->direct && opts->recipients != NULL && i < opts->recipients->n; i++)
        if (opts->recipients->keys[i].one_run)
            return sw_fail(err, SW_USAGE,
                           "a direct message to a passphrase is one run's work: its salt is another one in "
                           "the next; leave its recipients to a sidecar");
    return 0;
}

static int check_resumable(const struct sw_seal_opts *opts, struct sw_err *err)
{
    const struct seal_suite *suite = seal_suite_find(opts->suite);

    if (suite != NULL && seal_suite_signs(suite))
        return sw_fail(err, SW_USAGE,
                       "a signed message is one run's work: its signature cannot be gone on with");
    if (opts->digests != NULL)
        return sw_fail(err, SW_USAGE,
                       "what a manifest vouches for is one run's work: its digests cannot be gone on with");
    return check_recipients(opts, err);
}

static int open_outputs(struct sealing *self, struct sw_err *err)
{
    const struct sw_seal_file *ask = self->ask;
    struct resume_journal *journal = &self->journal;

    if (check_resumable(&ask->opts, err) < 0)
        return -1;
    journal->source = resume_source(ask->from, err);
    journal->target = journal->source != NULL ? describe_target(&ask->opts, err) : NULL;
    if (journal->target == NULL || sw_keyring_spare_file(ask->opts.recipients, ask->path, err) < 0)
        return -1;
    /* What an earlier run left is in the hands of whoever opens it: last, when nothing else can be wrong. */
    if (!ask->opts.direct && seal_sidecar_create(&ask->opts, ask->path, &self->sidecar, &self->pair, err) < 0)
        return -1;
    if (sw_out_open_partial(ask->path, 0644, &self->partial, err) < 0)
        return -1;
    journal->path = sw_strdup(sw_partial_journal(self->partial), err);
    return journal->path != NULL ? 0 : -1;
}

static int run(struct sealing *self, char artifact[SW_SEAL_ARTIFACT_CHARS], struct sw_err *err)
{
    if (open_outputs(self, err) < 0 || begin(self, err) < 0)
        return -1;
    memcpy(artifact, sw_seal_artifact(self->out), SW_SEAL_ARTIFACT_CHARS);
    if (seal_segments(self, err) < 0 || check_unchanged(self, err) < 0)
        return -1;
    return sw_out_commit(self->out, err);
}

static void sealing_end(struct sealing *self)
{
    if (self->out == NULL)
        sw_out_close(self->partial);
    sw_out_close(self->out);
    sw_out_close(self->sidecar);
    seal_pair_free(self->pair);
    seal_arena_free(self->segment, self->journal.segment_bytes);
    resume_journal_free(&self->journal);
    seal_key_free(self, sizeof(*self));
}

static int seal_resumably(const struct sw_seal_file *ask, char artifact[SW_SEAL_ARTIFACT_CHARS],
                          struct sw_err *err)
{
    struct sealing *self = seal_key_new(sizeof(*self));
    int rc;

    if (self == NULL)
        return sw_fail_errno(err, "cannot get memory for a key");
    self->ask = ask;
    self->journal.fd = -1;
    rc = run(self, artifact, err);
    /* Without a journal there is nothing that another run could go on with. */
    if (rc < 0 && (err->code == SW_INTERRUPTED || self->keep) && self->partial != NULL &&
        sw_path_exists(sw_partial_journal(self->partial)))
        sw_partial_keep(self->partial);
    sealing_end(self);
    return rc;
}

/* What an interrupted run with a resume key left is of no use any more. */
static int drop_leftovers(const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *partial = sw_partial_path(path, "partial", err);
    SW_AUTO_FREE char *journal = sw_partial_path(path, "journal", err);
    struct sw_out *out = NULL;

    if (partial == NULL || journal == NULL)
        return -1;
    if (!sw_path_exists(partial) && !sw_path_exists(journal))
        return 0;
    if (sw_out_open_partial(path, 0644, &out, err) < 0)
        return -1;
    sw_out_close(out);
    return 0;
}

static int seal_at_once(const struct sw_seal_file *ask, char artifact[SW_SEAL_ARTIFACT_CHARS],
                        struct sw_err *err)
{
    struct sw_out *out = NULL;
    int rc;

    if (ask->to != NULL)
        out = sw_seal_out(&ask->opts, ask->to, NULL, err);
    else if (drop_leftovers(ask->path, err) == 0)
        (void)!sw_seal_create_file(&ask->opts, ask->path, &out, err);
    if (out == NULL)
        return -1;
    memcpy(artifact, sw_seal_artifact(out), SW_SEAL_ARTIFACT_CHARS);
    rc = sw_seal_write_all(out, ask->from, ask->progress, err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

int sw_seal_file(const struct sw_seal_file *ask, char artifact[SW_SEAL_ARTIFACT_CHARS], struct sw_err *err)
{
    struct sw_seal_file known = *ask;

    known.opts.plain_bytes = ask->from->size_bytes;
    return ask->resume != NULL ? seal_resumably(&known, artifact, err) : seal_at_once(&known, artifact, err);
}
