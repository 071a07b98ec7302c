/* The export flow: ExportImage, the wait, the object that comes of it, as a journaled state machine. */
#include "slipway/export.h"

#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/export/made.h"
#include "src/export/task.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { TOKEN_CHARS = 49 };

static const char *const formats[] = {"VMDK", "VHD", "RAW"};

struct sw_export {
    const struct sw_export_options *options; /* while it is opened */
    struct sw_cloud *cloud;
    struct sw_export_listener *listener;
    struct export_journal journal;
    bool journaled; /* false: a task that somebody else began */
};

static unsigned poll_ms(const struct sw_export *export)
{
    return export->options->poll_ms != 0 ? export->options->poll_ms : SW_EXPORT_POLL_MS;
}

static int enter(struct sw_export *export, enum export_stage stage, struct sw_err *err)
{
    export->journal.state.stage = stage;
    return export->journaled ? export_journal_save(&export->journal, err) : 0;
}

/* Keeps the error that led there. */
static int enter_failed(struct sw_export *export)
{
    struct sw_err ignored = {.code = SW_OK};

    if (enter(export, EXPORT_FAILED, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int add_tags(json_t *doc, const struct sw_export_options *o, struct sw_err *err)
{
    json_t *tags = json_object();

    for (size_t i = 0; tags != NULL && i < o->nr_tags; i++)
        if (sw_json_set(tags, o->tags[i].key, json_string(o->tags[i].value), err) < 0) {
            json_decref(tags);
            return -1;
        }
    return sw_json_set(doc, "tags", tags, err);
}

/* What is asked of EC2, as a digest: EC2 refuses the same token for another request. */
static int request_digest(const struct sw_export_options *o, char out[SW_SHA256_HEX], struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc =
        json_pack("{s:s*, s:s*}", "description", o->description, "role_name", o->role_name);

    if (doc == NULL || add_tags(doc, o, err) < 0)
        return sw_fail(err, SW_USAGE, "the options of the export are not UTF-8");
    return sw_json_digest(doc, out, err);
}

/* The same export asks with the same token, whatever happened in between. */
static int client_token(const struct sw_export *export, char out[TOKEN_CHARS], struct sw_err *err)
{
    const struct export_state *s = &export->journal.state;
    SW_AUTO_FREE char *text = sw_strf(err, "export\n%s\n%s\n%s\n%s\n%s\n%u", s->object.image_id,
                                      s->object.bucket, s->prefix, s->object.format, s->request, s->attempt);
    char hex[SW_SHA256_HEX];

    if (text == NULL || sw_sha256_hex(text, strlen(text), hex, err) < 0)
        return -1;
    snprintf(out, TOKEN_CHARS, "slipway-%.40s", hex);
    return 0;
}

/* Refused: nothing was begun, unless by an earlier request, of which a refusal of the keys says nothing. Keeps err. */
static int refused(struct sw_export *export, bool before, const struct sw_err *err)
{
    struct sw_err ignored = {.code = SW_OK};

    if (err->code != SW_FAILED || (before && err->sys != SW_CLOUD_UNFIT))
        return -1;
    export->journal.state.asked = false;
    if (enter(export, EXPORT_NEW, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int start(struct sw_export *export, struct sw_err *err)
{
    const struct sw_export_options *o = export->options;
    struct export_state *state = &export->journal.state;
    char token[TOKEN_CHARS];
    bool before = state->asked;
    struct sw_ec2_export request = {.client_token = token,
                                    .image_id = o->image_id,
                                    .format = state->object.format,
                                    .bucket = o->bucket,
                                    .prefix = o->prefix,
                                    .description = o->description,
                                    .role_name = o->role_name,
                                    .tags = o->tags,
                                    .nr_tags = o->nr_tags};

    state->asked = true;
    if (client_token(export, token, err) < 0 || enter(export, EXPORT_NEW, err) < 0)
        return -1;
    if (sw_ec2_export_image(export->cloud, &request, &state->task, err) < 0)
        return refused(export, before, err);
    state->asked = false;
    snprintf(state->object.task_id, sizeof(state->object.task_id), "%s", state->task.id);
    return enter(export, EXPORT_RUNNING, err);
}

/* prefix + "export-ami-ID.format" */
static int set_key(struct export_state *state, const char *format, struct sw_err *err)
{
    struct sw_export_object *object = &state->object;
    int len = snprintf(object->key, sizeof(object->key), "%s%s.%s", state->prefix, object->task_id, format);

    if (len < 0 || (size_t)len >= sizeof(object->key))
        return sw_fail(err, SW_FAILED, "the object's name is longer than S3 allows");
    for (char *at = object->key + len - strlen(format); *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return 0;
}

/* The object of a task that completed; where nobody knows the format, the first that is there. */
static int find_object(struct sw_export *export, bool *found, struct sw_err *err)
{
    struct export_state *state = &export->journal.state;
    struct sw_export_object *object = &state->object;
    struct sw_s3_name name = {object->bucket, object->key};
    struct sw_s3_facts facts;

    *found = false;
    for (size_t i = 0; !*found && i < SW_ARRAY_LEN(formats); i++) {
        if (object->format[0] != '\0' && strcmp(object->format, formats[i]) != 0)
            continue;
        if (set_key(state, formats[i], err) < 0 || sw_s3_facts(export->cloud, &name, &facts, err) < 0)
            return -1;
        *found = facts.found;
        if (*found)
            snprintf(object->format, sizeof(object->format), "%s", formats[i]);
    }
    return 0;
}

/* It ended, and what it should have left is not there. */
static int nothing_left(struct sw_export *export, enum export_task_end end, struct sw_err *err)
{
    const struct sw_export_object *object = &export->journal.state.object;

    if (end == EXPORT_TASK_COMPLETED)
        sw_fail(err, SW_FAILED, "task '%s' completed, but there is no 's3://%s/%s'", object->task_id,
                object->bucket, object->key);
    else
        sw_fail(err, SW_FAILED,
                "EC2 does not know task '%s' (any more: it forgets after 7 days), and there is no "
                "'s3://%s/%s'; running again exports '%s' anew",
                object->task_id, object->bucket, object->key, object->image_id);
    return enter_failed(export);
}

static int watch(struct sw_export *export, struct sw_err *err)
{
    struct export_state *state = &export->journal.state;
    enum export_task_end end;
    bool found;

    snprintf(state->task.id, sizeof(state->task.id), "%s", state->object.task_id);
    if (export_task_watch(export->cloud, poll_ms(export), export->listener, &state->task, &end, err) < 0)
        return end == EXPORT_TASK_FAILED ? enter_failed(export) : -1;
    /* S3 shows an object once all of it is there, so one of a task that was forgotten is whole. */
    if (find_object(export, &found, err) < 0)
        return -1;
    return found ? enter(export, EXPORT_EXPORTED, err) : nothing_left(export, end, err);
}

/* An object that is still there is read again; otherwise a new task makes a new one. */
static int look_again(struct sw_export *export, struct sw_err *err)
{
    struct export_state *state = &export->journal.state;
    bool found;

    if (find_object(export, &found, err) < 0)
        return -1;
    if (found)
        return enter(export, EXPORT_EXPORTED, err);
    sw_log(SW_LOG_INFO, "'s3://%s/%s' is not there any more; the image is exported again",
           state->object.bucket, state->object.key);
    state->attempt++;
    return enter(export, EXPORT_NEW, err);
}

/* Holds the journal against this call. */
static int reconcile(struct sw_export *export, struct sw_err *err)
{
    struct export_state *state = &export->journal.state;
    char request[SW_SHA256_HEX];

    if (!export->journaled || export->options->image_id == NULL)
        return 0;
    if (request_digest(export->options, request, err) < 0)
        return -1;
    if (state->attempt == 0)
        state->attempt = 1;
    else if (state->stage == EXPORT_RUNNING && strcmp(request, state->request) != 0)
        sw_log(SW_LOG_WARNING, "task '%s' was begun with another description, role or tags, and keeps them",
               state->object.task_id);
    if (state->asked && strcmp(request, state->request) != 0)
        return sw_fail(
            err, SW_REFUSED,
            "a task with another description, role or tags may have been begun: run that command again");
    if (state->stage == EXPORT_FAILED || state->stage == EXPORT_CANCELLED) {
        state->attempt++;
        state->stage = EXPORT_NEW;
    }
    if (state->stage == EXPORT_NEW)
        memcpy(state->request, request, sizeof(request));
    return 0;
}

/* Whoever names a task wants no other one. */
static int refuse_new(const struct sw_export *export, struct sw_err *err)
{
    return sw_fail(err, SW_FAILED, "the object of task '%s' is not there any more; export '%s' again",
                   export->options->task_id, export->journal.state.object.image_id);
}

static int run(struct sw_export *export, struct sw_err *err)
{
    struct export_state *state = &export->journal.state;

    if (reconcile(export, err) < 0)
        return -1;
    if (state->stage == EXPORT_EXPORTED && export_made_there(&export->options->file, state))
        return 0;
    export_made_forget(state);
    if ((state->stage == EXPORT_DONE || state->stage == EXPORT_EXPORTED) && look_again(export, err) < 0)
        return -1;
    if (state->stage == EXPORT_NEW && export->options->task_id != NULL)
        return refuse_new(export, err);
    if (state->stage == EXPORT_NEW && start(export, err) < 0)
        return -1;
    return state->stage != EXPORT_EXPORTED ? watch(export, err) : 0;
}

/* The journal of a task, if one of ours began it: *id is NULL else. */
static int find_journal(const char *folder, const char *task_id, char **id, struct sw_err *err)
{
    char **ids;
    size_t n;
    int rc = export_journal_ids(folder, &ids, &n, err);

    *id = NULL;
    for (size_t i = 0; i < n; i++) {
        SW_AUTO_FREE char *path = rc == 0 ? sw_strf(err, "%s/%s.json", folder, ids[i]) : NULL;
        struct sw_err ignored = {.code = SW_OK};
        struct export_state state;

        if (path != NULL && *id == NULL && export_journal_peek(path, &state, &ignored) == 0 &&
            strcmp(state.object.task_id, task_id) == 0)
            *id = SW_STEAL_PTR(ids[i]);
        free(ids[i]);
    }
    free(ids);
    return rc;
}

/* A task that no journal knows: EC2 says where its object will be. */
static int adopt(struct sw_export *export, struct sw_err *err)
{
    const struct sw_export_options *o = export->options;
    struct export_state *state = &export->journal.state;
    struct sw_export_object *object = &state->object;

    if (sw_ec2_describe_export(export->cloud, o->task_id, &state->task, err) < 0)
        return -1;
    if (!state->task.found)
        return sw_fail(
            err, SW_FAILED,
            "EC2 does not know task '%s' (it forgets after 7 days), and no journal of yours says where its "
            "object is: it is called PREFIX%s.FORMAT, and --object s3://BUCKET/KEY reads it",
            o->task_id, o->task_id);
    if (state->task.bucket[0] == '\0')
        return sw_fail(err, SW_FAILED, "EC2 does not say where task '%s' exports to", o->task_id);
    snprintf(object->task_id, sizeof(object->task_id), "%s", o->task_id);
    memcpy(object->image_id, state->task.image_id, sizeof(object->image_id));
    memcpy(object->bucket, state->task.bucket, sizeof(object->bucket));
    memcpy(state->prefix, state->task.prefix, sizeof(state->prefix));
    snprintf(object->format, sizeof(object->format), "%s", o->format != NULL ? o->format : "");
    state->stage = EXPORT_RUNNING;
    return 0;
}

static int open_task(struct sw_export *export, const char *folder, struct sw_err *err)
{
    SW_AUTO_FREE char *id = NULL;

    if (find_journal(folder, export->options->task_id, &id, err) < 0)
        return -1;
    if (id == NULL)
        return adopt(export, err);
    export->journaled = true;
    if (export_journal_open(folder, id, &export->journal, err) < 0)
        return -1;
    if (export->journal.state.stage == EXPORT_FAILED || export->journal.state.stage == EXPORT_CANCELLED)
        export->journal.state.stage = EXPORT_RUNNING;
    return 0;
}

static int put(char *out, size_t size, const char *text, const char *what, struct sw_err *err)
{
    if (strlen(text) >= size)
        return sw_fail(err, SW_USAGE, "the %s has more than %zu bytes", what, size - 1);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int open_image(struct sw_export *export, const char *folder, struct sw_err *err)
{
    const struct sw_export_options *o = export->options;
    const char *format = o->format != NULL ? o->format : formats[0],
               *prefix = o->prefix != NULL ? o->prefix : "";
    SW_AUTO_FREE char *what = sw_strf(err, "%s\n%s\n%s\n%s\n%s\n%s", sw_cloud_s3_url(export->cloud),
                                      sw_cloud_region(export->cloud), o->bucket, prefix, o->image_id, format);
    struct export_state *state = &export->journal.state;
    uint8_t digest[SW_SHA256_BYTES];
    char id[SW_SHA256_HEX];

    if (what == NULL || sw_sha256(what, strlen(what), digest, err) < 0)
        return -1;
    sw_hex(digest, 16, id);
    export->journaled = true;
    if (export_journal_open(folder, id, &export->journal, err) < 0)
        return -1;
    snprintf(state->region, sizeof(state->region), "%s", sw_cloud_region(export->cloud));
    return put(state->object.bucket, sizeof(state->object.bucket), o->bucket, "bucket's name", err) < 0 ||
                   put(state->prefix, sizeof(state->prefix), prefix, "prefix", err) < 0 ||
                   put(state->object.image_id, sizeof(state->object.image_id), o->image_id, "image's id",
                       err) < 0 ||
                   put(state->object.format, sizeof(state->object.format), format, "format", err) < 0
               ? -1
               : 0;
}

int sw_export_open(const struct sw_export_options *options, struct sw_cloud *cloud,
                   struct sw_export_listener *listener, struct sw_export **out, struct sw_err *err)
{
    SW_AUTO_FREE char *folder = export_journal_folder(options->state_dir, err);
    struct sw_export *export = folder != NULL ? sw_calloc(1, sizeof(*export), err) : NULL;
    int rc;

    *out = NULL;
    if (export == NULL)
        return -1;
    export->options = options;
    export->cloud = cloud;
    export->listener = listener;
    export->journal.lock_fd = -1;
    rc = options->task_id != NULL ? open_task(export, folder, err) : open_image(export, folder, err);
    if (rc == 0)
        rc = run(export, err);
    if (rc < 0)
        sw_export_close(export);
    else
        *out = export;
    return rc;
}

const struct sw_export_object *sw_export_object(const struct sw_export *export)
{
    return &export->journal.state.object;
}

int sw_export_made(struct sw_export *export, const struct sw_export_file *file, const char *told,
                   struct sw_err *err)
{
    struct export_state *state = &export->journal.state;

    return export_made_note(file, told, state, err) < 0 ? -1 : enter(export, state->stage, err);
}

const char *sw_export_told(const struct sw_export *export)
{
    const struct export_state *state = &export->journal.state;

    return state->made[0] != '\0' ? state->told : NULL;
}

int sw_export_done(struct sw_export *export, bool keep_object, struct sw_err *err)
{
    const struct sw_export_object *object = &export->journal.state.object;
    struct sw_s3_upload name = {object->bucket, object->key, NULL};

    if (!keep_object && sw_s3_delete(export->cloud, &name, err) < 0)
        return -1;
    export_made_forget(&export->journal.state);
    return enter(export, EXPORT_DONE, err);
}

void sw_export_close(struct sw_export *export)
{
    if (export == NULL)
        return;
    export_journal_close(&export->journal);
    free(export);
}

/* The journal of a task that was cancelled; that another process holds it does no harm: it hears of the end by itself. */
static void note_cancelled(const char *folder, const char *task_id)
{
    struct sw_err err = {.code = SW_OK};
    struct export_journal journal = {.lock_fd = -1};
    SW_AUTO_FREE char *id = NULL;

    if (find_journal(folder, task_id, &id, &err) < 0 || id == NULL)
        return;
    if (export_journal_open(folder, id, &journal, &err) == 0 && journal.state.stage == EXPORT_RUNNING) {
        journal.state.stage = EXPORT_CANCELLED;
        if (export_journal_save(&journal, &err) < 0)
            sw_log(SW_LOG_WARNING, "%s", err.text);
    }
    export_journal_close(&journal);
}

int sw_export_cancel(const char *state_dir, struct sw_cloud *cloud, const char *task_id, struct sw_err *err)
{
    SW_AUTO_FREE char *folder = export_journal_folder(state_dir, err);

    if (folder == NULL || sw_ec2_cancel_export(cloud, task_id, err) < 0)
        return -1;
    note_cancelled(folder, task_id);
    return 0;
}

static int latest_first(const void *a, const void *b)
{
    const struct sw_export_entry *one = a, *two = b;

    return one->updated_s < two->updated_s ? 1 : one->updated_s > two->updated_s ? -1 : 0;
}

static void fill_entry(const struct export_state *state, struct sw_export_entry *out)
{
    out->object = state->object;
    out->updated_s = state->updated_s;
    snprintf(out->stage, sizeof(out->stage), "%s", export_stage_name(state->stage));
    memcpy(out->status, state->task.status, sizeof(out->status));
    memcpy(out->progress, state->task.progress, sizeof(out->progress));
    memcpy(out->message, state->task.message, sizeof(out->message));
    memcpy(out->region, state->region, sizeof(out->region));
}

int sw_export_list(const char *state_dir, struct sw_export_entry **out, size_t *n, struct sw_err *err)
{
    SW_AUTO_FREE char *folder = export_journal_folder(state_dir, err);
    char **ids = NULL;
    size_t nr_ids = 0;
    int rc = folder != NULL ? export_journal_ids(folder, &ids, &nr_ids, err) : -1;

    *n = 0;
    *out = rc == 0 ? sw_calloc(nr_ids + 1, sizeof(**out), err) : NULL;
    for (size_t i = 0; i < nr_ids; i++) {
        SW_AUTO_FREE char *path = *out != NULL ? sw_strf(err, "%s/%s.json", folder, ids[i]) : NULL;
        struct sw_err why = {.code = SW_OK};
        struct export_state state;

        if (path != NULL && export_journal_peek(path, &state, &why) == 0)
            fill_entry(&state, &(*out)[(*n)++]);
        else
            sw_log(SW_LOG_WARNING, "%s", why.text);
        free(ids[i]);
    }
    free(ids);
    if (*out != NULL)
        qsort(*out, *n, sizeof(**out), latest_first);
    return *out != NULL ? 0 : -1;
}
