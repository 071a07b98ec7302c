/* One disk's object in the bucket: a multipart upload that survives, and is told from anybody else's. */
#include "src/base/buf.h"
#include "src/base/log.h"
#include "src/import/encode.h"
#include "src/import/flow.h"
#include "src/import/upload.h"

#include <string.h>
#include <sys/stat.h>

/* An upload that vanishes under our hands is begun anew this often. */
enum { MAX_UPLOADS = 3 };

struct sw_s3_upload object_of(const struct import_flow *flow, size_t disk)
{
    return (struct sw_s3_upload){flow->options->bucket, flow->options->disks[disk].key,
                                 flow->journal.state.objects[disk].upload_id};
}

static int enter(struct import_flow *flow, size_t disk, enum object_stage stage, struct sw_err *err)
{
    flow->journal.state.objects[disk].stage = stage;
    return flow_save(flow, err);
}

static void tell(struct import_flow *flow, size_t disk, const char *event)
{
    const struct import_object *object = &flow->journal.state.objects[disk];

    flow_tell(flow, event,
              json_pack("{s:i, s:s, s:s, s:s*, s:I}", "disk", (int)disk + 1, "bucket", flow->options->bucket,
                        "key", flow->options->disks[disk].key, "upload_id", object->upload_id, "bytes",
                        (json_int_t)object->object_bytes));
}

static int64_t stamp_ns(const struct timespec *at)
{
    return ((int64_t)at->tv_sec * 1000000000 + at->tv_nsec) & INT64_MAX;
}

