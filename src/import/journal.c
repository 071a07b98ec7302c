/* What an import remembers: one JSON file, a log of finished parts, a lock. */
#include "src/import/journal.h"

#include "src/base/fs.h"
#include "src/base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { MAX_JOURNAL_BYTES = 1 << 20, MAX_PARTS_BYTES = 16 << 20 };

static const char *const stage_names[] = {
    [IMPORT_NEW] = "new",
    [IMPORT_CREATING] = "creating",
    [IMPORT_UPLOADING] = "uploading",
    [IMPORT_COMPLETING] = "completing",
    [IMPORT_UPLOADED] = "uploaded",
    [IMPORT_RUNNING] = "importing",
    [IMPORT_COMPLETED] = "completed",
    [IMPORT_FAILED] = "failed",
};

static int damaged(const char *field, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "its '%s' is missing or out of range", field);
}

/* A member's text into a fixed field; longer text is damage. */
static int load_text(const json_t *doc, const char *field, char *out, size_t out_len, struct sw_err *err)
{
    const char *text = sw_json_text(doc, field);

    if (text == NULL || strlen(text) >= out_len)
        return damaged(field, err);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int load_number(const json_t *doc, const char *field, uint64_t *out, struct sw_err *err)
{
    const json_t *value = json_object_get(doc, field);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return damaged(field, err);
    *out = (uint64_t)json_integer_value(value);
    return 0;
}

static int load_stage(const json_t *doc, enum import_stage *out, struct sw_err *err)
{
    const char *text = sw_json_text(doc, "stage");

    for (size_t i = 0; text != NULL && i < SW_ARRAY_LEN(stage_names); i++) {
        if (strcmp(text, stage_names[i]) == 0) {
            *out = (enum import_stage)i;
            return 0;
        }
    }
    return damaged("stage", err);
}

static int load_identity(const json_t *doc, struct import_identity *out, struct sw_err *err)
{
    const json_t *input = json_object_get(doc, "input");
    uint64_t mtime_ns;

    if (load_number(input, "size_bytes", &out->size_bytes, err) < 0 ||
        load_number(input, "file_bytes", &out->file_bytes, err) < 0 ||
        load_number(input, "device", &out->device, err) < 0 ||
        load_number(input, "inode", &out->inode, err) < 0 ||
        load_number(input, "mtime_ns", &mtime_ns, err) < 0)
        return -1;
    out->mtime_ns = (int64_t)mtime_ns;
    return 0;
}

static int load_task(const json_t *doc, struct sw_ec2_task *out, struct sw_err *err)
{
    const json_t *task = json_object_get(doc, "task");

    if (task == NULL)
        return 0;
    out->found = true;
    if (load_text(task, "id", out->id, sizeof(out->id), err) < 0 ||
        load_text(task, "status", out->status, sizeof(out->status), err) < 0 ||
        load_text(task, "message", out->message, sizeof(out->message), err) < 0 ||
        load_text(task, "image_id", out->image_id, sizeof(out->image_id), err) < 0)
        return -1;
    return 0;
}

static int load(const json_t *doc, struct import_state *out, struct sw_err *err)
{
    uint64_t attempt;
    const char *upload_id = sw_json_text(doc, "upload_id");

    if (load_stage(doc, &out->stage, err) < 0 || load_identity(doc, &out->input, err) < 0 ||
        load_text(doc, "mark", out->mark, sizeof(out->mark), err) < 0 ||
        load_text(doc, "content", out->content, sizeof(out->content), err) < 0 ||
        load_text(doc, "request", out->request, sizeof(out->request), err) < 0 ||
        load_number(doc, "part_bytes", &out->part_bytes, err) < 0 ||
        load_number(doc, "attempt", &attempt, err) < 0 || load_task(doc, &out->task, err) < 0)
        return -1;
    if (out->part_bytes == 0 || out->part_bytes > SW_S3_MAX_PART_BYTES)
        return damaged("part_bytes", err);
    if (attempt == 0 || attempt > 1000000)
        return damaged("attempt", err);
    out->attempt = (unsigned)attempt;
    if (upload_id == NULL)
        return damaged("upload_id", err);
    out->upload_id = sw_strdup(upload_id, err);
    return out->upload_id != NULL ? 0 : -1;
}

static json_t *store_task(const struct sw_ec2_task *task)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "id", task->id, "status", task->status, "message", task->message,
                     "image_id", task->image_id);
}

int journal_save(const struct import_journal *journal, struct sw_err *err)
{
    const struct import_state *state = &journal->state;
    const struct import_identity *input = &state->input;
    SW_AUTO_JSON json_t *doc = json_pack(
        "{s:s, s:{s:I, s:I, s:I, s:I, s:I}, s:s, s:s, s:s, s:I, s:i, s:s}", "stage",
        stage_names[state->stage], "input", "size_bytes", (json_int_t)input->size_bytes, "file_bytes",
        (json_int_t)input->file_bytes, "device", (json_int_t)input->device, "inode", (json_int_t)input->inode,
        "mtime_ns", (json_int_t)input->mtime_ns, "mark", state->mark, "content", state->content, "request",
        state->request, "part_bytes", (json_int_t)state->part_bytes, "attempt", (int)state->attempt,
        "upload_id", state->upload_id != NULL ? state->upload_id : "");

    if (doc == NULL)
        return sw_fail(err, SW_FAILED, "the import's state is no valid JSON");
    if (state->task.found && sw_json_set(doc, "task", store_task(&state->task), err) < 0)
        return -1;
    return sw_json_write(journal->path, doc, err);
}

