/* What the journals know, for people and programs that ask. */
#include "src/import/records.h"

#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/import/lane.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { MIN_PREFIX = 4, MAX_RECORDS = 100000 };

/* A lane that transfers by itself may look at its disks at any time. */
static bool needs_input(const struct record_impl *impl)
{
    struct sw_err ignored = {.code = SW_OK};
    const struct import_lane *lane = lane_find(impl->recalled.options.lane, &ignored);

    if (lane == NULL || lane->transfer != NULL)
        return true;
    switch (impl->state.stage) {
    case IMPORT_SENT:
    case IMPORT_RUNNING:
    case IMPORT_FINISHING:
    case IMPORT_COMPLETED:
    case IMPORT_FAILED:
        return false;
    default:
        return true;
    }
}

/* "0123….json" of 32 digits: the id of a journal. */
static bool is_journal(const char *name)
{
    return strspn(name, "0123456789abcdef") == SW_IMPORT_ID - 1 &&
           strcmp(name + SW_IMPORT_ID - 1, ".json") == 0;
}

/* Ids that begin with prefix, unsorted; free each and the list. */
struct ids {
    char (*items)[SW_IMPORT_ID];
    size_t n;
};

static void ids_free(struct ids *ids)
{
    free(ids->items);
}

static int add_id(struct ids *ids, const char *name, struct sw_err *err)
{
    void *grown = NULL;

    if (ids->n == MAX_RECORDS)
        return sw_fail(err, SW_FAILED, "there are more than %d journals", MAX_RECORDS);
    grown = realloc(ids->items, (ids->n + 1) * sizeof(*ids->items));
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    ids->items = grown;
    snprintf(ids->items[ids->n++], SW_IMPORT_ID, "%.*s", SW_IMPORT_ID - 1, name);
    return 0;
}

static int find_ids(const char *folder, const char *prefix, struct ids *out, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = NULL;
    const struct dirent *entry;

    /* Nothing was imported yet. */
    if (!sw_path_exists(folder))
        return 0;
    dir = opendir(folder);
    if (dir == NULL)
        return sw_fail_errno(err, "cannot read the folder '%s'", folder);
    while ((entry = readdir(dir)) != NULL)
        if (is_journal(entry->d_name) && strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
            add_id(out, entry->d_name, err) < 0)
            return -1;
    return 0;
}

static json_t *show_disk(const struct sw_import_disk *disk, const struct import_object *object)
{
    return json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:I, s:s*}", "path", disk->source_path, "format",
                     disk->format, "key", disk->key, "device", disk->device, "stage",
                     object != NULL ? object_stage_name(object->stage) : NULL, "bytes",
                     object != NULL ? (json_int_t)object->object_bytes : 0, "upload_id",
                     object != NULL ? object->upload_id : NULL);
}

static json_t *show_task(const struct sw_ec2_task *task, struct sw_err *err)
{
    SW_AUTO_JSON json_t *snapshots = json_array();

    for (unsigned i = 0; i < task->nr_snapshots; i++)
        if (sw_json_append(snapshots, json_string(task->snapshots[i]), err) < 0)
            return NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "task_id", task->id, "status", task->status,
                     "progress", task->progress, "message", task->message, "image_id", task->image_id,
                     "snapshots", snapshots);
}

static int show_lists(const struct import_state *state, const struct sw_import_options *options, json_t *doc,
                      struct sw_err *err)
{
    SW_AUTO_JSON json_t *disks = json_array();
    SW_AUTO_JSON json_t *tasks = json_array();

    for (size_t i = 0; i < options->nr_disks; i++)
        if (sw_json_append(disks,
                           show_disk(&options->disks[i], i < state->nr_objects ? &state->objects[i] : NULL),
                           err) < 0)
            return -1;
    for (size_t i = 0; i < state->nr_tasks; i++)
        if (sw_json_append(tasks, show_task(&state->tasks[i], err), err) < 0)
            return -1;
    if (sw_json_set(doc, "disks", SW_STEAL_PTR(disks), err) < 0)
        return -1;
    return sw_json_set(doc, "tasks", SW_STEAL_PTR(tasks), err);
}

json_t *record_show(const char *id, const struct import_state *state, const struct sw_import_options *options,
                    struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = NULL;
    char updated[SW_TIME_TEXT];

    sw_time_text(state->updated_ms * 1000000, updated);
    doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s}", "import", id, "lane",
                    options->lane != NULL ? options->lane : lane_default()->name, "stage",
                    import_stage_name(state->stage), "updated", updated, "region", state->region, "bucket",
                    options->bucket, "image_id", state->image_id);
    if (doc == NULL) {
        sw_fail(err, SW_FAILED, "the import's state is no valid JSON");
        return NULL;
    }
    return show_lists(state, options, doc, err) == 0 ? SW_STEAL_PTR(doc) : NULL;
}

