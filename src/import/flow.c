/* The import flow: a state machine over the journal, along a lane. */
#include "src/import/flow.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/import/explain.h"
#include "src/import/finish.h"
#include "src/import/lane.h"
#include "src/import/options.h"
#include "src/import/release.h"
#include "src/import/task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void flow_tell(struct import_flow *flow, const char *event, json_t *more)
{
    SW_AUTO_JSON json_t *given = more;
    SW_AUTO_JSON json_t *line = NULL;

    if (flow->listener->event == NULL)
        return;
    line = json_pack("{s:s, s:s}", "event", event, "import", flow->journal.id);
    if (line != NULL && given != NULL)
        json_object_update(line, given);
    if (line != NULL)
        flow->listener->event(flow->listener, line);
}

static void relay_event(struct sw_import_listener *self, json_t *event)
{
    struct import_relay *relay = (struct import_relay *)self;

    relay->to->event(relay->to, event);
}

/* The journal has what a task said last, for whoever asks while this runs and after it was killed. */
static void relay_task(struct sw_import_listener *self, const struct sw_ec2_task *task)
{
    struct import_relay *relay = (struct import_relay *)self;
    struct sw_err err = {.code = SW_OK};

    if (flow_save(relay->flow, &err) < 0)
        sw_log(SW_LOG_WARNING, "%s", err.text);
    flow_tell(relay->flow, "task",
              json_pack("{s:s, s:s, s:o, s:o}", "task_id", task->id, "status", task->status, "progress",
                        sw_json_bytes(task->progress, strlen(task->progress)), "message",
                        sw_json_bytes(task->message, strlen(task->message))));
    if (relay->to->task != NULL)
        relay->to->task(relay->to, task);
}

int flow_init(struct import_flow *flow, const struct sw_import_options *options, struct sw_cloud *cloud,
              struct sw_import_listener *listener, struct sw_err *err)
{
    *flow = (struct import_flow){.lane = lane_find(options->lane, err),
                                 .options = options,
                                 .cloud = cloud,
                                 .listener = &flow->relay.base,
                                 .relay = {.base = {.task = relay_task,
                                                    .event = listener->event != NULL ? relay_event : NULL,
                                                    .upload = listener->upload},
                                           .to = listener,
                                           .flow = flow}};
    journal_init(&flow->journal);
    return flow->lane != NULL ? 0 : -1;
}

void flow_close(struct import_flow *flow)
{
    journal_close(&flow->journal);
}

int flow_save(struct import_flow *flow, struct sw_err *err)
{
    return journal_save(&flow->journal, err);
}

int flow_enter(struct import_flow *flow, enum import_stage stage, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    state->stage = stage;
    if (flow_save(flow, err) < 0)
        return -1;
    flow_tell(flow, "stage",
              json_pack("{s:s, s:s*, s:s*}", "stage", import_stage_name(stage), "task_id",
                        state->nr_tasks > 0 ? state->tasks[0].id : NULL, "image_id",
                        state->image_id[0] != '\0' ? state->image_id : NULL));
    return 0;
}

unsigned flow_poll_ms(const struct import_flow *flow)
{
    return flow->options->poll_ms != 0 ? flow->options->poll_ms : SW_IMPORT_POLL_MS;
}

int flow_token(const struct import_flow *flow, const char *purpose, char out[IMPORT_TOKEN],
               struct sw_err *err)
{
    const struct import_state *state = &flow->journal.state;
    const struct sw_import_options *o = flow->options;
    SW_AUTO_BUF struct sw_buf text = {0};
    char hex[SW_SHA256_HEX];

    if (sw_buf_printf(&text, err, "%s\n%s\n%s\n%s\n%u\n%s\n", flow->lane->name, state->request,
                      o->bucket != NULL ? o->bucket : "", flow->journal.id, state->attempt, purpose) < 0)
        return -1;
    for (size_t i = 0; i < o->nr_disks; i++)
        if (sw_buf_printf(&text, err, "%s %s\n", state->objects[i].content,
                          o->disks[i].key != NULL ? o->disks[i].key : "") < 0)
            return -1;
    if (sw_sha256_hex(text.data, text.len, hex, err) < 0)
        return -1;
    snprintf(out, IMPORT_TOKEN, "slipway-%.40s", hex);
    return 0;
}

