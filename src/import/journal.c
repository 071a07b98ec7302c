/* What an import remembers: one JSON file, a log of finished parts for each object, a lock. */
#include "src/import/journal.h"

#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { MAX_JOURNAL_BYTES = 1 << 20, MAX_PARTS_BYTES = 16 << 20 };

char *journal_folder(const char *state_dir, struct sw_err *err)
{
    if (state_dir != NULL)
        return sw_strdup(state_dir, err);
    return sw_xdg_path("XDG_STATE_HOME", ".local/state", "import", err);
}

int journal_id(const char *destinations, char out[SW_IMPORT_ID], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_sha256(destinations, strlen(destinations), digest, err) < 0)
        return -1;
    sw_hex(digest, (SW_IMPORT_ID - 1) / 2, out);
    return 0;
}

int journal_peek(const char *path, struct import_state *out, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = sw_json_read(path, MAX_JOURNAL_BYTES, err);

    if (doc == NULL || state_load(doc, out, err) < 0)
        return sw_context(err, "the import's journal '%s' (remove it to start anew)", path);
    return 0;
}

static int take_lock(const char *folder, const char *id, const char *what, int *fd, struct sw_err *err)
{
    SW_AUTO_FREE char *lock = sw_strf(err, "%s/%s.lock", folder, id);

    if (lock == NULL)
        return -1;
    *fd = sw_lock_file(lock, false, err);
    if (*fd >= 0)
        return 0;
    if (err->sys == EWOULDBLOCK)
        sw_fail(err, SW_FAILED, "another slipway is importing to '%s'", what);
    return -1;
}

void journal_init(struct import_journal *journal)
{
    *journal = (struct import_journal){.lock_fd = -1};
    for (size_t i = 0; i < SW_IMPORT_MAX_DISKS; i++)
        journal->object_locks[i] = journal->parts_fds[i] = -1;
}

int journal_open(const char *state_dir, const char *id, const char *what, struct import_journal *out,
                 struct sw_err *err)
{
    journal_init(out);
    snprintf(out->id, sizeof(out->id), "%s", id);
    out->folder = journal_folder(state_dir, err);
    if (out->folder == NULL || sw_mkdir_p(out->folder, 0700, err) < 0)
        return -1;
    out->path = sw_strf(err, "%s/%s.json", out->folder, id);
    if (out->path == NULL || take_lock(out->folder, id, what, &out->lock_fd, err) < 0)
        return -1;
    return sw_path_exists(out->path) ? journal_peek(out->path, &out->state, err) : 0;
}

int journal_lock_object(struct import_journal *journal, size_t object, const char *destination,
                        struct sw_err *err)
{
    char id[SW_IMPORT_ID];

    if (journal_id(destination, id, err) < 0)
        return -1;
    /* An import of one object has the lock already. */
    if (strcmp(id, journal->id) == 0)
        return 0;
    return take_lock(journal->folder, id, destination, &journal->object_locks[object], err);
}

void journal_close(struct import_journal *journal)
{
    state_clear(&journal->state);
    free(journal->folder);
    free(journal->path);
    for (size_t i = 0; i < SW_IMPORT_MAX_DISKS; i++) {
        if (journal->parts_fds[i] >= 0)
            close(journal->parts_fds[i]);
        if (journal->object_locks[i] >= 0)
            close(journal->object_locks[i]);
    }
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
}

int journal_save(struct import_journal *journal, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = NULL;

    journal->state.updated_ms = sw_now_ns() / 1000000;
    doc = state_store(&journal->state, err);
    return doc != NULL ? sw_json_write(journal->path, doc, err) : -1;
}

static char *parts_path(const struct import_journal *journal, size_t object, struct sw_err *err)
{
    return sw_strf(err, "%s/%s.%zu.parts", journal->folder, journal->id, object + 1);
}