static void impl_clear(struct record_impl *impl)
{
    options_forget(&impl->recalled);
    state_clear(&impl->state);
    free(impl->state_dir);
}

static int load(const char *folder, const char *state_dir, const char *id, struct record_impl *impl,
                struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_strf(err, "%s/%s.json", folder, id);

    if (path == NULL || journal_peek(path, &impl->state, err) < 0)
        return -1;
    if (options_load(impl->state.options, &impl->recalled, err) < 0)
        return sw_context(err, "the import's journal '%s' (remove it to start anew)", path);
    snprintf(impl->base.id, sizeof(impl->base.id), "%s", id);
    if (state_dir != NULL && (impl->state_dir = sw_strdup(state_dir, err)) == NULL)
        return -1;
    impl->base.options = impl->recalled.options;
    impl->base.options.id = impl->base.id;
    impl->base.options.state_dir = impl->state_dir;
    impl->base.needs_input = needs_input(impl);
    impl->base.region = impl->state.region;
    impl->base.stage = import_stage_name(impl->state.stage);
    return 0;
}

int sw_import_recall(const char *state_dir, const char *id, struct sw_import_record **out, struct sw_err *err)
{
    SW_AUTO_FREE char *folder = journal_folder(state_dir, err);
    SW_CLEANUP(ids_free) struct ids ids = {.n = 0};
    struct record_impl *impl;

    if (folder == NULL)
        return -1;
    if (strlen(id) < MIN_PREFIX || strspn(id, "0123456789abcdef") != strlen(id))
        return sw_fail(err, SW_USAGE, "'%.64s' is no id of an import (slipway import list shows them)", id);
    if (find_ids(folder, id, &ids, err) < 0)
        return -1;
    if (ids.n != 1)
        return sw_fail(err, SW_USAGE, "%zu imports have an id that begins with '%s'%s", ids.n, id,
                       ids.n == 0 ? " (slipway import list shows them)" : "");
    impl = sw_calloc(1, sizeof(*impl), err);
    if (impl == NULL)
        return -1;
    if (load(folder, state_dir, ids.items[0], impl, err) < 0) {
        sw_import_record_free(&impl->base);
        return -1;
    }
    *out = &impl->base;
    return 0;
}

void sw_import_record_free(struct sw_import_record *record)
{
    struct record_impl *impl = (struct record_impl *)record;

    if (impl == NULL)
        return;
    impl_clear(impl);
    free(impl);
}

json_t *sw_import_show(const struct sw_import_record *record, struct sw_err *err)
{
    const struct record_impl *impl = (const struct record_impl *)record;

    return record_show(record->id, &impl->state, &record->options, err);
}

/* What cannot be read is listed, too: a user has to hear of it. */
static json_t *show_one(const char *folder, const char *id, struct record_impl *impl, struct sw_err *err)
{
    struct sw_err fault = {.code = SW_OK};

    if (load(folder, NULL, id, impl, &fault) == 0)
        return record_show(id, &impl->state, &impl->recalled.options, err);
    return json_pack("{s:s, s:o}", "import", id, "fault", sw_json_bytes(fault.text, strlen(fault.text)));
}

static const char *updated_of(const json_t *doc)
{
    const char *text = sw_json_text(doc, "updated");

    return text != NULL ? text : "";
}

static int newer_first(const void *a, const void *b)
{
    const json_t *const *one = a, *const *other = b;

    return strcmp(updated_of(*other), updated_of(*one));
}

static json_t *sorted(json_t **items, size_t n, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    if (n > 1)
        qsort(items, n, sizeof(json_t *), newer_first);
    for (size_t i = 0; i < n; i++)
        if (sw_json_append(list, json_incref(items[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

json_t *sw_import_list(const char *state_dir, struct sw_err *err)
{
    SW_AUTO_FREE char *folder = journal_folder(state_dir, err);
    SW_CLEANUP(ids_free) struct ids ids = {.n = 0};
    SW_AUTO_FREE struct record_impl *impl = sw_calloc(1, sizeof(*impl), err);
    SW_AUTO_FREE json_t **items = NULL;
    json_t *list = NULL;
    size_t n = 0;

    if (folder == NULL || impl == NULL || find_ids(folder, "", &ids, err) < 0)
        return NULL;
    items = sw_calloc(ids.n + 1, sizeof(json_t *), err);
    if (items == NULL)
        return NULL;
    for (; n < ids.n; n++) {
        items[n] = show_one(folder, ids.items[n], impl, err);
        impl_clear(impl);
        *impl = (struct record_impl){.state_dir = NULL};
        if (items[n] == NULL)
            break;
    }
    if (n == ids.n)
        list = sorted(items, n, err);
    for (size_t i = 0; i < n; i++)
        json_decref(items[i]);
    return list;
}