/* The token of a task that failed would only bring that failure back, also when the bytes are the same ones again. */
static void next_attempt(struct import_state *state)
{
    if (state->attempt == 0 || state->stage == IMPORT_FAILED || state->stage == IMPORT_CANCELLED)
        state->attempt++;
}

/* Another task over what is there, or over what will be sent. */
static void back_to(struct import_state *state, enum import_stage stage)
{
    next_attempt(state);
    state->stage = stage;
    state->nr_tasks = 0;
    state->asked = false;
    state->image_id[0] = '\0';
}

/* A task of before that still runs reads the objects that this call would replace. */
static int refuse_running(struct import_flow *flow, const char *why, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    bool failed = false;

    if (state->stage != IMPORT_RUNNING || flow->lane->transfer != NULL)
        return 0;
    if (flow->lane->ask(flow, err) < 0)
        return -1;
    for (size_t i = 0; i < state->nr_tasks; i++) {
        const struct sw_ec2_task *task = &state->tasks[i];
        const struct sw_import_disk *disk = &flow->options->disks[i < flow->options->nr_disks ? i : 0];

        failed = failed || (task->found && task_failed(task));
        if (task->found && task_ended(task) && task->image_id[0] != '\0')
            sw_log(SW_LOG_WARNING, "%s; task '%s' of before made the image '%s', which stays", why, task->id,
                   task->image_id);
        if (task->found && !task_ended(task))
            return sw_fail(
                err, SW_REFUSED,
                "%s, and task '%s' still reads 's3://%s/%s'; wait for its end or use another --prefix", why,
                task->id, flow->options->bucket, disk->key != NULL ? disk->key : "");
    }
    if (failed)
        state->stage = IMPORT_FAILED;
    return 0;
}

static bool is_open(const struct sw_import_disk *disk)
{
    return disk->in != NULL || disk->image != NULL;
}

/* Which disks are others than the journal's; the number of them, or -1. */
static int find_changed(struct import_flow *flow, struct import_identity *now, bool *changed,
                        struct sw_err *err)
{
    const struct import_state *state = &flow->journal.state;
    const struct sw_import_options *o = flow->options;
    int n = 0;

    for (size_t i = 0; i < o->nr_disks; i++) {
        changed[i] = false;
        if (!is_open(&o->disks[i]) && i < state->nr_objects)
            continue;
        if (object_identify(&o->disks[i], &now[i], err) < 0)
            return -1;
        changed[i] = i >= state->nr_objects || !object_matches(&state->objects[i], &o->disks[i], &now[i]);
        n += changed[i];
    }
    return n;
}

static int start_over(struct import_flow *flow, const struct import_identity *now, const bool *changed,
                      struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    if (refuse_running(flow, "the image is another one now", err) < 0)
        return -1;
    if ((state->lane != NULL || state->nr_tasks > 0) && flow->lane->discard != NULL &&
        flow->lane->discard(flow, err) < 0)
        return -1;
    json_decref(SW_STEAL_PTR(state->lane));
    json_decref(SW_STEAL_PTR(state->release));
    back_to(state, IMPORT_NEW);
    for (size_t i = 0; i < flow->options->nr_disks; i++)
        if (changed[i] && object_start_over(flow, i, &now[i], err) < 0)
            return -1;
    state->nr_objects = flow->options->nr_disks;
    return 0;
}

static int note_options(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    json_decref(SW_STEAL_PTR(state->options));
    snprintf(state->region, sizeof(state->region), "%s", sw_cloud_region(flow->cloud));
    state->options = options_store(flow->options, err);
    return state->options != NULL ? 0 : -1;
}