int journal_note_part(struct import_journal *journal, size_t object, const struct import_part *part,
                      struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf line = {0};
    SW_AUTO_FREE char *path = parts_path(journal, object, err);
    int *fd = &journal->parts_fds[object];

    if (path == NULL)
        return -1;
    if (*fd < 0) {
        *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (*fd < 0)
            return sw_fail_errno(err, "cannot open '%s'", path);
        /* A kill may have torn the last line: a new one begins after it. */
        if (sw_buf_puts(&line, "\n", err) < 0)
            return -1;
    }
    if (sw_buf_printf(&line, err, "%s %u %llu %s %s .\n", journal->state.objects[object].mark,
                      part->part.number, (unsigned long long)part->part.size_bytes, part->sha256,
                      part->part.etag) < 0 ||
        sw_write_full(*fd, line.data, line.len, path, err) < 0)
        return -1;
    return 0;
}

int journal_sync_parts(const struct import_journal *journal, size_t object, struct sw_err *err)
{
    return fdatasync(journal->parts_fds[object]) < 0
               ? sw_fail_errno(err, "cannot write the log of parts of import %s", journal->id)
               : 0;
}

void journal_drop_parts(struct import_journal *journal, size_t object)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *path = parts_path(journal, object, &ignored);

    if (journal->parts_fds[object] >= 0)
        close(journal->parts_fds[object]);
    journal->parts_fds[object] = -1;
    if (path != NULL)
        unlink(path);
}

/* Room for part number n. */
static int grow(struct import_parts *parts, size_t n, struct sw_err *err)
{
    struct import_part *grown;

    if (n <= parts->n)
        return 0;
    grown = realloc(parts->items, n * sizeof(*grown));
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    memset(grown + parts->n, 0, (n - parts->n) * sizeof(*grown));
    for (size_t i = parts->n; i < n; i++)
        grown[i].part.number = (unsigned)i + 1;
    parts->items = grown;
    parts->n = n;
    return 0;
}

/* One line, without its end (a dot, or it was torn); whatever does not fit the present upload is passed over. */
static int take_line(const char *mark, const char *line, struct import_parts *out, struct sw_err *err)
{
    char its_mark[IMPORT_MARK], sha256[SW_SHA256_HEX], etag[SW_S3_ETAG];
    unsigned long long size;
    struct import_part *part;
    unsigned number;
    int end = 0;

    if (sscanf(line, "%32s %u %llu %64s %79s .%n", its_mark, &number, &size, sha256, etag, &end) != 5 ||
        end == 0 || line[end] != '\0' || strcmp(its_mark, mark) != 0 || strlen(sha256) != SW_SHA256_HEX - 1 ||
        number < 1 || number > SW_S3_MAX_PARTS || size == 0 || size > SW_S3_MAX_PART_BYTES)
        return 0;
    if (grow(out, number, err) < 0)
        return -1;
    part = &out->items[number - 1];
    part->part.size_bytes = size;
    memcpy(part->sha256, sha256, sizeof(sha256));
    memcpy(part->part.etag, etag, sizeof(etag));
    return 0;
}

int journal_read_parts(const struct import_journal *journal, size_t object, struct import_parts *out,
                       struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_FREE char *path = parts_path(journal, object, err);
    char *line, *end;
    size_t at = 0;

    *out = (struct import_parts){.items = NULL};
    if (path == NULL)
        return -1;
    if (!sw_path_exists(path))
        return 0;
    if (sw_read_file(path, MAX_PARTS_BYTES, &text, err) < 0)
        return -1;
    /* By its length: a power cut may leave zeros in the middle. */
    for (; at < text.len && (end = memchr(text.data + at, '\n', text.len - at)) != NULL;
         at = (size_t)(end - text.data) + 1) {
        line = text.data + at;
        *end = '\0';
        if (take_line(journal->state.objects[object].mark, line, out, err) < 0) {
            free(out->items);
            *out = (struct import_parts){.items = NULL};
            return -1;
        }
    }
    return 0;
}
