/* What an import remembers: one JSON file, a log of finished parts, a lock. */
#ifndef SW_IMPORT_JOURNAL_H
#define SW_IMPORT_JOURNAL_H

#include "slipway/import.h"
#include "src/base/digest.h"

/* In the order they are gone through; each is written down before the call that leads out of it. */
enum import_stage {
    IMPORT_NEW,        /* nothing is there */
    IMPORT_CREATING,   /* CreateMultipartUpload may have been sent */
    IMPORT_UPLOADING,  /* upload_id is known */
    IMPORT_COMPLETING, /* every part is there; CompleteMultipartUpload may have been sent */
    IMPORT_UPLOADED,   /* the object is there; ImportImage may have been sent */
    IMPORT_RUNNING,    /* the task is known */
    IMPORT_COMPLETED,
    IMPORT_FAILED,
};

/* Which bytes these are, without reading them: what stat says of the file, and the size of what is read from it. */
struct import_identity {
    uint64_t size_bytes;
    uint64_t file_bytes;
    uint64_t device;
    uint64_t inode;
    int64_t mtime_ns;
};

enum { IMPORT_MARK = 33, IMPORT_TOKEN = 49 };

struct import_state {
    enum import_stage stage;
    struct import_identity input;
    char mark[IMPORT_MARK];      /* random hex of this upload; in the object's metadata, too */
    char content[SW_SHA256_HEX]; /* over the parts' digests; "" before the upload is complete */
    char request[SW_SHA256_HEX]; /* over the options of the task */
    uint64_t part_bytes;
    unsigned attempt; /* of the task, from 1 */
    char *upload_id;
    struct sw_ec2_task task;
};

struct import_part {
    struct sw_s3_part part;
    char sha256[SW_SHA256_HEX]; /* "" while the part is not in the log */
    bool done;
};

struct import_journal {
    struct import_state state;
    char *path;
    char *parts_path;
    int lock_fd;
    int parts_fd; /* -1 until the first part is noted */
};

/* Makes the folder, takes the lock of this destination (SW_FAILED when another process has it) and reads what is there. */
SW_MUST_CHECK int journal_open(const char *state_dir, const char *destination, struct import_journal *out,
                               struct sw_err *err);
void journal_close(struct import_journal *journal);
#define JOURNAL_AUTO SW_CLEANUP(journal_close)

/* Durable when it returns. */
SW_MUST_CHECK int journal_save(const struct import_journal *journal, struct sw_err *err);

/* Appends a finished part, durable when it returns. One thread at a time. */
SW_MUST_CHECK int journal_note_part(struct import_journal *journal, const struct import_part *part,
                                    struct sw_err *err);
/* Fills in the parts (numbers 1 … n, sizes given) that the log has of the present upload; a torn last line is passed over. */
SW_MUST_CHECK int journal_read_parts(const struct import_journal *journal, struct import_part *parts,
                                     size_t n, struct sw_err *err);

/* Removes the log: its upload is over. That it cannot be removed does no harm, for its lines carry the old mark. */
void journal_drop_parts(struct import_journal *journal);

#endif
