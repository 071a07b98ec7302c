/* What an import remembers: one JSON file, a log of finished parts for each object, a lock. */
#ifndef SW_IMPORT_JOURNAL_H
#define SW_IMPORT_JOURNAL_H

#include "slipway/import.h"
#include "src/base/digest.h"

enum { JOURNAL_VERSION = 2 };

/* In the order they are gone through; each is written down before the call that leads out of it. */
enum import_stage {
    IMPORT_NEW,       /* nothing is there */
    IMPORT_SENDING,   /* objects go up, or what the lane sends by itself */
    IMPORT_SENT,      /* all is there; a task may have been asked for */
    IMPORT_RUNNING,   /* the tasks are known */
    IMPORT_FINISHING, /* the image is there; what comes after may have begun */
    IMPORT_COMPLETED,
    IMPORT_FAILED,
    IMPORT_CANCELLING, /* what is there is being taken back */
    IMPORT_CANCELLED,
    IMPORT_STAGES,
};
const char *import_stage_name(enum import_stage stage);

/* One disk's object; likewise. */
enum object_stage {
    OBJECT_NEW,
    OBJECT_CREATING,   /* CreateMultipartUpload may have been sent */
    OBJECT_UPLOADING,  /* upload_id is known */
    OBJECT_COMPLETING, /* every part is there; CompleteMultipartUpload may have been sent */
    OBJECT_UPLOADED,
    OBJECT_DELETED, /* by us, after it was imported */
    OBJECT_STAGES,
};
const char *object_stage_name(enum object_stage stage);

/* Which bytes these are, without reading them: what stat says of the file, and the size of what is read from it. */
struct import_identity {
    uint64_t size_bytes; /* of the opened file, or of the disk that is encoded anew */
    uint64_t file_bytes;
    uint64_t device;
    uint64_t inode;
    int64_t mtime_ns;
    int64_t ctime_ns; /* 0: of an encoded disk, whose encoding has it, and in a journal of before */
    char encoding
        [SW_SHA256_HEX]; /* of all files read and of the encoder (encode.h); "" where the file goes as it is */
};

enum { IMPORT_MARK = 33, IMPORT_TOKEN = 49, IMPORT_FORMAT = 8 };

struct import_object {
    enum object_stage stage;
    struct import_identity input;
    char format[IMPORT_FORMAT];    /* of what is sent */
    bool encoded;                  /* from the disk, not the file's own bytes */
    char mark[IMPORT_MARK];        /* random hex of this upload; in the object's metadata, too */
    char content[SW_SHA256_HEX];   /* over the parts' digests; "" before the upload is complete */
    bool summed;                   /* the upload was begun with checksums for S3 to keep */
    char checksum[SW_S3_CHECKSUM]; /* that S3 should keep of the object; "" when none */
    uint64_t part_bytes;
    uint64_t object_bytes; /* known from OBJECT_COMPLETING on */
    char *upload_id;
};

struct import_state {
    enum import_stage stage;
    int64_t updated_ms;
    unsigned attempt;            /* of the task, from 1 */
    bool asked;                  /* tasks may have been asked for that are not noted */
    char request[SW_SHA256_HEX]; /* over the options of the task */
    char after[SW_SHA256_HEX];   /* over those of what comes after */
    char region[64];
    json_t *options; /* as options_store wrote them */
    size_t nr_objects;
    struct import_object objects[SW_IMPORT_MAX_DISKS];
    size_t nr_tasks;
    struct sw_ec2_task tasks[SW_IMPORT_MAX_DISKS];
    char image_id[64];
    json_t *lane;    /* an object of the lane's own; NULL: it has nothing to remember */
    json_t *release; /* of what comes after the image (release.c); NULL: nothing yet */
};

struct import_part {
    struct sw_s3_part part;
    char sha256[SW_SHA256_HEX]; /* "" while the part is not in the log */
    bool done;
};

/* parts[i] is number i + 1; those that are not in the log have no sha256. */
struct import_parts {
    struct import_part *items;
    size_t n;
};

struct import_journal {
    struct import_state state;
    char id[SW_IMPORT_ID];
    char *folder;
    char *path;
    int lock_fd;
    int object_locks[SW_IMPORT_MAX_DISKS]; /* -1: none */
    int parts_fds[SW_IMPORT_MAX_DISKS];    /* -1 until the first part of the object is noted */
};

/* The journals' folder: given, or the user's own. Free it. */
SW_MUST_CHECK char *journal_folder(const char *state_dir, struct sw_err *err);

/* The id of an import to these destinations (one line for each object): a digest, so that the same command finds it. */
SW_MUST_CHECK int journal_id(const char *destinations, char out[SW_IMPORT_ID], struct sw_err *err);

/* Nothing open: fit to be closed. */
void journal_init(struct import_journal *journal);

/*
 * Makes the folder, takes the import's lock (SW_FAILED when another process has it; what: for the message) and reads what
 * is there.
 */
SW_MUST_CHECK int journal_open(const char *state_dir, const char *id, const char *what,
                               struct import_journal *out, struct sw_err *err);
/* Of one import of several objects: nobody else may send to this one. */
SW_MUST_CHECK int journal_lock_object(struct import_journal *journal, size_t object, const char *destination,
                                      struct sw_err *err);
void journal_close(struct import_journal *journal);
#define JOURNAL_AUTO SW_CLEANUP(journal_close)

/* Reads a journal's file without its lock, into a zeroed state; free with state_clear, also after a failure. */
SW_MUST_CHECK int journal_peek(const char *path, struct import_state *out, struct sw_err *err);
void state_clear(struct import_state *state);

/* Durable when it returns. */
SW_MUST_CHECK int journal_save(struct import_journal *journal, struct sw_err *err);

/* Appends a finished part of that object. One thread at a time. */
SW_MUST_CHECK int journal_note_part(struct import_journal *journal, size_t object,
                                    const struct import_part *part, struct sw_err *err);
/* What this thread noted is durable when it returns. Any thread. */
SW_MUST_CHECK int journal_sync_parts(const struct import_journal *journal, size_t object, struct sw_err *err);
/* The parts that the log has of the object's present upload; a torn last line is passed over. Free the items. */
SW_MUST_CHECK int journal_read_parts(const struct import_journal *journal, size_t object,
                                     struct import_parts *out, struct sw_err *err);
/* Removes the log: its upload is over. That it cannot be removed does no harm, for its lines carry the old mark. */
void journal_drop_parts(struct import_journal *journal, size_t object);

/* journal_state.c: the state as JSON and back. SW_INTEGRITY names the member that is missing or out of range. */
SW_MUST_CHECK json_t *state_store(const struct import_state *state, struct sw_err *err);
/* Ids of snapshots as a journal keeps them; NULL when memory is out. */
json_t *state_snapshots(const char ids[][SW_EC2_SNAPSHOT_ID], unsigned n, struct sw_err *err);
SW_MUST_CHECK int state_load(const json_t *doc, struct import_state *out, struct sw_err *err);

#endif