static int read_state(struct import_journal *journal, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = NULL;

    if (!sw_path_exists(journal->path))
        return 0;
    doc = sw_json_read(journal->path, MAX_JOURNAL_BYTES, err);
    if (doc == NULL || load(doc, &journal->state, err) < 0)
        return sw_context(err, "the import's journal '%s' (remove it to start anew)", journal->path);
    return 0;
}

static char *state_folder(const char *given, struct sw_err *err)
{
    if (given != NULL)
        return sw_strdup(given, err);
    return sw_xdg_path("XDG_STATE_HOME", ".local/state", "import", err);
}

int journal_open(const char *state_dir, const char *destination, struct import_journal *out,
                 struct sw_err *err)
{
    SW_AUTO_FREE char *folder = state_folder(state_dir, err);
    SW_AUTO_FREE char *lock = NULL;
    uint8_t digest[SW_SHA256_BYTES];
    char id[SW_SHA256_HEX];

    *out = (struct import_journal){.lock_fd = -1, .parts_fd = -1};
    if (folder == NULL || sw_mkdir_p(folder, 0700, err) < 0 ||
        sw_sha256(destination, strlen(destination), digest, err) < 0)
        return -1;
    sw_hex(digest, 16, id);
    lock = sw_strf(err, "%s/%s.lock", folder, id);
    out->path = sw_strf(err, "%s/%s.json", folder, id);
    out->parts_path = sw_strf(err, "%s/%s.parts", folder, id);
    if (lock == NULL || out->path == NULL || out->parts_path == NULL)
        return -1;
    out->lock_fd = sw_lock_file(lock, false, err);
    if (out->lock_fd < 0) {
        if (err->sys == EWOULDBLOCK)
            sw_fail(err, SW_FAILED, "another slipway is importing to '%s'", destination);
        return -1;
    }
    return read_state(out, err);
}

void journal_close(struct import_journal *journal)
{
    free(journal->state.upload_id);
    free(journal->path);
    free(journal->parts_path);
    if (journal->parts_fd >= 0)
        close(journal->parts_fd);
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
}

/* A kill may have torn the last line: a new one begins after it. */
static int open_parts(struct import_journal *journal, struct sw_err *err)
{
    journal->parts_fd = open(journal->parts_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal->parts_fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", journal->parts_path);
    return sw_write_full(journal->parts_fd, "\n", 1, journal->parts_path, err);
}

int journal_note_part(struct import_journal *journal, const struct import_part *part, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf line = {0};

    if (journal->parts_fd < 0 && open_parts(journal, err) < 0)
        return -1;
    if (sw_buf_printf(&line, err, "%s %u %llu %s %s\n", journal->state.mark, part->part.number,
                      (unsigned long long)part->part.size_bytes, part->sha256, part->part.etag) < 0 ||
        sw_write_full(journal->parts_fd, line.data, line.len, journal->parts_path, err) < 0)
        return -1;
    if (fdatasync(journal->parts_fd) < 0)
        return sw_fail_errno(err, "cannot write '%s'", journal->parts_path);
    return 0;
}

void journal_drop_parts(struct import_journal *journal)
{
    if (journal->parts_fd >= 0)
        close(journal->parts_fd);
    journal->parts_fd = -1;
    unlink(journal->parts_path);
}

/* One line, without its end; whatever does not fit the present upload is passed over. */
static void take_line(const char *mark, const char *line, struct import_part *parts, size_t n)
{
    char its_mark[IMPORT_MARK], sha256[SW_SHA256_HEX], etag[SW_S3_ETAG];
    unsigned long long size;
    struct import_part *part;
    unsigned number;
    int end = 0;

    if (sscanf(line, "%32s %u %llu %64s %79s%n", its_mark, &number, &size, sha256, etag, &end) != 5 ||
        line[end] != '\0' || strcmp(its_mark, mark) != 0 || strlen(sha256) != SW_SHA256_HEX - 1)
        return;
    if (number < 1 || number > n || parts[number - 1].part.size_bytes != size)
        return;
    part = &parts[number - 1];
    memcpy(part->sha256, sha256, sizeof(sha256));
    memcpy(part->part.etag, etag, sizeof(etag));
}

int journal_read_parts(const struct import_journal *journal, struct import_part *parts, size_t n,
                       struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    char *line, *end;

    if (!sw_path_exists(journal->parts_path))
        return 0;
    if (sw_read_file(journal->parts_path, MAX_PARTS_BYTES, &text, err) < 0)
        return -1;
    for (line = text.data; line != NULL; line = end + 1) {
        end = strchr(line, '\n');
        if (end == NULL)
            break;
        *end = '\0';
        take_line(journal->state.mark, line, parts, n);
    }
    return 0;
}
