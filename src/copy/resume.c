/* A copy that outlives an interruption: where it begins, its check-points, what it leaves. */
#include "src/copy/resume.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/copy/journal.h"
#include "src/copy/nowhere.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

bool sw_copy_can_resume(const struct sw_copy *copy)
{
    struct sw_err err = {.code = SW_OK};
    json_t *source;

    if (copy->format->save == NULL || copy->base != NULL || copy->create.backing_name != NULL)
        return false;
    /* What is noted of the whole disk, or checked against all of the source, must see all of it. */
    if (copy->verity != NULL || copy->damage != NULL || copy->src->format->verify != NULL)
        return false;
    source = journal_source(copy->src, &err);
    json_decref(source);
    return source != NULL;
}

static int output_bytes(const struct sw_out *out, uint64_t *bytes, struct sw_err *err)
{
    struct stat st;

    if (fstat(out->fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", out->name);
    *bytes = (uint64_t)st.st_size;
    return 0;
}

/* Why the journal is not of this copy and this output; NULL when it is. */
static const char *mismatch(const struct resume *resume, const struct journal *journal)
{
    const struct sw_out *out = resume->copy->out;
    uint8_t tail[SW_SHA256_BYTES];
    struct sw_err err = {.code = SW_OK};
    uint64_t bytes = 0;

    if (!json_equal(journal->source, resume->source))
        return "the source has changed";
    if (!json_equal(journal->target, resume->made_with))
        return "the options or the program are others";
    if (output_bytes(out, &bytes, &err) < 0 || bytes < journal->stored_bytes ||
        journal_tail(out, journal->stored_bytes, tail, &err) < 0 ||
        memcmp(tail, journal->tail, sizeof(tail)) != 0)
        return "its bytes are not those that were written";
    return NULL;
}

/* True when the journal was read and fits. Says why when it does not. */
static bool find_journal(const struct resume *resume, struct journal *journal)
{
    const struct sw_out *out = resume->copy->out;
    struct sw_err err = {.code = SW_OK};
    uint64_t bytes = 0;
    const char *why;
    int rc;

    /* A journal without bytes is what a kill right after the last rename leaves. */
    if (resume->copy->resume->restart || output_bytes(out, &bytes, &err) < 0 || bytes == 0)
        return false;
    rc = journal_read(sw_partial_journal(out), journal, &err);
    if (rc < 0)
        sw_log(SW_LOG_WARNING, "'%s': the journal of the interrupted copy is damaged: %s: it starts over",
               out->name, err.text);
    if (rc <= 0)
        return false;
    why = mismatch(resume, journal);
    if (why != NULL)
        sw_log(SW_LOG_INFO, "'%s' starts over: %s since the copy was interrupted", out->name, why);
    return why == NULL;
}

/* What save gives now is what it gave then. */
static int check_restored(const struct sw_image *target, const struct journal *journal, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf state = {0};
    uint64_t kept = 0, point = journal->made.point;

    if (point > target->size_bytes || (point % target->unit_bytes != 0 && point != target->size_bytes))
        return sw_json_damaged("point", err);
    if (target->format->save(target, point, &state, &kept, err) != 0 || kept < journal->stored_bytes ||
        state.len != journal->state_len ||
        (state.len > 0 && memcmp(state.data, journal->state, state.len) != 0))
        return sw_fail(err, SW_INTEGRITY, "its state is none of a writer");
    return 0;
}

/* Makes the target with what the journal knows; *target stays NULL when that is not to be had. */
static int take_up(struct resume *resume, const struct journal *journal, const struct sw_create_opts *create,
                   struct sw_image **target, struct sw_err *err)
{
    const struct sw_copy *copy = resume->copy;
    struct sw_err why = {.code = SW_OK};
    struct sw_image *made = NULL;

    if (sw_out_truncate(copy->out, journal->stored_bytes, err) < 0 ||
        copy->format->create(copy->out, create, &made, err) < 0)
        return -1;
    if (copy->format->restore(made, journal->made.point, journal->state, journal->state_len, &why) == 0 &&
        check_restored(made, journal, &why) == 0) {
        resume->from = journal->made;
        resume->has_journal = true;
        *target = made;
        return 0;
    }
    sw_image_close(made);
    sw_log(SW_LOG_WARNING, "'%s': the journal of the interrupted copy is damaged: %s: it starts over",
           copy->out->name, why.text);
    return 0;
}

/* Options that are refused must not cost what an earlier run did with others. */
static int check_options(const struct sw_copy *copy, const struct sw_create_opts *create, struct sw_err *err)
{
    struct sw_out nowhere = {.ops = &nowhere_ops, .fd = -1, .name = copy->out->name};
    struct sw_image *img = NULL;

    if (copy->format->create(&nowhere, create, &img, err) < 0)
        return -1;
    sw_image_close(img);
    return 0;
}

static int begin_anew(struct resume *resume, const struct sw_create_opts *create, struct sw_image **target,
                      struct sw_err *err)
{
    const struct sw_copy *copy = resume->copy;
    SW_AUTO_BUF struct sw_buf state = {0};
    uint64_t kept = 0;
    int rc;

    if (sw_partial_restart(copy->out, err) < 0 || copy->format->create(copy->out, create, target, err) < 0)
        return -1;
    rc = copy->format->save(*target, 0, &state, &kept, err);
    resume->active = rc == 0;
    return rc < 0 ? -1 : 0;
}

static void add_progress(struct sw_progress *self, uint64_t done_bytes, uint64_t total_bytes)
{
    struct resume *resume = (struct resume *)((char *)self - offsetof(struct resume, progress));

    sw_progress_tick(resume->inner, resume->from.read_bytes + done_bytes, total_bytes);
}

static int begin(struct resume *resume, const struct sw_create_opts *create, struct sw_image **target,
                 struct sw_err *err)
{
    AUTO_JOURNAL struct journal journal = {.source = NULL};

    if (check_options(resume->copy, create, err) < 0) {
        struct sw_err why = {.code = SW_OK};
        uint64_t bytes = 0;

        if (output_bytes(resume->copy->out, &bytes, &why) == 0 && bytes > 0)
            sw_partial_keep(resume->copy->out);
        return -1;
    }
    resume->source = journal_source(resume->copy->src, err);
    resume->made_with = resume->source != NULL ? journal_target(resume->copy, create, err) : NULL;
    if (resume->made_with == NULL)
        return -1;
    resume->active = true;
    if (find_journal(resume, &journal) && take_up(resume, &journal, create, target, err) < 0)
        return -1;
    return *target == NULL ? begin_anew(resume, create, target, err) : 0;
}

int resume_begin(struct resume *resume, const struct sw_copy *copy, const struct sw_create_opts *create,
                 struct sw_image **target, struct sw_err *err)
{
    int rc;

    *target = NULL;
    *resume = (struct resume){.copy = copy, .progress = {.tick = add_progress}, .inner = copy->progress};
    if (copy->resume == NULL)
        return copy->format->create(copy->out, create, target, err);
    rc = begin(resume, create, target, err);
    if (rc == 0)
        rc = ledger_open(&resume->ledger, &resume->from, err);
    if (rc < 0) {
        sw_image_close(*target);
        *target = NULL;
        return -1;
    }
    resume->target = *target;
    resume->taken_point = resume->from.point;
    resume->next_ns = sw_monotonic_ns() + copy->resume->every_ms * 1000000;
    return 0;
}

static unsigned percent(const struct resume *resume, const struct progress_made *made)
{
    uint64_t total = sw_max_u64(resume->total_bytes, 1);

    return (unsigned)(100.0 * (double)sw_min_u64(made->read_bytes, total) / (double)total);
}

void resume_say(struct resume *resume, uint64_t total_bytes)
{
    resume->total_bytes = total_bytes;
    if (resume->has_journal)
        sw_log(SW_LOG_INFO, "'%s' goes on at %u %% (%llu of %llu bytes are done)", resume->copy->out->name,
               percent(resume, &resume->from), (unsigned long long)resume->from.read_bytes,
               (unsigned long long)total_bytes);
}

/* The output's bytes are on the disk before the journal says so. */
static int write_checkpoint(struct resume *resume, const struct sw_buf *state, uint64_t kept,
                            const struct progress_made *made, struct sw_err *err)
{
    const struct sw_out *out = resume->copy->out;
    struct journal journal = {.source = resume->source,
                              .target = resume->made_with,
                              .made = *made,
                              .state = state->data,
                              .state_len = state->len};
    struct sw_err why = {.code = SW_OK};

    while (fdatasync(out->fd) < 0)
        if (errno != EINTR)
            return sw_fail_errno(err, "cannot sync '%s'", out->name);
    if (output_bytes(out, &journal.stored_bytes, err) < 0)
        return -1;
    journal.stored_bytes = sw_min_u64(journal.stored_bytes, kept);
    if (journal_tail(out, journal.stored_bytes, journal.tail, err) < 0)
        return -1;
    if (journal_write(sw_partial_journal(out), &journal, &why) < 0) {
        sw_log(SW_LOG_WARNING, "'%s': no more check-points: %s", out->name, why.text);
        resume->active = false;
        return 0;
    }
    resume->has_journal = true;
    resume->taken_point = made->point;
    return 0;
}

static int take(struct resume *resume, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf state = {0};
    struct progress_made made = ledger_made(&resume->ledger);
    const struct sw_image *target = resume->target;
    uint64_t kept = 0;
    int rc;

    if (made.point == resume->taken_point)
        return 0;
    rc = target->format->save(target, made.point, &state, &kept, err);
    if (rc < 0)
        return -1;
    if (rc > 0 || state.len > JOURNAL_STATE_MAX) {
        sw_log(SW_LOG_INFO, "'%s': no more check-points: what the writer knows takes more than %d bytes",
               resume->copy->out->name, (int)JOURNAL_STATE_MAX);
        resume->active = false;
        return 0;
    }
    return write_checkpoint(resume, &state, kept, &made, err);
}

int resume_planned(struct resume *resume, const struct sw_block *block, struct sw_err *err)
{
    return resume->active ? ledger_plan(&resume->ledger, block->off + block->len, block->len, err) : 0;
}

/* One at a time; where puts come in any order the others go on meanwhile. */
static bool is_time(struct resume *resume)
{
    bool time;

    pthread_mutex_lock(&resume->ledger.lock);
    time = !resume->taking && sw_monotonic_ns() >= resume->next_ns;
    resume->taking = resume->taking || time;
    pthread_mutex_unlock(&resume->ledger.lock);
    return time;
}

int resume_put(struct resume *resume, const struct sw_block *block, uint64_t data_bytes, uint64_t zero_bytes,
               struct sw_err *err)
{
    int rc;

    if (!resume->active)
        return 0;
    ledger_put(&resume->ledger, block->seq, data_bytes, zero_bytes);
    if (!is_time(resume))
        return 0;
    rc = take(resume, err);
    pthread_mutex_lock(&resume->ledger.lock);
    resume->taking = false;
    resume->next_ns = sw_monotonic_ns() + resume->copy->resume->every_ms * 1000000;
    pthread_mutex_unlock(&resume->ledger.lock);
    return rc;
}

int resume_failed(struct resume *resume, struct sw_err *err)
{
    struct sw_err why = {.code = SW_OK};
    struct progress_made made;

    if (resume->target == NULL || resume->copy->resume == NULL ||
        (err->code != SW_INTERRUPTED && err->code != SW_REMOTE))
        return -1;
    if (resume->active && take(resume, &why) < 0) {
        *err = why;
        return -1;
    }
    if (!resume->has_journal)
        return -1;
    sw_partial_keep(resume->copy->out);
    made = ledger_made(&resume->ledger);
    if (err->code == SW_REMOTE)
        return sw_context(err, "interrupted at %u %%, where the same command goes on",
                          percent(resume, &made));
    return sw_fail(err, SW_INTERRUPTED, "interrupted at %u %%: the same command goes on from there",
                   percent(resume, &made));
}

void resume_end(struct resume *resume)
{
    if (resume->ledger.ring != NULL)
        ledger_close(&resume->ledger);
    json_decref(resume->source);
    json_decref(resume->made_with);
}
