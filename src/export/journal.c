/* What an export remembers: one JSON file and a lock. */
#include "src/export/journal.h"

#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

enum { JOURNAL_VERSION = 1, MAX_JOURNAL_BYTES = 64 << 10, MAX_ATTEMPTS = 1000000 };

static const char *const stage_names[EXPORT_STAGES] = {
    [EXPORT_NEW] = "new",   [EXPORT_RUNNING] = "exporting", [EXPORT_EXPORTED] = "exported",
    [EXPORT_DONE] = "done", [EXPORT_FAILED] = "failed",     [EXPORT_CANCELLED] = "cancelled",
};

const char *export_stage_name(enum export_stage stage)
{
    return stage_names[stage];
}

/* The members that are texts of a fixed size. */
#define PASSING(field, member)                                                                            \
    {                                                                                                     \
        field, offsetof(struct export_state, member), sizeof(((struct export_state *)NULL)->member), true \
    }
#define TEXT(field, member)                                                                                \
    {                                                                                                      \
        field, offsetof(struct export_state, member), sizeof(((struct export_state *)NULL)->member), false \
    }
static const struct {
    const char *field;
    size_t at, size;
    bool passing; /* there while it is not empty */
} texts[] = {
    TEXT("region", region),
    TEXT("prefix", prefix),
    TEXT("request", request),
    TEXT("task_id", object.task_id),
    TEXT("image_id", object.image_id),
    TEXT("bucket", object.bucket),
    TEXT("key", object.key),
    TEXT("format", object.format),
    TEXT("status", task.status),
    TEXT("progress", task.progress),
    TEXT("message", task.message),
    PASSING("made", made),
    PASSING("told", told),
};

static int load(const json_t *doc, struct export_state *out, struct sw_err *err)
{
    const json_t *version = json_object_get(doc, "version");
    uint64_t attempt;
    unsigned stage;

    if (!json_is_integer(version))
        return sw_json_damaged("version", err);
    if (json_integer_value(version) != JOURNAL_VERSION)
        return sw_fail(err, SW_FAILED, "it is of version %lld, and this slipway reads %d",
                       (long long)json_integer_value(version), JOURNAL_VERSION);
    if (sw_json_take_name(doc, "stage", stage_names, EXPORT_STAGES, &stage, err) < 0 ||
        sw_json_take_number(doc, "attempt", MAX_ATTEMPTS, &attempt, err) < 0)
        return -1;
    if (attempt < 1)
        return sw_json_damaged("attempt", err);
    out->stage = stage;
    out->attempt = (unsigned)attempt;
    out->asked = json_is_true(json_object_get(doc, "asked"));
    out->updated_s = json_integer_value(json_object_get(doc, "updated_s"));
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        if (texts[i].passing && json_object_get(doc, texts[i].field) == NULL)
            continue;
        if (sw_json_take_text(doc, texts[i].field, (char *)out + texts[i].at, texts[i].size, err) < 0)
            return -1;
    }
    if (out->stage != EXPORT_NEW && out->object.task_id[0] == '\0')
        return sw_json_damaged("task_id", err);
    return 0;
}

int export_journal_peek(const char *path, struct export_state *out, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = sw_json_read(path, MAX_JOURNAL_BYTES, err);

    memset(out, 0, sizeof(*out));
    if (doc == NULL || load(doc, out, err) < 0)
        return sw_context(err, "the export's journal '%s' (remove it to start anew)", path);
    return 0;
}

char *export_journal_folder(const char *state_dir, struct sw_err *err)
{
    if (state_dir != NULL)
        return sw_strdup(state_dir, err);
    return sw_xdg_path("XDG_STATE_HOME", ".local/state", "export", err);
}

int export_journal_open(const char *folder, const char *id, struct export_journal *out, struct sw_err *err)
{
    SW_AUTO_FREE char *lock = sw_strf(err, "%s/%s.lock", folder, id);

    memset(out, 0, sizeof(*out));
    out->lock_fd = -1;
    out->path = sw_strf(err, "%s/%s.json", folder, id);
    if (lock == NULL || out->path == NULL || sw_mkdir_p(folder, 0700, err) < 0)
        return -1;
    out->lock_fd = sw_lock_file(lock, false, err);
    if (out->lock_fd < 0) {
        if (err->sys == EWOULDBLOCK)
            sw_fail(err, SW_REFUSED, "another slipway is at work on this export");
        return -1;
    }
    return sw_path_exists(out->path) ? export_journal_peek(out->path, &out->state, err) : 0;
}

int export_journal_save(struct export_journal *journal, struct sw_err *err)
{
    struct export_state *state = &journal->state;
    SW_AUTO_JSON json_t *doc = NULL;

    state->updated_s = sw_now_ns() / 1000000000;
    doc = json_pack("{s:i, s:s, s:i, s:b, s:I}", "version", JOURNAL_VERSION, "stage",
                    stage_names[state->stage], "attempt", (int)state->attempt, "asked", state->asked,
                    "updated_s", (json_int_t)state->updated_s);
    if (doc == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        const char *text = (const char *)state + texts[i].at;

        if (texts[i].passing && text[0] == '\0')
            continue;
        if (sw_json_set(doc, texts[i].field, json_string(text), err) < 0)
            return sw_context(err, "the export's %s", texts[i].field);
    }
    return sw_json_write(journal->path, doc, err);
}

void export_journal_close(struct export_journal *journal)
{
    free(journal->path);
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
}

static int add_id(const char *name, char ***ids, size_t *n, struct sw_err *err)
{
    size_t len = strlen(name), tail = strlen(".json");
    char **grown;

    if (len <= tail || strcmp(name + len - tail, ".json") != 0 || name[0] == '.')
        return 0;
    grown = realloc(*ids, (*n + 1) * sizeof(*grown));
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    *ids = grown;
    grown[*n] = sw_strf(err, "%.*s", (int)(len - tail), name);
    if (grown[*n] == NULL)
        return -1;
    (*n)++;
    return 0;
}

int export_journal_ids(const char *folder, char ***ids, size_t *n, struct sw_err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int rc = 0;

    *ids = NULL;
    *n = 0;
    if (dir == NULL)
        return errno == ENOENT ? 0 : sw_fail_errno(err, "cannot read '%s'", folder);
    while (rc == 0 && (entry = readdir(dir)) != NULL)
        rc = add_id(entry->d_name, ids, n, err);
    closedir(dir);
    return rc;
}
