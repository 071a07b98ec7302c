/* One disk of the lane ebs-direct: its snapshot, from the start to the last block. */
#include "src/import/ebs_disk.h"

#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/copy/verify.h"
#include "src/import/blocks.h"
#include "src/import/snapshot.h"

#include <stdio.h>
#include <string.h>

/* A snapshot that vanishes under our hands is begun anew this often. */
enum { MAX_SNAPSHOTS = 3 };
/* Three days, the most that EBS allows: an import that was interrupted can be gone on with until then. */
enum { TIMEOUT_MIN = 4320 };

/* A disk while it is sent. */
struct sending {
    struct import_flow *flow;
    struct ebs_disk disks[SW_IMPORT_MAX_DISKS];
    size_t at;
    struct sw_bitset parent; /* what the parent snapshot holds; no bits without one */
    uint64_t volume_gib;
    unsigned begun; /* snapshots, by this run, of this disk */
};

static void sending_free(struct sending *sending)
{
    sw_bitset_free(&sending->parent);
}

static const struct sw_import_disk *source_of(const struct sending *sending)
{
    return &sending->flow->options->disks[sending->at];
}

int ebs_disk_check(const struct sw_import_options *options, size_t disk, struct sw_err *err)
{
    const struct sw_import_disk *source = &options->disks[disk];
    const char *key = options->kms_key;

    if (source->image == NULL)
        return sw_fail(err, SW_USAGE,
                       "the lane ebs-direct sends blocks of a disk, and '%s' is not opened as one",
                       source->source_path);
    if (source->image->size_bytes == 0 || source->image->size_bytes > SW_VIRTUAL_MAX_BYTES)
        return sw_fail(err, SW_REFUSED, "'%s' is a disk of %llu bytes; EBS takes 1 byte to 64 TiB",
                       source->source_path, (unsigned long long)source->image->size_bytes);
    if (key != NULL && (strncmp(key, "arn:", 4) != 0 || strstr(key, ":key/") == NULL))
        return sw_fail(err, SW_USAGE, "the lane ebs-direct takes a KMS key as the ARN of a key, not '%s'",
                       key);
    if (options->parent_snapshot == NULL)
        return 0;
    if (!sw_ebs_is_id(options->parent_snapshot))
        return sw_fail(err, SW_USAGE, "--parent-snapshot: '%.80s' is no id of a snapshot (snap-…)",
                       options->parent_snapshot);
    if (options->nr_disks > 1)
        return sw_fail(err, SW_USAGE, "--parent-snapshot is for an image of one disk");
    if (options->encrypted || key != NULL)
        return sw_fail(err, SW_USAGE,
                       "--parent-snapshot and encryption exclude each other: the parent says which it is");
    return 0;
}

static int save(struct sending *sending, struct sw_err *err)
{
    struct import_state *state = &sending->flow->journal.state;
    json_t *lane = ebs_state_store(sending->disks, sending->flow->options->nr_disks, err);

    if (lane == NULL)
        return -1;
    json_decref(state->lane);
    state->lane = lane;
    return flow_save(sending->flow, err);
}

static int enter(struct sending *sending, enum ebs_stage stage, struct sw_err *err)
{
    sending->disks[sending->at].stage = stage;
    return save(sending, err);
}

static void tell(struct sending *sending, const char *event)
{
    const struct ebs_disk *disk = &sending->disks[sending->at];

    flow_tell(sending->flow, event,
              json_pack("{s:i, s:s, s:I}", "disk", (int)sending->at + 1, "snapshot_id", disk->snapshot,
                        "volume_gib", (json_int_t)disk->volume_gib));
}

static char *log_path(const struct import_flow *flow, const char *snapshot, struct sw_err *err)
{
    return sw_strf(err, "%s/%s.blocks", flow->journal.folder, snapshot);
}

