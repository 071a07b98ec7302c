/* The lane import-image: multipart upload, ImportImage, and the wait for its end, as a journaled state machine. */
#include "slipway/import.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/import/journal.h"
#include "src/import/task.h"
#include "src/import/upload.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* An upload that vanishes under our hands is begun anew this often. */
enum { MAX_UPLOADS = 3 };

struct flow {
    const struct sw_import_options *options;
    struct sw_cloud *cloud;
    struct sw_in *in;
    struct sw_import_listener *listener;
    struct sw_import_result *result;
    struct import_journal journal;
    struct import_part *parts; /* NULL until they are needed */
    size_t n;
    unsigned uploads; /* begun by this run */
    bool fresh;       /* the object was completed by this run */
};

static void flow_free(struct flow *flow)
{
    journal_close(&flow->journal);
    free(flow->parts);
}

static struct sw_s3_upload object_of(const struct flow *flow)
{
    return (struct sw_s3_upload){flow->options->bucket, flow->options->key, flow->journal.state.upload_id};
}

static int enter(struct flow *flow, enum import_stage stage, struct sw_err *err)
{
    flow->journal.state.stage = stage;
    return journal_save(&flow->journal, err);
}

static int identify(const struct flow *flow, struct import_identity *out, struct sw_err *err)
{
    struct stat st;

    if (stat(flow->options->source_path, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", flow->options->source_path);
    *out = (struct import_identity){
        .size_bytes = flow->in->size_bytes,
        .file_bytes = (uint64_t)st.st_size,
        .device = st.st_dev & INT64_MAX,
        .inode = st.st_ino & INT64_MAX,
        .mtime_ns = ((int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec) & INT64_MAX,
    };
    return 0;
}

static bool same_input(const struct import_identity *a, const struct import_identity *b)
{
    return a->size_bytes == b->size_bytes && a->file_bytes == b->file_bytes && a->device == b->device &&
           a->inode == b->inode && a->mtime_ns == b->mtime_ns;
}

/* What would be asked of EC2, as a digest: another description is another task over the same object. */
static int request_digest(const struct flow *flow, char out[SW_SHA256_HEX], struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    SW_AUTO_JSON json_t *doc =
        json_pack("{s:s, s:s*, s:s*, s:s*}", "format", o->format, "description", o->description, "role_name",
                  o->role_name, "boot_mode", o->boot_mode);
    SW_AUTO_FREE char *text = NULL;
    uint8_t digest[SW_SHA256_BYTES];

    if (doc == NULL)
        return sw_fail(err, SW_USAGE, "the options of the import are not UTF-8");
    text = sw_json_canonical(doc, err);
    if (text == NULL || sw_sha256(text, strlen(text), digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), out);
    return 0;
}

/* The token of a task that failed would only bring that failure back, also when the bytes are the same ones again. */
static void next_attempt(struct import_state *state)
{
    if (state->attempt == 0 || state->stage == IMPORT_FAILED)
        state->attempt++;
}

/* Forgets what the journal had; what is left of it in the bucket is aborted first. */
static int start_over(struct flow *flow, const struct import_identity *input, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct sw_s3_upload object = object_of(flow);

    if ((state->stage == IMPORT_UPLOADING || state->stage == IMPORT_COMPLETING) &&
        sw_s3_abort_upload(flow->cloud, &object, err) < 0)
        return -1;
    next_attempt(state);
    /* The one stage in which an upload may exist whose id nobody wrote down stays as it is: create looks for it. */
    if (state->stage != IMPORT_CREATING)
        state->stage = IMPORT_NEW;
    free(state->upload_id);
    state->upload_id = NULL;
    state->input = *input;
    state->part_bytes = flow->options->part_bytes != 0 ? flow->options->part_bytes
                                                       : sw_import_part_bytes(flow->in->size_bytes);
    state->content[0] = '\0';
    state->task = (struct sw_ec2_task){.found = false};
    free(flow->parts);
    flow->parts = NULL;
    return 0;
}

/* A task of before that still runs reads the object that this call would replace. */
static int refuse_running(struct flow *flow, const char *why, struct sw_err *err)
{
    struct sw_ec2_task *task = &flow->journal.state.task;
    struct sw_ec2_task now;

    if (flow->journal.state.stage != IMPORT_RUNNING)
        return 0;
    if (sw_ec2_describe_import(flow->cloud, task->id, &now, err) < 0)
        return -1;
    if (now.found && task_failed(&now))
        flow->journal.state.stage = IMPORT_FAILED;
    if (!now.found || task_ended(&now))
        return 0;
    return sw_fail(err, SW_REFUSED,
                   "%s, and task '%s' still reads 's3://%s/%s'; wait for its end or use another --prefix",
                   why, task->id, flow->options->bucket, flow->options->key);
}

/* Holds the journal against this call: goes on, starts over, or refuses. */
static int reconcile(struct flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct import_identity input;
    char request[SW_SHA256_HEX];

    if (identify(flow, &input, err) < 0 || request_digest(flow, request, err) < 0)
        return -1;
    if (state->stage == IMPORT_NEW || !same_input(&input, &state->input)) {
        if (refuse_running(flow, "the image is another one now", err) < 0 ||
            start_over(flow, &input, err) < 0)
            return -1;
    } else if (state->stage >= IMPORT_RUNNING && strcmp(request, state->request) != 0) {
        if (refuse_running(flow, "the options are others now", err) < 0)
            return -1;
        next_attempt(state);
        state->stage = IMPORT_UPLOADED;
    } else if (state->stage == IMPORT_FAILED) {
        next_attempt(state);
        state->stage = IMPORT_UPLOADED;
    }
    memcpy(state->request, request, sizeof(request));
    return 0;
}

/* Aborts what an earlier request began and nobody noted; an upload whose id is known stays. */
static int sweep(struct flow *flow, struct sw_err *err)
{
    struct sw_s3_upload object = object_of(flow);
    unsigned aborted;

    if (sw_s3_abort_all(flow->cloud, &object, &aborted, err) < 0)
        return -1;
    if (aborted > 0)
        sw_log(SW_LOG_INFO, "aborted %u unfinished upload%s of 's3://%s/%s'", aborted,
               aborted == 1 ? "" : "s", object.bucket, object.key);
    return 0;
}

/* A plain refusal began nothing: the next run need not be allowed to list uploads. */
static int forget_creation(struct flow *flow)
{
    struct sw_err ignored = {.code = SW_OK};

    if (enter(flow, IMPORT_NEW, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int create(struct flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct sw_s3_upload object = object_of(flow);
    uint8_t random[(IMPORT_MARK - 1) / 2];
    bool retried;

    if (flow->uploads++ == MAX_UPLOADS)
        return sw_fail(err, SW_REMOTE, "the upload of 's3://%s/%s' vanished %d times", object.bucket,
                       object.key, MAX_UPLOADS);
    free(state->upload_id);
    state->upload_id = NULL;
    if (state->stage == IMPORT_CREATING && sweep(flow, err) < 0)
        return -1;
    if (sw_random(random, sizeof(random), err) < 0)
        return -1;
    sw_hex(random, sizeof(random), state->mark);
    if (enter(flow, IMPORT_CREATING, err) < 0)
        return -1;
    journal_drop_parts(&flow->journal);
    if (sw_s3_create_upload(flow->cloud, &object, state->mark, &state->upload_id, &retried, err) < 0)
        return retried || err->code != SW_FAILED ? -1 : forget_creation(flow);
    if (retried && sweep(flow, err) < 0)
        return -1;
    return enter(flow, IMPORT_UPLOADING, err);
}

static int load_parts(struct flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    free(flow->parts);
    flow->parts = upload_plan(state->input.size_bytes, state->part_bytes, &flow->n, err);
    return flow->parts != NULL ? journal_read_parts(&flow->journal, flow->parts, flow->n, err) : -1;
}

/* These bytes will never do: nothing of them stays in the bucket. Keeps err. */
static int discard(struct flow *flow)
{
    struct sw_s3_upload object = object_of(flow);
    struct sw_err ignored = {.code = SW_OK};

    if (sw_s3_abort_upload(flow->cloud, &object, &ignored) < 0 || enter(flow, IMPORT_NEW, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int upload(struct flow *flow, struct sw_err *err)
{
    struct sw_s3_upload object = object_of(flow);
    struct import_upload job = {.cloud = flow->cloud,
                                .in = flow->in,
                                .journal = &flow->journal,
                                .object = object,
                                .connections = flow->options->connections,
                                .progress = flow->listener->upload};
    struct import_identity now;
    struct sw_s3_parts listed;
    int rc;

    if (load_parts(flow, err) < 0 || sw_s3_list_parts(flow->cloud, &object, &listed, err) < 0)
        return -1;
    upload_match(flow->parts, flow->n, &listed);
    free(listed.items);
    if (listed.gone) {
        sw_log(SW_LOG_INFO, "S3 does not know the unfinished upload any more; it is begun anew");
        return enter(flow, IMPORT_NEW, err);
    }
    job.parts = flow->parts;
    job.n = flow->n;
    if (job.connections == 0)
        job.connections = SW_IMPORT_CONNECTIONS;
    rc = upload_send(&job, err);
    flow->result->sent_bytes += job.sent_bytes;
    if (rc < 0 && err->code == SW_INTEGRITY)
        return discard(flow);
    if (rc < 0 || identify(flow, &now, err) < 0)
        return -1;
    if (!same_input(&now, &flow->journal.state.input)) {
        sw_fail(err, SW_FAILED, "'%s' changed while it was read; run again to send what it is now",
                flow->options->source_path);
        return discard(flow);
    }
    return enter(flow, IMPORT_COMPLETING, err);
}

/* The object is ours when it carries the mark of this upload. */
static int object_is_ours(struct flow *flow, bool *ours, struct sw_err *err)
{
    struct sw_s3_upload object = object_of(flow);
    struct sw_s3_head head;

    if (sw_s3_head(flow->cloud, &object, &head, err) < 0)
        return -1;
    *ours = head.found && head.size_bytes == flow->journal.state.input.size_bytes &&
            strcmp(head.mark, flow->journal.state.mark) == 0;
    return 0;
}

static int complete(struct flow *flow, struct sw_err *err)
{
    struct sw_s3_upload object = object_of(flow);
    SW_AUTO_FREE struct sw_s3_part *list = NULL;
    bool gone, ours = true;

    if (flow->parts == NULL && load_parts(flow, err) < 0)
        return -1;
    list = sw_calloc(flow->n, sizeof(*list), err);
    if (list == NULL)
        return -1;
    for (size_t i = 0; i < flow->n; i++) {
        /* The log is lost: ask S3 and send again what cannot be vouched for. */
        if (flow->parts[i].sha256[0] == '\0')
            return enter(flow, IMPORT_UPLOADING, err);
        list[i] = flow->parts[i].part;
    }
    if (sw_s3_complete_upload(flow->cloud, &object, list, flow->n, &gone, err) < 0 ||
        (gone && object_is_ours(flow, &ours, err) < 0) ||
        upload_content(flow->parts, flow->n, flow->journal.state.content, err) < 0)
        return -1;
    if (!ours)
        return enter(flow, IMPORT_NEW, err);
    flow->fresh = true;
    if (enter(flow, IMPORT_UPLOADED, err) < 0)
        return -1;
    journal_drop_parts(&flow->journal);
    return 0;
}

/* The same import asks with the same token, whatever happened in between. */
static int client_token(const struct flow *flow, char out[IMPORT_TOKEN], struct sw_err *err)
{
    const struct import_state *state = &flow->journal.state;
    SW_AUTO_FREE char *text = sw_strf(err, "%s\n%s\n%s\n%s\n%u", state->content, state->request,
                                      flow->options->bucket, flow->options->key, state->attempt);
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (text == NULL || sw_sha256(text, strlen(text), digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), hex);
    snprintf(out, IMPORT_TOKEN, "slipway-%.40s", hex);
    return 0;
}

static int start_task(struct flow *flow, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    char token[IMPORT_TOKEN];
    struct sw_ec2_import request = {.client_token = token,
                                    .format = o->format,
                                    .bucket = o->bucket,
                                    .key = o->key,
                                    .description = o->description,
                                    .role_name = o->role_name,
                                    .boot_mode = o->boot_mode};
    bool ours = true;

    if (!flow->fresh && object_is_ours(flow, &ours, err) < 0)
        return -1;
    if (!ours) {
        sw_log(SW_LOG_INFO, "'s3://%s/%s' is not what was uploaded; it is sent anew", o->bucket, o->key);
        return enter(flow, IMPORT_NEW, err);
    }
    if (journal_save(&flow->journal, err) < 0 || client_token(flow, token, err) < 0 ||
        sw_ec2_import_image(flow->cloud, &request, &flow->journal.state.task, err) < 0)
        return -1;
    return enter(flow, IMPORT_RUNNING, err);
}

static int watch(struct flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    unsigned poll_ms = flow->options->poll_ms != 0 ? flow->options->poll_ms : SW_IMPORT_POLL_MS;
    bool done = false;

    if (task_wait(flow->cloud, poll_ms, flow->listener, &state->task, &done, err) < 0) {
        /* Whatever the task said last is the outcome to keep; a broken line leaves it running. */
        struct sw_err ignored = {.code = SW_OK};

        if (done && enter(flow, IMPORT_FAILED, &ignored) < 0)
            sw_log(SW_LOG_WARNING, "%s", ignored.text);
        return -1;
    }
    return enter(flow, IMPORT_COMPLETED, err);
}

static int step(struct flow *flow, struct sw_err *err)
{
    switch (flow->journal.state.stage) {
    case IMPORT_NEW:
    case IMPORT_CREATING:
        return create(flow, err);
    case IMPORT_UPLOADING:
        return upload(flow, err);
    case IMPORT_COMPLETING:
        return complete(flow, err);
    case IMPORT_UPLOADED:
        return start_task(flow, err);
    case IMPORT_RUNNING:
        return watch(flow, err);
    case IMPORT_COMPLETED:
    case IMPORT_FAILED:
        break;
    }
    return 0;
}

static int run(struct flow *flow, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    SW_AUTO_FREE char *destination =
        sw_strf(err, "%s/%s/%s", sw_cloud_s3_url(flow->cloud), o->bucket, o->key);

    if (destination == NULL || journal_open(o->state_dir, destination, &flow->journal, err) < 0 ||
        reconcile(flow, err) < 0)
        return -1;
    flow->result->known = flow->journal.state.stage == IMPORT_COMPLETED;
    while (flow->journal.state.stage != IMPORT_COMPLETED)
        if (step(flow, err) < 0)
            return -1;
    flow->result->task = flow->journal.state.task;
    return 0;
}

int sw_import_image(const struct sw_import_options *options, struct sw_cloud *cloud, struct sw_in *in,
                    struct sw_import_listener *listener, struct sw_import_result *result, struct sw_err *err)
{
    SW_CLEANUP(flow_free)
    struct flow flow = {.options = options,
                        .cloud = cloud,
                        .in = in,
                        .listener = listener,
                        .result = result,
                        .journal = {.lock_fd = -1, .parts_fd = -1}};

    *result = (struct sw_import_result){.size_bytes = in->size_bytes};
    if (in->size_bytes == 0)
        return sw_fail(err, SW_FAILED, "'%s' is empty", options->source_path);
    return run(&flow, err);
}
