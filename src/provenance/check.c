/* The files of a manifest against their digests, chunk by chunk in several threads. */
#include "slipway/manifest.h"
#include "src/base/ckd.h"
#include "src/base/pool.h"
#include "src/provenance/chunk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Shared by the workers; everything below the lock is beneath it. */
struct checking {
    struct sw_in *in;
    const struct sw_digests *want;
    struct sw_progress *progress;
    struct sw_file_state *state;
    size_t begin, end; /* chunks to look at */
    pthread_mutex_t lock;
    size_t next;
    size_t first_wrong; /* end: none */
    uint64_t done_bytes, total_bytes;
    bool failed;
    struct sw_err err;
};

/* Ascending, the lowest ones. */
static void list_changed(struct sw_file_state *state, uint64_t chunk)
{
    size_t n = (size_t)sw_min_u64(state->nr_changed, SW_CHANGED_LISTED_MAX), at = n;

    state->nr_changed++;
    while (at > 0 && state->changed[at - 1] > chunk)
        at--;
    if (at == SW_CHANGED_LISTED_MAX)
        return;
    if (n == SW_CHANGED_LISTED_MAX)
        n--;
    memmove(&state->changed[at + 1], &state->changed[at], (n - at) * sizeof(state->changed[0]));
    state->changed[at] = chunk;
}

static void note(struct checking *self, size_t chunk, bool right)
{
    pthread_mutex_lock(&self->lock);
    self->state->nr_checked++;
    if (!right) {
        list_changed(self->state, chunk);
        self->first_wrong = chunk < self->first_wrong ? chunk : self->first_wrong;
    }
    self->done_bytes += chunk_len(self->want, chunk);
    sw_progress_tick(self->progress, self->done_bytes, self->total_bytes);
    pthread_mutex_unlock(&self->lock);
}

static void fail_checking(struct checking *self, const struct sw_err *err)
{
    pthread_mutex_lock(&self->lock);
    if (!self->failed)
        self->err = *err;
    self->failed = true;
    pthread_mutex_unlock(&self->lock);
}

static size_t take(struct checking *self)
{
    size_t chunk;

    pthread_mutex_lock(&self->lock);
    chunk = self->failed ? self->end : self->next;
    self->next += chunk < self->end;
    pthread_mutex_unlock(&self->lock);
    return chunk;
}

static void work(void *arg, unsigned index)
{
    struct checking *self = arg;
    const struct chunk_room nowhere = {.all = NULL};
    AUTO_HASHER struct chunk_hasher hasher = {.in = self->in, .want = self->want};
    struct sw_err err = {.code = SW_OK};
    size_t chunk;

    (void)index;
    if (chunk_hasher_open(&hasher, &err) < 0) {
        fail_checking(self, &err);
        return;
    }
    while ((chunk = take(self)) < self->end) {
        bool right = false;

        if (chunk_check(&hasher, chunk, &nowhere, &right, &err) < 0) {
            fail_checking(self, &err);
            return;
        }
        note(self, chunk, right);
    }
}

/* Which chunks: those of the range that are there as a whole. */
static void choose(struct checking *self, const struct sw_file_check *how, uint64_t there_bytes)
{
    const struct sw_digests *want = self->want;
    uint64_t end = want->nr_chunks, last;

    if (how->len > 0 && !sw_add_ovf(how->off, how->len - 1, &last))
        end = sw_min_u64(end, last / want->chunk_bytes + 1);
    if (there_bytes < want->bytes)
        end = sw_min_u64(end, there_bytes / want->chunk_bytes);
    self->begin = (size_t)sw_min_u64(how->len > 0 ? how->off / want->chunk_bytes : 0, end);
    self->end = self->first_wrong = (size_t)end;
    self->next = self->begin;
    for (size_t i = self->begin; i < self->end; i++)
        self->total_bytes += chunk_len(want, i);
}

static int check_chunks(struct checking *self, unsigned jobs, struct sw_err *err)
{
    size_t n = self->end - self->begin;
    int rc;

    if (n == 0)
        return 0;
    pthread_mutex_init(&self->lock, NULL);
    rc = sw_threads_run((unsigned)sw_min_u64(jobs > 0 ? jobs : 1, n), work, self, err);
    pthread_mutex_destroy(&self->lock);
    if (!self->failed)
        return rc;
    *err = self->err;
    return -1;
}

static int check_whole(const struct checking *self, struct sw_file_state *state, struct sw_err *err)
{
    struct sw_digests got = {.chunks = NULL};
    int rc = sw_digest_in(self->in, 1, NULL, &got, err);

    if (rc == 0 && memcmp(got.sha256, self->want->sha256, sizeof(got.sha256)) != 0)
        state->verdict = SW_FILE_AT_ODDS;
    sw_digests_free(&got);
    return rc;
}

static int check_open(struct sw_in *in, const struct sw_digests *want, const struct sw_file_check *how,
                      struct sw_file_state *state, struct sw_err *err)
{
    struct checking self = {.in = in, .want = want, .progress = how->progress, .state = state};
    bool all = how->len == 0 && in->size_bytes == want->bytes;

    choose(&self, how, in->size_bytes);
    if (check_chunks(&self, how->jobs, err) < 0)
        return -1;
    state->right_bytes = sw_min_u64(self.first_wrong * want->chunk_bytes, want->bytes);
    if (in->size_bytes != want->bytes)
        state->verdict = in->size_bytes < want->bytes ? SW_FILE_SHORT : SW_FILE_LONG;
    if (state->nr_changed > 0)
        state->verdict = SW_FILE_CHANGED;
    if (how->whole && all && state->verdict == SW_FILE_RIGHT)
        return check_whole(&self, state, err);
    return 0;
}

/* A regular file of the folder; *in stays NULL for anything else, which the verdict tells. */
static int open_file(const struct sw_manifest *manifest, const char *name, struct sw_file_state *state,
                     struct sw_in **in, struct sw_err *err)
{
    SW_AUTO_CLOSE int dir = open(manifest->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
    struct stat st;

    if (dir < 0)
        return sw_fail_errno(err, "cannot open the folder '%s'", manifest->dir);
    fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        state->verdict = SW_FILE_MISSING;
    else if (fd < 0 ? errno == ELOOP || errno == ENXIO || errno == ENODEV
                    : fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        state->verdict = SW_FILE_SPECIAL;
    else if (fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", name);
    else
        return sw_in_open_fd(SW_STEAL_FD(fd), name, in, err);
    return 0;
}

int sw_manifest_check(const struct sw_manifest *manifest, size_t i, const struct sw_file_check *how,
                      struct sw_file_state *state, struct sw_err *err)
{
    const struct sw_manifest_file *file = &manifest->files[i];
    SW_AUTO_IN struct sw_in *in = NULL;

    *state = (struct sw_file_state){.verdict = SW_FILE_RIGHT};
    if (open_file(manifest, file->name, state, &in, err) < 0)
        return -1;
    if (in == NULL)
        return 0;
    state->there_bytes = in->size_bytes;
    /* Without partial another length is enough to know. */
    if (!how->partial && how->len == 0 && in->size_bytes != file->digests.bytes) {
        state->verdict = in->size_bytes < file->digests.bytes ? SW_FILE_SHORT : SW_FILE_LONG;
        return 0;
    }
    return check_open(in, &file->digests, how, state, err);
}
