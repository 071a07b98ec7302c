/* A disk that is encoded on its way up: read, decoded, encoded, hashed and sent at once. */
#include "src/import/encode.h"

#include "slipway/copy.h"
#include "src/base/buf.h"
#include "src/import/stream.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

static int make_copy(const struct sw_import_disk *disk, struct sw_copy *copy, struct sw_err *err)
{
    *copy = (struct sw_copy){.src = disk->image, .format = sw_format_by_name(disk->format)};
    if (copy->format == NULL)
        return sw_fail(err, SW_FAILED, "no disk can be encoded as '%s'", disk->format);
    if (disk->create != NULL)
        copy->create = *disk->create;
    return 0;
}

int encode_identity(const struct sw_import_disk *disk, char out[SW_SHA256_HEX], struct sw_err *err)
{
    uint8_t digest[SW_COPY_IDENTITY_BYTES];
    struct sw_copy copy;

    out[0] = '\0';
    if (disk->image == NULL)
        return 0;
    if (make_copy(disk, &copy, err) < 0 || sw_copy_identity(&copy, SLIPWAY_VERSION, digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), out);
    return 0;
}

/* No format takes more for a disk of that size: each unit plain, in its frame, and the tables. */
static uint64_t most_bytes(const struct sw_image *img)
{
    return img->size_bytes + img->size_bytes / 32 + (16 << 20);
}

/* The tables of a dynamic VHD stand at its front and are known at its end. */
static bool front_comes_last(const struct sw_copy *copy)
{
    const char *subformat = copy->create.subformat;

    return strcmp(copy->format->name, "vhd") == 0 &&
           (subformat == NULL || strcasecmp(subformat, "dynamic") == 0);
}

/* Hashes a part and sends it, unless it is there. */
struct sending {
    struct part_sender base;
    struct import_upload *upload;
    pthread_mutex_t lock; /* of the journal and the count */
};

static int note(struct sending *sending, struct import_part *part, struct sw_err *err)
{
    struct import_upload *upload = sending->upload;
    int rc;

    pthread_mutex_lock(&sending->lock);
    rc = journal_note_part(upload->journal, upload->object, part, err);
    upload->sent_bytes += part->part.size_bytes;
    pthread_mutex_unlock(&sending->lock);
    return rc < 0 ? -1 : journal_sync_parts(upload->journal, upload->object, err);
}

static int send_part(struct part_sender *base, unsigned number, const void *bytes, size_t len,
                     struct sw_err *err)
{
    struct sending *sending = (struct sending *)base;
    struct import_upload *upload = sending->upload;
    struct import_part *part = &upload->parts.items[number - 1];
    char sha256[SW_SHA256_HEX];

    if (sw_check_interrupt(err) < 0 || sw_sha256_hex(bytes, len, sha256, err) < 0)
        return -1;
    if (part->done && part->part.size_bytes == len && strcmp(part->sha256, sha256) == 0)
        return 0;
    part->done = false;
    part->part.size_bytes = len;
    memcpy(part->sha256, sha256, sizeof(sha256));
    if (sw_s3_put_part(upload->cloud, &upload->place, &part->part, bytes, part->sha256, err) < 0)
        return -1;
    part->done = true;
    return note(sending, part, err);
}

/* As many parts as there can be; what the log and S3 agree on is done, with the size that it has there. */
static int expect_parts(struct import_upload *upload, struct sw_err *err)
{
    struct import_parts log;

    upload->parts.items = sw_calloc(SW_S3_MAX_PARTS, sizeof(*upload->parts.items), err);
    if (upload->parts.items == NULL || journal_read_parts(upload->journal, upload->object, &log, err) < 0)
        return -1;
    upload->parts.n = SW_S3_MAX_PARTS;
    for (unsigned i = 0; i < SW_S3_MAX_PARTS; i++) {
        upload->parts.items[i].part.number = i + 1;
        if (i < log.n)
            upload->parts.items[i].part.size_bytes = log.items[i].part.size_bytes;
    }
    upload_match(&upload->parts, &log, upload->listed);
    free(log.items);
    return 0;
}

static int encode_into(struct import_upload *upload, struct sw_copy *copy, struct sw_out *out,
                       struct sw_err *err)
{
    copy->out = out;
    copy->jobs = upload->jobs != 0 ? upload->jobs : sw_default_jobs();
    copy->progress = stream_progress(out);
    if (sw_copy_image(copy, NULL, err) < 0 || sw_out_commit(out, err) < 0)
        return -1;
    upload->object_bytes = out->pos;
    upload->parts.n = stream_parts(out);
    return 0;
}

static int encode_through(struct import_upload *upload, struct sending *sending, struct sw_err *err)
{
    const struct sw_import_disk *disk = upload->disk;
    struct stream_opts opts = {.name = upload->place.key,
                               .connections = upload->connections,
                               .memory_bytes = UPLOAD_MEMORY_BYTES,
                               .sender = &sending->base,
                               .progress = upload->progress};
    struct sw_out *out = NULL;
    struct sw_copy copy;
    int rc;

    if (make_copy(disk, &copy, err) < 0 ||
        part_plan_make(most_bytes(disk->image), upload->journal->state.objects[upload->object].part_bytes,
                       &opts.plan, err) < 0)
        return -1;
    opts.keep_front = front_comes_last(&copy);
    if (stream_open(&opts, &out, err) < 0)
        return -1;
    rc = encode_into(upload, &copy, out, err);
    sw_out_close(out);
    return rc;
}

int encode_send(struct import_upload *upload, struct sw_err *err)
{
    struct sending sending = {.base = {.send = send_part}, .upload = upload};
    int rc;

    if (expect_parts(upload, err) < 0)
        return -1;
    pthread_mutex_init(&sending.lock, NULL);
    rc = encode_through(upload, &sending, err);
    pthread_mutex_destroy(&sending.lock);
    return rc;
}