/* The blocks that the parent holds, and a volume at least as large as its own. */
static int load_parent(struct sending *sending, struct sw_err *err)
{
    const char *parent = sending->flow->options->parent_snapshot;
    SW_CLEANUP(sw_ebs_page_free) struct sw_ebs_page page = {.items = NULL};

    sending->volume_gib = sw_div_up(source_of(sending)->image->size_bytes, 1ULL << 30);
    if (parent == NULL)
        return 0;
    do {
        if (sw_ebs_list_blocks(sending->flow->cloud, parent, &page, err) < 0)
            return -1;
        sending->volume_gib = sw_max_u64(sending->volume_gib, page.volume_gib);
        if (sending->parent.bits == NULL &&
            sw_bitset_init(&sending->parent, sending->volume_gib * SW_EBS_BLOCKS_PER_GIB, err) < 0)
            return -1;
        for (size_t i = 0; i < page.n; i++)
            sw_bitset_add(&sending->parent, page.items[i].index);
    } while (page.more);
    return 0;
}

static struct sw_ebs_start start_of(const struct sending *sending)
{
    const struct sw_import_options *o = sending->flow->options;

    return (struct sw_ebs_start){.volume_gib = sending->volume_gib,
                                 .client_token = sending->disks[sending->at].token,
                                 .parent = o->parent_snapshot,
                                 .description = o->description,
                                 .kms_key_arn = o->kms_key,
                                 .encrypted = o->encrypted || o->kms_key != NULL,
                                 .timeout_min = TIMEOUT_MIN};
}

/* What the snapshot is started with, as a digest. */
static int request_digest(const struct sending *sending, char out[SW_SHA256_HEX], struct sw_err *err)
{
    struct sw_ebs_start start = start_of(sending);
    SW_AUTO_JSON json_t *doc =
        json_pack("{s:I, s:s*, s:s*, s:s*, s:b, s:i}", "volume_gib", (json_int_t)start.volume_gib, "parent",
                  start.parent, "description", start.description, "kms_key", start.kms_key_arn, "encrypted",
                  start.encrypted, "timeout_min", (int)start.timeout_min);

    if (doc == NULL)
        return sw_fail(err, SW_USAGE, "the options of the import are not UTF-8");
    return sw_json_digest(doc, out, err);
}

/* A token is journaled before it is sent, so that whatever it began is found again with it. */
static int make_token(struct sending *sending, struct sw_err *err)
{
    struct ebs_disk *disk = &sending->disks[sending->at];
    uint8_t random[20];
    char hex[2 * sizeof(random) + 1];

    if (sending->begun++ == MAX_SNAPSHOTS)
        return sw_fail(err, SW_REMOTE, "the snapshot of '%s' vanished %d times",
                       source_of(sending)->source_path, MAX_SNAPSHOTS);
    *disk = (struct ebs_disk){.stage = EBS_NEW, .volume_gib = sending->volume_gib};
    if (sw_random(random, sizeof(random), err) < 0 || request_digest(sending, disk->request, err) < 0)
        return -1;
    sw_hex(random, sizeof(random), hex);
    snprintf(disk->token, sizeof(disk->token), "slipway-%s", hex);
    return enter(sending, EBS_STARTING, err);
}

static int64_t now_s(const struct import_flow *flow)
{
    struct sw_transport *transport = sw_cloud_transport(flow->cloud);

    return transport->ops->now_s(transport);
}

static int start_snapshot(struct sending *sending, struct sw_err *err)
{
    struct ebs_disk *disk = &sending->disks[sending->at];
    struct sw_ebs_start start = start_of(sending);
    struct sw_ebs_snapshot snapshot;

    if (sw_ebs_start_snapshot(sending->flow->cloud, &start, &snapshot, err) < 0)
        return -1;
    if (strlen(snapshot.id) >= sizeof(disk->snapshot))
        return sw_fail(err, SW_REMOTE, "the snapshot's id '%s' is longer than any of EC2's", snapshot.id);
    memcpy(disk->snapshot, snapshot.id, strlen(snapshot.id) + 1);
    disk->volume_gib = snapshot.volume_gib;
    disk->started_s = now_s(sending->flow);
    if (enter(sending, EBS_WRITING, err) < 0)
        return -1;
    tell(sending, "snapshot-begun");
    return 0;
}