int object_identify(const struct sw_import_disk *disk, struct import_identity *out, struct sw_err *err)
{
    struct stat st;

    if (stat(disk->source_path, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", disk->source_path);
    *out = (struct import_identity){
        .size_bytes = disk->image != NULL ? disk->image->size_bytes : disk->in->size_bytes,
        .file_bytes = (uint64_t)st.st_size,
        .device = st.st_dev & INT64_MAX,
        .inode = st.st_ino & INT64_MAX,
        .mtime_ns = stamp_ns(&st.st_mtim),
        /* Whoever writes a file and sets its date back leaves this one. */
        .ctime_ns = disk->image == NULL ? stamp_ns(&st.st_ctim) : 0,
    };
    return encode_identity(disk, out->encoding, err);
}

/* A file whose ctime alone is another may still have its bytes: a link, a chmod and a backup change it, too. */
static bool same_ctime(const struct import_identity *a, const struct import_identity *b)
{
    return a->ctime_ns == 0 || b->ctime_ns == 0 || a->ctime_ns == b->ctime_ns;
}

static bool same_input(const struct import_identity *a, const struct import_identity *b)
{
    return a->size_bytes == b->size_bytes && a->file_bytes == b->file_bytes && a->device == b->device &&
           a->inode == b->inode && a->mtime_ns == b->mtime_ns && strcmp(a->encoding, b->encoding) == 0;
}

bool object_matches(const struct import_object *object, const struct sw_import_disk *disk,
                    const struct import_identity *now)
{
    /* While it goes up its parts can be held against their digests; later nobody reads it any more. */
    return same_input(&object->input, now) &&
           (object->stage < OBJECT_UPLOADED || same_ctime(&object->input, now)) &&
           strcmp(object->format, disk->format) == 0 && object->encoded == (disk->image != NULL);
}

int object_start_over(struct import_flow *flow, size_t disk, const struct import_identity *now,
                      struct sw_err *err)
{
    struct import_object *object = &flow->journal.state.objects[disk];
    const struct sw_import_disk *source = &flow->options->disks[disk];
    struct sw_s3_upload place = object_of(flow, disk);

    if ((object->stage == OBJECT_UPLOADING || object->stage == OBJECT_COMPLETING) &&
        sw_s3_abort_upload(flow->cloud, &place, err) < 0)
        return -1;
    free(object->upload_id);
    *object = (struct import_object){
        /* The one stage in which an upload may exist whose id nobody wrote down stays as it is: create looks for it. */
        .stage = object->stage == OBJECT_CREATING ? OBJECT_CREATING : OBJECT_NEW,
        .input = *now,
        .encoded = source->image != NULL,
        .part_bytes = flow->options->part_bytes != 0
                          ? flow->options->part_bytes
                          : sw_import_part_bytes(source->image != NULL ? 0 : now->size_bytes),
    };
    memcpy(object->format, source->format, strnlen(source->format, IMPORT_FORMAT - 1));
    return 0;
}

/* Aborts what an earlier request began and nobody noted; an upload whose id is known stays. */
static int sweep(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct sw_s3_upload place = object_of(flow, disk);
    unsigned aborted;

    if (sw_s3_abort_all(flow->cloud, &place, &aborted, err) < 0)
        return -1;
    if (aborted > 0)
        sw_log(SW_LOG_INFO, "aborted %u unfinished upload%s of 's3://%s/%s'", aborted,
               aborted == 1 ? "" : "s", place.bucket, place.key);
    return 0;
}

/* A plain refusal began nothing: the next run need not be allowed to list uploads. */
static int forget_creation(struct import_flow *flow, size_t disk)
{
    struct sw_err ignored = {.code = SW_OK};

    if (enter(flow, disk, OBJECT_NEW, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int create(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct import_object *object = &flow->journal.state.objects[disk];
    struct sw_s3_upload place = object_of(flow, disk);
    uint8_t random[(IMPORT_MARK - 1) / 2];
    bool retried;

    if (flow->uploads++ == MAX_UPLOADS)
        return sw_fail(err, SW_REMOTE, "the upload of 's3://%s/%s' vanished %d times", place.bucket,
                       place.key, MAX_UPLOADS);
    free(object->upload_id);
    object->upload_id = NULL;
    place.upload_id = NULL;
    if (object->stage == OBJECT_CREATING && sweep(flow, disk, err) < 0)
        return -1;
    if (sw_random(random, sizeof(random), err) < 0)
        return -1;
    sw_hex(random, sizeof(random), object->mark);
    object->content[0] = object->checksum[0] = '\0';
    object->summed = sw_cloud_checksums(flow->cloud);
    object->object_bytes = 0;
    if (enter(flow, disk, OBJECT_CREATING, err) < 0)
        return -1;
    journal_drop_parts(&flow->journal, disk);
    if (sw_s3_create_upload(flow->cloud, &place, object->mark, &object->upload_id, &retried, err) < 0)
        return retried || err->code != SW_FAILED ? -1 : forget_creation(flow, disk);
    if (retried && sweep(flow, disk, err) < 0)
        return -1;
    if (enter(flow, disk, OBJECT_UPLOADING, err) < 0)
        return -1;
    tell(flow, disk, "upload-begun");
    return 0;
}

static int begin_anew(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct sw_s3_upload place = object_of(flow, disk);

    return sw_s3_abort_upload(flow->cloud, &place, err) < 0 ? -1 : enter(flow, disk, OBJECT_NEW, err);
}

/* These bytes will never do: nothing of them stays in the bucket. Keeps err. */
static int discard(struct import_flow *flow, size_t disk)
{
    struct sw_err ignored = {.code = SW_OK};

    if (begin_anew(flow, disk, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

/* All parts are there: the file has to be the one that was begun with. *again: its parts are to be read once more. */
static int check_unchanged(struct import_flow *flow, size_t disk, const struct import_identity *before,
                           bool *again, struct sw_err *err)
{
    const struct sw_import_disk *source = &flow->options->disks[disk];
    struct import_identity now;

    if (object_identify(source, &now, err) < 0)
        return -1;
    *again = !same_ctime(before, &now);
    if (object_matches(&flow->journal.state.objects[disk], source, &now) &&
        (!*again || flow->uploads++ < MAX_UPLOADS))
        return 0;
    sw_fail(err, SW_FAILED, "'%s' changed while it was read; run again to send what it is now",
            source->source_path);
    return discard(flow, disk);
}

/* 1: all parts are there; 0: they are to be read again. */
static int send_parts(struct import_flow *flow, size_t disk, struct import_upload *job, struct sw_err *err)
{
    struct import_object *object = &flow->journal.state.objects[disk];
    struct import_identity before;
    bool again;
    int rc;

    if (object_identify(job->disk, &before, err) < 0)
        return -1;
    job->recheck = !same_ctime(&object->input, &before);
    rc = upload_send(job, err);
    flow->result->sent_bytes += job->sent_bytes;
    if (rc < 0 && err->code == SW_INTEGRITY)
        return discard(flow, disk);
    if (rc < 0 || check_unchanged(flow, disk, &before, &again, err) < 0)
        return -1;
    if (again)
        return 0;
    object->input.ctime_ns = before.ctime_ns;
    object->object_bytes = job->object_bytes;
    return 1;
}

static int upload(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct sw_s3_upload place = object_of(flow, disk);
    struct sw_s3_parts listed;
    struct import_upload job = {.cloud = flow->cloud,
                                .disk = &flow->options->disks[disk],
                                .journal = &flow->journal,
                                .object = disk,
                                .place = place,
                                .listed = &listed,
                                .connections = flow->options->connections,
                                .jobs = flow->options->jobs,
                                .progress = flow->listener->upload};
    int rc;

    if (sw_s3_list_parts(flow->cloud, &place, &listed, err) < 0)
        return -1;
    if (listed.gone) {
        free(listed.items);
        sw_log(SW_LOG_INFO, "S3 does not know the unfinished upload any more; it is begun anew");
        return enter(flow, disk, OBJECT_NEW, err);
    }
    /* S3 takes no part with a checksum into an upload without, nor the other way round. */
    if (flow->journal.state.objects[disk].summed != sw_cloud_checksums(flow->cloud)) {
        free(listed.items);
        sw_log(SW_LOG_INFO, "the unfinished upload was begun with other checksums; it is begun anew");
        return begin_anew(flow, disk, err);
    }
    if (job.connections == 0)
        job.connections = SW_IMPORT_CONNECTIONS;
    rc = send_parts(flow, disk, &job, err);
    free(listed.items);
    free(job.parts.items);
    return rc <= 0 ? rc : enter(flow, disk, OBJECT_COMPLETING, err);
}

int object_is_ours(const struct import_flow *flow, size_t disk, bool *ours, struct sw_err *err)
{
    const struct import_object *object = &flow->journal.state.objects[disk];
    struct sw_s3_upload place = object_of(flow, disk);
    struct sw_s3_head head;

    if (sw_s3_head(flow->cloud, &place, &head, err) < 0)
        return -1;
    *ours = head.found && head.size_bytes == object->object_bytes && strcmp(head.mark, object->mark) == 0 &&
            (head.checksum[0] == '\0' || object->checksum[0] == '\0' ||
             strcmp(head.checksum, object->checksum) == 0);
    return 0;
}

/* An encoder that gave more bytes in an earlier run leaves lines of parts behind the end. */
static void drop_behind(struct import_parts *parts, uint64_t object_bytes)
{
    uint64_t sum = 0;
    size_t n = 0;

    while (n < parts->n && sum < object_bytes)
        sum += parts->items[n++].part.size_bytes;
    parts->n = n;
}

/* The list that S3 wants; *whole is false when the log does not vouch for every byte. */
static int part_list(const struct import_parts *parts, uint64_t object_bytes, struct sw_s3_part **out,
                     bool *whole, struct sw_err *err)
{
    uint64_t sum = 0;

    *whole = parts->n > 0;
    *out = sw_calloc(parts->n + 1, sizeof(**out), err);
    if (*out == NULL)
        return -1;
    for (size_t i = 0; i < parts->n; i++) {
        *whole = *whole && parts->items[i].sha256[0] != '\0';
        (*out)[i] = parts->items[i].part;
        memcpy((*out)[i].sha256, parts->items[i].sha256, sizeof((*out)[i].sha256));
        sum += parts->items[i].part.size_bytes;
    }
    *whole = *whole && sum == object_bytes;
    return 0;
}

/* What S3 made is not what was sent: nobody may import it. Keeps err. */
static int remove_object(struct import_flow *flow, size_t disk)
{
    struct sw_s3_upload place = object_of(flow, disk);
    struct sw_err ignored = {.code = SW_OK};

    place.upload_id = NULL;
    if (sw_s3_delete(flow->cloud, &place, &ignored) < 0 || enter(flow, disk, OBJECT_NEW, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int complete_parts(struct import_flow *flow, size_t disk, const struct import_parts *parts,
                          struct sw_err *err)
{
    struct import_object *object = &flow->journal.state.objects[disk];
    struct sw_s3_upload place = object_of(flow, disk);
    SW_AUTO_FREE struct sw_s3_part *list = NULL;
    bool gone, whole, ours = true;

    if (part_list(parts, object->object_bytes, &list, &whole, err) < 0)
        return -1;
    /* The log is lost: ask S3 and send again what cannot be vouched for. */
    if (!whole && flow->uploads++ == MAX_UPLOADS)
        return sw_fail(err, SW_FAILED,
                       "the log of the parts of 's3://%s/%s' does not keep what is written to it",
                       place.bucket, place.key);
    if (!whole || object->summed != sw_cloud_checksums(flow->cloud))
        return enter(flow, disk, OBJECT_UPLOADING, err);
    if (object->summed && sw_s3_checksum(list, parts->n, object->checksum, err) < 0)
        return -1;
    if (sw_s3_complete_upload(flow->cloud, &place, list, parts->n, &gone, err) < 0)
        return err->code == SW_INTEGRITY ? remove_object(flow, disk) : -1;
    if ((gone && object_is_ours(flow, disk, &ours, err) < 0) ||
        upload_content(parts, object->content, err) < 0)
        return -1;
    if (!ours)
        return enter(flow, disk, OBJECT_NEW, err);
    flow->fresh[disk] = true;
    if (enter(flow, disk, OBJECT_UPLOADED, err) < 0)
        return -1;
    tell(flow, disk, "uploaded");
    return 0;
}

static int complete(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct import_identity now;
    struct import_parts parts;
    int rc;

    if (object_identify(&flow->options->disks[disk], &now, err) < 0)
        return -1;
    if (!same_ctime(&flow->journal.state.objects[disk].input, &now))
        return enter(flow, disk, OBJECT_UPLOADING, err);
    if (journal_read_parts(&flow->journal, disk, &parts, err) < 0)
        return -1;
    drop_behind(&parts, flow->journal.state.objects[disk].object_bytes);
    rc = complete_parts(flow, disk, &parts, err);
    free(parts.items);
    return rc;
}

static int step(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    switch (flow->journal.state.objects[disk].stage) {
    case OBJECT_UPLOADING:
        return upload(flow, disk, err);
    case OBJECT_COMPLETING:
        return complete(flow, disk, err);
    default:
        return create(flow, disk, err);
    }
}

int object_send(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    flow->uploads = 0;
    while (flow->journal.state.objects[disk].stage != OBJECT_UPLOADED)
        if (step(flow, disk, err) < 0)
            return -1;
    /* Also that of an upload whose end was noted right before a kill. */
    journal_drop_parts(&flow->journal, disk);
    return 0;
}
