/* What an export remembers: one JSON file and a lock. */
#ifndef SW_EXPORT_JOURNAL_H
#define SW_EXPORT_JOURNAL_H

#include "slipway/export.h"
#include "src/base/digest.h"

/* In the order they are gone through. */
enum export_stage {
    EXPORT_NEW,      /* ExportImage may have been sent, when asked is true */
    EXPORT_RUNNING,  /* the task is known */
    EXPORT_EXPORTED, /* the object is there */
    EXPORT_DONE,     /* and what was to be made of it */
    EXPORT_FAILED,
    EXPORT_CANCELLED,
    EXPORT_STAGES,
};
const char *export_stage_name(enum export_stage stage);

struct export_state {
    enum export_stage stage;
    unsigned attempt; /* from 1 on */
    bool asked;       /* a task may have been begun that is not noted */
    int64_t updated_s;
    char region[64];
    char prefix[SW_EC2_PREFIX];
    char request[SW_SHA256_HEX];    /* over the options of the task */
    struct sw_export_object object; /* task_id and key: "" while they are not known */
    struct sw_ec2_export_task task; /* status, progress and message as heard last */
    char made[SW_SHA256_HEX];       /* over the file that was made of the object (made.h); "": none */
    char told[8192];                /* and what there is to say of it */
};

struct export_journal {
    struct export_state state;
    char *path;
    int lock_fd;
};

/* The journals' folder: given, or the user's own. Free it. */
SW_MUST_CHECK char *export_journal_folder(const char *state_dir, struct sw_err *err);
/* Makes the folder, takes the lock (SW_REFUSED while another process has it) and reads what is there: stage NEW when nothing is. */
SW_MUST_CHECK int export_journal_open(const char *folder, const char *id, struct export_journal *out,
                                      struct sw_err *err);
/* Durable when it returns. */
SW_MUST_CHECK int export_journal_save(struct export_journal *journal, struct sw_err *err);
void export_journal_close(struct export_journal *journal);

/* Reads a journal without its lock. */
SW_MUST_CHECK int export_journal_peek(const char *path, struct export_state *out, struct sw_err *err);
/* The ids of the journals in a folder that need not be there; free them and the list. */
SW_MUST_CHECK int export_journal_ids(const char *folder, char ***ids, size_t *n, struct sw_err *err);

#endif