/* Holds the journal against this call: goes on, starts over, or refuses. */
static int reconcile(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct import_identity now[SW_IMPORT_MAX_DISKS];
    char request[SW_SHA256_HEX], after[SW_SHA256_HEX];
    bool changed[SW_IMPORT_MAX_DISKS];
    int nr_changed;

    if (state->stage == IMPORT_CANCELLING)
        return sw_fail(err, SW_REFUSED, "it is being cancelled; finish that first: slipway import cancel %s",
                       flow->journal.id);
    nr_changed = find_changed(flow, now, changed, err);
    if (nr_changed < 0 || options_request(flow->options, request, err) < 0 ||
        options_after(flow->options, after, err) < 0)
        return -1;
    if (state->asked && (nr_changed > 0 || strcmp(request, state->request) != 0))
        return sw_fail(
            err, SW_REFUSED,
            "the image or the options are others now, and the task of before may have been begun: run "
            "that command again, or take it back: slipway import cancel %s",
            flow->journal.id);
    if (nr_changed > 0) {
        if (start_over(flow, now, changed, err) < 0)
            return -1;
    } else if (state->stage >= IMPORT_RUNNING && state->stage < IMPORT_CANCELLING &&
               strcmp(request, state->request) != 0) {
        if (refuse_running(flow, "the options are others now", err) < 0)
            return -1;
        back_to(state, IMPORT_SENT);
    } else if (state->stage == IMPORT_FAILED) {
        back_to(state, IMPORT_SENT);
    } else if (state->stage == IMPORT_CANCELLED) {
        back_to(state, IMPORT_NEW);
    } else if (state->stage == IMPORT_COMPLETED && strcmp(after, state->after) != 0) {
        state->stage = IMPORT_FINISHING;
    }
    memcpy(state->request, request, sizeof(request));
    memcpy(state->after, after, sizeof(after));
    return note_options(flow, err);
}

static int send_all(struct import_flow *flow, struct sw_err *err)
{
    if (flow->lane->transfer != NULL) {
        if (flow->lane->transfer(flow, err) < 0)
            return -1;
    } else {
        for (size_t i = 0; i < flow->options->nr_disks; i++)
            if (object_send(flow, i, err) < 0)
                return -1;
    }
    return flow_enter(flow, IMPORT_SENT, err);
}

/* What this run did not complete itself may have been replaced or removed since. */
static int check_objects(struct import_flow *flow, bool *whole, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;

    *whole = true;
    for (size_t i = 0; i < o->nr_disks; i++) {
        struct import_object *object = &flow->journal.state.objects[i];
        bool ours = object->stage == OBJECT_UPLOADED;

        if (flow->fresh[i])
            continue;
        if (ours && object_is_ours(flow, i, &ours, err) < 0)
            return -1;
        if (ours)
            continue;
        if (!is_open(&o->disks[i]))
            return sw_fail(
                err, SW_FAILED,
                "'s3://%s/%s' is not there any more as it was sent; import '%s' again, by its path",
                o->bucket, o->disks[i].key, o->disks[i].source_path);
        if (object->stage >= OBJECT_UPLOADED) {
            sw_log(SW_LOG_INFO, "'s3://%s/%s' is not what was uploaded; it is sent anew", o->bucket,
                   o->disks[i].key);
            object->stage = OBJECT_NEW;
        }
        *whole = false;
    }
    return 0;
}

static bool any_runs(const struct import_state *state)
{
    for (size_t i = 0; i < state->nr_tasks; i++)
        if (!task_ended(&state->tasks[i]))
            return true;
    return false;
}

int flow_ask_tasks(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct sw_err ignored = {.code = SW_OK};
    bool before = state->asked;

    state->asked = true;
    if (flow_save(flow, err) < 0)
        return -1;
    if (flow->lane->start(flow, err) == 0) {
        state->asked = false;
        return 0;
    }
    /*
     * Refused: nothing was begun, unless by an earlier request whose answer is not known. Its token would have brought that
     * back, but only from a service that looked at more than who asks. What a request began before this one stays asked for.
     */
    if (err->code == SW_FAILED) {
        state->asked = (before && err->sys != SW_CLOUD_UNFIT) || any_runs(state);
        sw_import_explain_error(err->text, err);
        if (flow_save(flow, &ignored) < 0)
            sw_log(SW_LOG_WARNING, "%s", ignored.text);
    }
    return -1;
}