/* Deletes the snapshot and its log. *in_use: an image was made of it, so that it stays. */
static int delete_snapshot(struct import_flow *flow, const struct ebs_disk *disk, bool *in_use,
                           struct sw_err *err)
{
    SW_AUTO_FREE char *path = log_path(flow, disk->snapshot, err);

    if (path == NULL || snapshot_delete(flow->cloud, disk->snapshot, in_use, err) < 0)
        return -1;
    if (!*in_use)
        unlink(path);
    return 0;
}

/* A snapshot that is of no use any more goes; that it stays ends nothing, and is told. */
static void drop(struct sending *sending)
{
    struct sw_err why = {.code = SW_OK};
    bool in_use;

    if (delete_snapshot(sending->flow, &sending->disks[sending->at], &in_use, &why) < 0)
        sw_log(SW_LOG_WARNING, "%s; it is left behind", why.text);
}

/* The disk is another one now; nobody may make an image of these blocks. Keeps err. */
static int give_up(struct sending *sending)
{
    struct sw_err ignored = {.code = SW_OK};

    drop(sending);
    if (enter(sending, EBS_NEW, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int check_unchanged(struct sending *sending, struct sw_err *err)
{
    const struct import_object *object = &sending->flow->journal.state.objects[sending->at];
    struct import_identity now;

    if (object_identify(source_of(sending), &now, err) < 0)
        return -1;
    if (object_matches(object, source_of(sending), &now))
        return 0;
    sw_fail(err, SW_FAILED, "'%s' changed while it was read; run again to send what it is now",
            source_of(sending)->source_path);
    return give_up(sending);
}

/* Blocks and what the source vouches for its bytes with, beside each other. */
static int transfer(struct block_transfer *job, struct sw_err *err)
{
    struct verify verify = {.running = false};
    int rc;

    if (verify_begin(&verify, job->image, job->connections, err) < 0)
        return -1;
    rc = block_transfer_run(job, err);
    return verify_end(&verify, rc, err);
}

static int note_sum(struct sending *sending, const struct block_log *log, struct sw_err *err)
{
    struct ebs_disk *disk = &sending->disks[sending->at];
    struct import_object *object = &sending->flow->journal.state.objects[sending->at];
    uint8_t linear[SW_EBS_DIGEST];

    if (block_log_sum(log, &disk->blocks, linear, err) < 0)
        return -1;
    sw_hex(linear, sizeof(linear), disk->linear);
    memcpy(object->content, disk->linear, sizeof(object->content));
    object->object_bytes = disk->blocks * SW_EBS_BLOCK_BYTES;
    return 0;
}

/* What an import of before noted of the parent's blocks, if it was one from here. */
static int open_parent_log(const struct import_flow *flow, struct block_log *log, struct sw_err *err)
{
    const char *parent = flow->options->parent_snapshot;
    SW_AUTO_FREE char *path = parent != NULL ? log_path(flow, parent, err) : NULL;

    if (parent == NULL)
        return 0;
    if (path == NULL)
        return -1;
    return sw_path_exists(path) ? block_log_open(log, path, parent, err) : 0;
}

static int write_blocks(struct sending *sending, struct sw_err *err)
{
    struct import_flow *flow = sending->flow;
    const struct ebs_disk *disk = &sending->disks[sending->at];
    SW_AUTO_FREE char *path = log_path(flow, disk->snapshot, err);
    BLOCK_LOG_AUTO struct block_log log = {.fd = -1}, parent_log = {.fd = -1};
    unsigned connections = flow->options->connections;
    struct block_transfer job = {.cloud = flow->cloud,
                                 .image = source_of(sending)->image,
                                 .log = &log,
                                 .parent = sending->parent.bits != NULL ? &sending->parent : NULL,
                                 .started_s = disk->started_s,
                                 .connections = connections != 0 ? connections : BLOCKS_CONNECTIONS,
                                 .progress = flow->listener->upload};
    int rc;

    if (path == NULL || block_log_open(&log, path, disk->snapshot, err) < 0 ||
        open_parent_log(flow, &parent_log, err) < 0)
        return -1;
    if (parent_log.fd >= 0)
        job.parent_log = &parent_log;
    if (job.connections > BLOCKS_CONNECTIONS_MAX)
        job.connections = BLOCKS_CONNECTIONS_MAX;
    rc = transfer(&job, err);
    flow->result->sent_bytes += job.sent_bytes;
    if (rc < 0)
        return err->code == SW_INTEGRITY ? give_up(sending) : -1;
    if (job.gone) {
        sw_log(SW_LOG_WARNING, "snapshot '%s' takes no blocks any more; it is begun anew", disk->snapshot);
        drop(sending);
        return enter(sending, EBS_NEW, err);
    }
    if (check_unchanged(sending, err) < 0 || note_sum(sending, &log, err) < 0)
        return -1;
    return enter(sending, EBS_COMPLETING, err);
}

/* Completed by a request whose answer was lost, or lost itself. */
static int look_after_completion(struct sending *sending, struct sw_err *err)
{
    const struct ebs_disk *disk = &sending->disks[sending->at];
    struct sw_ec2_snapshot now;

    if (sw_ec2_describe_snapshot(sending->flow->cloud, disk->snapshot, &now, err) < 0)
        return -1;
    if (now.found && (strcmp(now.state, "completed") == 0 || strcmp(now.state, "pending") == 0))
        return enter(sending, EBS_COMPLETED, err);
    sw_log(SW_LOG_WARNING, "snapshot '%s' %s; it is begun anew", disk->snapshot,
           now.found ? "ended as error" : "is gone");
    drop(sending);
    return enter(sending, EBS_NEW, err);
}

static int complete(struct sending *sending, struct sw_err *err)
{
    const struct ebs_disk *disk = &sending->disks[sending->at];
    uint8_t linear[SW_EBS_DIGEST];
    bool gone;

    if (sw_unhex(disk->linear, strlen(disk->linear), linear, sizeof(linear)) < 0)
        return enter(sending, EBS_WRITING, err);
    if (sw_ebs_complete_snapshot(sending->flow->cloud, disk->snapshot, disk->blocks,
                                 disk->blocks > 0 ? linear : NULL, &gone, err) < 0)
        return -1;
    if (gone)
        return look_after_completion(sending, err);
    if (enter(sending, EBS_COMPLETED, err) < 0)
        return -1;
    tell(sending, "snapshot-completed");
    return 0;
}

static int step(struct sending *sending, struct sw_err *err)
{
    switch (sending->disks[sending->at].stage) {
    case EBS_NEW:
        return make_token(sending, err);
    case EBS_STARTING:
        return start_snapshot(sending, err);
    case EBS_WRITING:
        return write_blocks(sending, err);
    case EBS_COMPLETING:
        return complete(sending, err);
    case EBS_COMPLETED:
    case EBS_STAGES:
        break;
    }
    return 0;
}

/* Options that the snapshot was not started with ask for another one. */
static int reconcile(struct sending *sending, struct sw_err *err)
{
    struct ebs_disk *disk = &sending->disks[sending->at];
    char request[SW_SHA256_HEX];
    bool in_use;

    if (disk->stage == EBS_NEW)
        return 0;
    if (request_digest(sending, request, err) < 0)
        return -1;
    if (strcmp(request, disk->request) == 0)
        return 0;
    if (disk->stage >= EBS_WRITING && delete_snapshot(sending->flow, disk, &in_use, err) < 0)
        return -1;
    return enter(sending, EBS_NEW, err);
}

/* Completed, with these options: nothing is left to send, and the parent need not be listed for it. */
static int is_complete(struct sending *sending, bool *complete, struct sw_err *err)
{
    const struct ebs_disk *disk = &sending->disks[sending->at];
    char request[SW_SHA256_HEX];

    *complete = false;
    if (disk->stage != EBS_COMPLETED)
        return 0;
    sending->volume_gib = disk->volume_gib;
    if (request_digest(sending, request, err) < 0)
        return -1;
    *complete = strcmp(request, disk->request) == 0;
    return 0;
}

static int send_disk(struct import_flow *flow, size_t at, struct sw_err *err)
{
    SW_CLEANUP(sending_free) struct sending sending = {.flow = flow, .at = at};
    bool complete;

    /* A disk that is not open has nothing more to send. */
    if (ebs_state_load(flow->journal.state.lane, sending.disks, err) < 0)
        return -1;
    if (source_of(&sending)->image == NULL)
        return sending.disks[at].stage == EBS_COMPLETED ? 0 : sw_fail(err, SW_FAILED, "it is not open");
    if (is_complete(&sending, &complete, err) < 0)
        return -1;
    if (complete)
        return 0;
    if (load_parent(&sending, err) < 0 || reconcile(&sending, err) < 0)
        return -1;
    while (sending.disks[at].stage != EBS_COMPLETED)
        if (step(&sending, err) < 0)
            return -1;
    return 0;
}

int ebs_disks_send(struct import_flow *flow, struct sw_err *err)
{
    for (size_t i = 0; i < flow->options->nr_disks; i++)
        if (send_disk(flow, i, err) < 0)
            return sw_context(err, "'%s'", flow->options->disks[i].source_path);
    return 0;
}

int ebs_disk_forget(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct sending sending = {.flow = flow, .at = disk};

    if (ebs_state_load(flow->journal.state.lane, sending.disks, err) < 0)
        return -1;
    if (sending.disks[disk].stage >= EBS_WRITING)
        drop(&sending);
    return enter(&sending, EBS_NEW, err);
}

/*
 * A request whose answer nobody heard may have begun a snapshot: the token finds it. With other options it does not, and such a
 * snapshot, which has no block, ends by itself.
 */
static int find_begun(struct sending *sending, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};

    sending->volume_gib = sending->disks[sending->at].volume_gib;
    if (start_snapshot(sending, &cause) == 0)
        return 0;
    if (cause.code != SW_FAILED || cause.sys != SW_CLOUD_UNFIT) {
        *err = cause;
        return sw_context(err, "whether a snapshot was begun is not known yet");
    }
    sw_log(SW_LOG_WARNING, "%s; if it was begun, it ends by itself within three days", cause.text);
    return 0;
}

static int take_back(struct sending *sending, bool *in_use, struct sw_err *err)
{
    const struct ebs_disk *disk = &sending->disks[sending->at];

    *in_use = false;
    if (disk->stage == EBS_STARTING && find_begun(sending, err) < 0)
        return -1;
    if (disk->stage >= EBS_WRITING && delete_snapshot(sending->flow, disk, in_use, err) < 0)
        return -1;
    return 0;
}

int ebs_disks_discard(struct import_flow *flow, struct sw_err *err)
{
    struct sending sending = {.flow = flow};
    bool in_use;

    if (ebs_state_load(flow->journal.state.lane, sending.disks, err) < 0)
        return -1;
    for (; sending.at < flow->journal.state.nr_objects; sending.at++) {
        /* What an image was made of is a result, and stays. */
        if ((flow->journal.state.image_id[0] == '\0' && take_back(&sending, &in_use, err) < 0) ||
            enter(&sending, EBS_NEW, err) < 0)
            return -1;
    }
    return 0;
}

int ebs_disks_cancel(struct import_flow *flow, struct sw_err *err)
{
    struct sending sending = {.flow = flow};
    bool in_use;

    if (ebs_state_load(flow->journal.state.lane, sending.disks, err) < 0)
        return -1;
    for (; sending.at < flow->journal.state.nr_objects; sending.at++) {
        if (take_back(&sending, &in_use, err) < 0)
            return -1;
        if (in_use)
            return sw_fail(
                err, SW_REFUSED,
                "an image was made of snapshot '%s' already; go on with the import, and it is told",
                sending.disks[sending.at].snapshot);
        if (enter(&sending, EBS_NEW, err) < 0)
            return -1;
    }
    return 0;
}
