/* The export flow: from an AMI on the other side to an object in a bucket, in journaled steps. */
#ifndef SLIPWAY_EXPORT_H
#define SLIPWAY_EXPORT_H

#include "slipway/ec2_export.h"
#include "slipway/object.h"

enum {
    SW_EXPORT_POLL_MS = 15000,
    SW_EXPORT_FORMAT = 5, /* VMDK, VHD or RAW, with the NUL */
    SW_EXPORT_KEY = 1200,
};

/* The file that is made of the object. */
struct sw_export_file {
    const char *path;
    const char *making; /* in which way: another text, another file */
};

/* What is asked for. NULL members were not given. */
struct sw_export_options {
    const char *image_id; /* exactly one of image_id and task_id */
    const char *
        task_id; /* a task of ExportImage, whoever began it; then only format and what follows poll_ms count */
    const char *bucket;
    const char *prefix; /* stands before the object's name as it is */
    const char *format; /* VMDK, VHD or RAW; NULL: VMDK, or for a task whichever is there */
    const char *description;
    const char *role_name;
    const struct sw_ec2_tag *tags; /* of the task */
    size_t nr_tags;
    unsigned poll_ms;           /* 0: SW_EXPORT_POLL_MS */
    struct sw_export_file file; /* path NULL: none that a later call could find */
    const char *state_dir;      /* where journals live; NULL: $XDG_STATE_HOME/slipway/export */
};

/* Hears what happens; embed as the first member. */
struct sw_export_listener {
    /* The task's status, progress or message is another than before. */
    void (*task)(struct sw_export_listener *self, const struct sw_ec2_export_task *task);
};

/* Where an export lies. */
struct sw_export_object {
    char task_id[64];
    char image_id[64];
    char bucket[SW_EC2_BUCKET];
    char key[SW_EXPORT_KEY];
    char format[SW_EXPORT_FORMAT];
};

struct sw_export;

/*
 * Starts an export, or goes on with the one that the journal has for the same image, bucket, prefix and format, and waits
 * until its object is there. The client token, made of these, the options and the attempt, keeps EC2 from starting a
 * second task, whatever was lost. An export whose object is still there is not made again; one that failed, or whose
 * object is gone, is.
 *
 * SW_FAILED with AWS's reason when the task ends without an object; SW_REMOTE when that is AWS's own failure or the
 * network went; SW_INTERRUPTED after a signal. Until *out is closed no other process works on this export.
 */
SW_MUST_CHECK int sw_export_open(const struct sw_export_options *options, struct sw_cloud *cloud,
                                 struct sw_export_listener *listener, struct sw_export **out,
                                 struct sw_err *err);
const struct sw_export_object *sw_export_object(const struct sw_export *export);
/* The file is whole: until sw_export_done is through, a call that asks for the same one finds it, and what is told of it. */
SW_MUST_CHECK int sw_export_made(struct sw_export *export, const struct sw_export_file *file,
                                 const char *told, struct sw_err *err);
/* What a call before this one told of the file, when that is there still; NULL: it is to be made. */
const char *sw_export_told(const struct sw_export *export);
/* What was to be made of the object is there: removes it, or keeps it, and notes that. */
SW_MUST_CHECK int sw_export_done(struct sw_export *export, bool keep_object, struct sw_err *err);
void sw_export_close(struct sw_export *export);

/* Ends a task of ExportImage; its journal, if there is one, says so. */
SW_MUST_CHECK int sw_export_cancel(const char *state_dir, struct sw_cloud *cloud, const char *task_id,
                                   struct sw_err *err);

/* One journal. */
struct sw_export_entry {
    struct sw_export_object object;               /* key: "" while it is not known */
    char stage[16];                               /* new, exporting, exported, done, failed or cancelled */
    char status[32], progress[16], message[1024]; /* of the task, as heard last */
    char region[64];
    int64_t updated_s;
};
/* What the journals say, the latest first; a damaged one is passed over with a warning. Free *out. */
SW_MUST_CHECK int sw_export_list(const char *state_dir, struct sw_export_entry **out, size_t *n,
                                 struct sw_err *err);

#endif