static int start(struct import_flow *flow, struct sw_err *err)
{
    bool whole = true;

    if (flow->lane->transfer == NULL && check_objects(flow, &whole, err) < 0)
        return -1;
    if (!whole)
        return flow_enter(flow, IMPORT_SENDING, err);
    if (flow_ask_tasks(flow, err) < 0)
        return -1;
    return flow_enter(flow, IMPORT_RUNNING, err);
}

static int watch(struct import_flow *flow, struct sw_err *err)
{
    bool ended = false;

    if (flow->lane->watch(flow, &ended, err) < 0) {
        /* Whatever the task said last is the outcome to keep; a broken line leaves it running. */
        struct sw_err ignored = {.code = SW_OK};

        if (ended && flow_enter(flow, IMPORT_FAILED, &ignored) < 0)
            sw_log(SW_LOG_WARNING, "%s", ignored.text);
        return -1;
    }
    return flow_enter(flow, IMPORT_FINISHING, err);
}

static int finish(struct import_flow *flow, struct sw_err *err)
{
    if (finish_import(flow, err) < 0)
        return sw_context(err, "image '%s' is there; what comes after it", flow->journal.state.image_id);
    return flow_enter(flow, IMPORT_COMPLETED, err);
}

static int step(struct import_flow *flow, struct sw_err *err)
{
    switch (flow->journal.state.stage) {
    case IMPORT_NEW:
        return flow_enter(flow, IMPORT_SENDING, err);
    case IMPORT_SENDING:
        return send_all(flow, err);
    case IMPORT_SENT:
        return start(flow, err);
    case IMPORT_RUNNING:
        return watch(flow, err);
    case IMPORT_FINISHING:
        return finish(flow, err);
    default:
        return sw_fail(err, SW_FAILED, "the import is %s", import_stage_name(flow->journal.state.stage));
    }
}

/* One line for each object; the whole is the import's destination. */
static char *destinations(const struct import_flow *flow, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    SW_AUTO_BUF struct sw_buf text = {0};

    if (flow->lane->destination != NULL)
        return flow->lane->destination(o, flow->cloud, err);
    for (size_t i = 0; i < o->nr_disks; i++)
        if (sw_buf_printf(&text, err, "%s%s/%s/%s", i > 0 ? "\n" : "", sw_cloud_s3_url(flow->cloud),
                          o->bucket, o->disks[i].key) < 0)
            return NULL;
    return sw_buf_steal(&text);
}

static int lock_objects(struct import_flow *flow, char *lines, struct sw_err *err)
{
    char *rest = NULL, *line = strtok_r(lines, "\n", &rest);

    for (size_t i = 0; line != NULL && i < flow->options->nr_disks; i++, line = strtok_r(NULL, "\n", &rest))
        if (journal_lock_object(&flow->journal, i, line, err) < 0)
            return -1;
    return 0;
}

/* A source that is gone names no destination any more; what it left on the other side is to be taken back all the same. */
static int open_by_id(struct import_flow *flow, struct sw_err *err)
{
    const char *id = flow->options->id;
    const struct import_state *state = &flow->journal.state;

    *err = (struct sw_err){.code = SW_OK};
    if (journal_open(flow->options->state_dir, id, id, &flow->journal, err) < 0)
        return -1;
    if (strcmp(state->region, sw_cloud_region(flow->cloud)) == 0)
        return 0;
    return sw_fail(err, SW_USAGE, "import %s went to region '%s', not '%s'", id, state->region,
                   sw_cloud_region(flow->cloud));
}

int flow_open_journal(struct import_flow *flow, struct sw_err *err)
{
    SW_AUTO_FREE char *lines = destinations(flow, err);
    SW_AUTO_FREE char *lane_and_lines = NULL;
    char id[SW_IMPORT_ID];

    if (lines == NULL)
        return flow->options->id != NULL && err->sys == ENOENT ? open_by_id(flow, err) : -1;
    /* The first lane's id is that of its objects: whichever lane sends there waits for it. */
    lane_and_lines = flow->lane == lane_default() ? sw_strdup(lines, err)
                                                  : sw_strf(err, "%s\n%s", flow->lane->name, lines);
    if (lane_and_lines == NULL || journal_id(lane_and_lines, id, err) < 0)
        return -1;
    if (flow->options->id != NULL && strcmp(flow->options->id, id) != 0)
        return sw_fail(err, SW_USAGE,
                       "import %s went to another place than '%s'; name the endpoint and the region that it "
                       "was begun with",
                       flow->options->id, lines);
    if (journal_open(flow->options->state_dir, id, lines, &flow->journal, err) < 0)
        return -1;
    return lock_objects(flow, lines, err);
}

static int run(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    if (flow_open_journal(flow, err) < 0 || reconcile(flow, err) < 0)
        return -1;
    snprintf(flow->result->id, sizeof(flow->result->id), "%s", flow->journal.id);
    flow->result->known = state->stage == IMPORT_COMPLETED;
    while (state->stage != IMPORT_COMPLETED)
        if (step(flow, err) < 0)
            return -1;
    if (state->nr_tasks > 0)
        flow->result->task = state->tasks[state->nr_tasks - 1];
    snprintf(flow->result->image_id, sizeof(flow->result->image_id), "%s", state->image_id);
    for (size_t i = 0; i < state->nr_objects; i++)
        flow->result->size_bytes += state->objects[i].object_bytes;
    return release_result(flow, err);
}

static int check(const struct import_flow *flow, struct sw_err *err)
{
    const struct sw_import_options *options = flow->options;

    if (options->nr_disks == 0 || options->nr_disks > SW_IMPORT_MAX_DISKS)
        return sw_fail(err, SW_USAGE, "%zu disks: one machine has 1 to %d", options->nr_disks,
                       SW_IMPORT_MAX_DISKS);
    if (flow->lane->check(options, err) < 0 || release_check(options, sw_cloud_region(flow->cloud), err) < 0)
        return -1;
    for (size_t i = 0; i < options->nr_disks; i++) {
        const struct sw_import_disk *disk = &options->disks[i];

        if (disk->image == NULL && disk->in != NULL && disk->in->size_bytes == 0)
            return sw_fail(err, SW_FAILED, "'%s' is empty", disk->source_path);
        for (size_t j = 0; disk->key != NULL && j < i; j++)
            if (options->disks[j].key != NULL && strcmp(disk->key, options->disks[j].key) == 0)
                return sw_fail(err, SW_USAGE, "'%s' and '%s' would both be 's3://%s/%s'",
                               options->disks[j].source_path, disk->source_path, options->bucket, disk->key);
    }
    return 0;
}

int sw_import_dry_run(const struct sw_import_options *options, struct sw_cloud *cloud, struct sw_err *err)
{
    struct sw_import_listener nobody = {.task = NULL};
    SW_CLEANUP(flow_close) struct import_flow flow;

    if (flow_init(&flow, options, cloud, &nobody, err) < 0 || check(&flow, err) < 0)
        return -1;
    if (flow.lane->dry_run == NULL)
        return sw_fail(err, SW_USAGE, "the lane %s has no question to ask without doing anything",
                       flow.lane->name);
    return flow.lane->dry_run(&flow, err);
}

int sw_import_run(const struct sw_import_options *options, struct sw_cloud *cloud,
                  struct sw_import_listener *listener, struct sw_import_result *result, struct sw_err *err)
{
    SW_CLEANUP(flow_close) struct import_flow flow;

    *result = (struct sw_import_result){.size_bytes = 0};
    if (flow_init(&flow, options, cloud, listener, err) < 0)
        return -1;
    flow.result = result;
    return check(&flow, err) < 0 ? -1 : run(&flow, err);
}
