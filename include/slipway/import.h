/* The import flow: from disks on this side to an AMI on the other, in journaled steps. */
#ifndef SLIPWAY_IMPORT_H
#define SLIPWAY_IMPORT_H

#include "slipway/cloud.h"
#include "slipway/image.h"
#include "slipway/io.h"
#include "slipway/progress.h"

#include <jansson.h>

enum {
    SW_IMPORT_CONNECTIONS = 4,
    SW_IMPORT_POLL_MS = 15000,
    SW_IMPORT_MAX_DISKS = 21, /* of one machine: what ImportImage takes */
    SW_IMPORT_ID = 33,        /* hex, with the NUL */
};

/* One disk of the machine, or an OVA that holds them all. */
struct sw_import_disk {
    const char *source_path; /* the file that is read (the sealed one): its stat tells whether it changed */
    struct sw_in *
        in; /* its bytes, opened; sent as they are when image is NULL. NULL: a record's, with no need of them */
    struct sw_image *image;   /* the disk, to be encoded anew as format; NULL: in goes as it is */
    const char *format;       /* of what is sent: VMDK, VHD, VHDX, OVA or RAW */
    const char *stated;       /* the source's format as the user said it; NULL: probed */
    const char *key;          /* the object's key; NULL in a lane without a bucket */
    const char *device;       /* such as /dev/sdb; NULL: EC2's choice */
    const char *description;  /* NULL: none */
    const char *as;           /* the format to encode it to, as the user said it; NULL: not said */
    const char *settings;     /* of the encoder, as -o has them, joined by commas; NULL: none */
    const char *allow_parent; /* the folder beneath which parents and extents may be opened; NULL: none */
    unsigned package_disk;    /* of an OVA, from 1; 0: not said */
    const struct sw_create_opts *create; /* with image: how it is encoded; NULL: the format's defaults */
    bool sealed; /* in opens a sealed file, with keys that a resumed import is given again */
};

struct sw_import_tags {
    const struct sw_ec2_tag *items;
    size_t n;
};

/*
 * What an import is. NULL and 0 members were not given. All but state_dir, the disks' in and image, and how (the last
 * group) is journaled, so that `--resume` finds it again; nothing in it is secret.
 */
struct sw_import_options {
    const char *lane; /* by name; NULL: import-image */
    const char *id;   /* of the import that this goes on with; NULL: found by its destination */
    const struct sw_import_disk *disks;
    size_t nr_disks;
    const char *bucket;
    struct sw_cloud_config cloud; /* as the command line had it; the session is opened by the caller */
    const char *state_dir;        /* where journals live; NULL: $XDG_STATE_HOME/slipway/import */

    /* The task: other values are another task over the same objects. */
    const char *description;
    const char *role_name;       /* the service role */
    const char *boot_mode;       /* legacy-bios or uefi */
    const char *platform;        /* Windows or Linux */
    const char *license_type;    /* AWS or BYOL */
    const char *usage_operation; /* such as RunInstances:0800 */
    const char *architecture;    /* x86_64, i386 or arm64 */
    const char *kms_key;
    const char *comment;                       /* ClientData */
    const char *const *license_specifications; /* ARNs of licence configurations */
    size_t nr_license_specifications;
    struct sw_import_tags task_tags;
    bool encrypted;

    /* Of lanes that register the image themselves (import-snapshot, ebs-direct). */
    const char *root_device;  /* NULL: /dev/sda1 */
    const char *volume_type;  /* NULL: gp3 */
    const char *tpm_support;  /* v2.0 */
    const char *imds_support; /* v2.0 */
    const char *uefi_data;    /* base64 */
    uint64_t volume_gib; /* of the root volume; 0: the snapshot's size. iops, throughput: 0: EC2's choice */
    uint64_t volume_iops;
    uint64_t volume_throughput;
    bool no_ena;

    /* Of the lane ebs-direct. */
    const char *parent_snapshot; /* only what differs from it is sent; NULL: none */

    /* What comes after: done again when it changes, over the image that is there. */
    const char *name;     /* of the AMI */
    json_t *distribution; /* as sw_distribution_read leaves it; NULL: it stays where it is. Borrowed */
    struct sw_import_tags image_tags;
    struct sw_import_tags snapshot_tags;
    bool delete_object; /* from the bucket, once the AMI exists */

    /* How. */
    uint64_t part_bytes;  /* 0: by the rule of sw_import_part_bytes */
    unsigned connections; /* each holds one part in memory; 0: SW_IMPORT_CONNECTIONS */
    unsigned poll_ms;     /* 0: SW_IMPORT_POLL_MS */
    unsigned jobs;        /* that encode; 0: one for each processor */
};

/* Hears what happens; embed as the first member. Called from one thread at a time. NULL members hear nothing. */
struct sw_import_listener {
    /* The task's status, progress or message is another than before. */
    void (*task)(struct sw_import_listener *self, const struct sw_ec2_task *task);
    /* A transition: "event" first, then what belongs to it; borrowed. */
    void (*event)(struct sw_import_listener *self, json_t *event);
    struct sw_progress *upload; /* NULL: nobody listens */
};

struct sw_import_result {
    char id[SW_IMPORT_ID];
    struct sw_ec2_task task; /* the last one */
    char image_id[64];
    uint64_t size_bytes; /* of all that is sent, as far as it is known */
    uint64_t sent_bytes; /* by this run */
    bool known;          /* the journal had the image already */
    json_t *images;      /* a list of {region, image_id, name}, the own region's first; json_decref it */
};

/*
 * Takes the disks along the lane: into s3://bucket/key in parallel parts, the task (or tasks) that the lane starts, the
 * wait for their end, and what comes after; or as the lane transfers by itself.
 *
 * Every step is journaled before and after, under a lock of that destination; the same call after a kill at any moment
 * goes on from there: parts that S3 and the journal agree on are not sent again, an upload that was begun and not
 * noted is aborted, and the client token (from content, destination and options) keeps EC2 from starting a second
 * task. A finished import answers from its journal. A failed one is tried anew with the objects that are there.
 *
 * SW_USAGE or SW_REFUSED, before anything is sent, for what the lane does not take. SW_FAILED with AWS's reason when a
 * task ends as deleted; SW_REMOTE when that is AWS's own failure or the network went; SW_INTERRUPTED after a signal.
 * After the latter two the same call goes on.
 */
SW_MUST_CHECK int sw_import_run(const struct sw_import_options *options, struct sw_cloud *cloud,
                                struct sw_import_listener *listener, struct sw_import_result *result,
                                struct sw_err *err);

/*
 * Asks the service whether this caller may do what sw_import_run would ask of it; nothing is sent or noted. It tells
 * nothing of the service role, the bucket, the key of a KMS and the image.
 */
SW_MUST_CHECK int sw_import_dry_run(const struct sw_import_options *options, struct sw_cloud *cloud,
                                    struct sw_err *err);

/* ---- what the journals know ---- */

/* One import. Read it only; free with sw_import_record_free. */
struct sw_import_record {
    char id[SW_IMPORT_ID];
    struct sw_import_options options; /* as they were journaled, id among them; the disks are not open */
    const char *region;               /* that it went to */
    bool needs_input;                 /* what is sent is not all there yet: the disks have to be opened */
    const char *stage; /* "new", "sending", "sent", "importing", "finishing", "completed", "failed", … */
};

/* By its id or the beginning of it (4 digits or more, of one import only). SW_USAGE when there is none. No network. */
SW_MUST_CHECK int sw_import_recall(const char *state_dir, const char *id, struct sw_import_record **out,
                                   struct sw_err *err);
void sw_import_record_free(struct sw_import_record *record);

/*
 * Every import as a JSON object (import, lane, stage, updated, region, bucket, image_id, disks, tasks), the last changed
 * first; one whose journal cannot be read has import and fault. A new reference; NULL and err on failure. No network.
 */
SW_MUST_CHECK json_t *sw_import_list(const char *state_dir, struct sw_err *err);
/* One of them. */
SW_MUST_CHECK json_t *sw_import_show(const struct sw_import_record *record, struct sw_err *err);
/*
 * One of them as it is now: the tasks are asked (what they said is kept, unless a slipway is at work on it: then "busy" is
 * true), and "uploads" has every unfinished upload of its objects in the bucket.
 */
SW_MUST_CHECK json_t *sw_import_ask(const struct sw_import_record *record, struct sw_cloud *cloud,
                                    struct sw_err *err);

/*
 * Stops the tasks, aborts the uploads, and removes the objects that this import made. What was cancelled before is fine;
 * killed in between, the same call goes on. SW_REFUSED when there is an image already.
 */
SW_MUST_CHECK int sw_import_cancel(const struct sw_import_record *record, struct sw_cloud *cloud,
                                   struct sw_import_listener *listener, struct sw_err *err);

/* The lanes' names, NULL-terminated; the first is the default. */
extern const char *const sw_import_lanes[];

/*
 * What is known of a message of AWS's (a task's StatusMessage, or what a request was refused with): an object with "message",
 * "known", "retry" (running again is right), "date" of the catalogue, and when it is known "cause", "remedy" and "rule" (of
 * preflight; may be missing). Offline. NULL and err only when memory is out.
 */
SW_MUST_CHECK json_t *sw_import_explain(const char *message, struct sw_err *err);
/* Puts what is known of the message behind the error's text; nothing when nothing is. message may be the text itself. */
void sw_import_explain_error(const char *message, struct sw_err *err);

/* 8 MiB, or as much as it takes to stay below 9000 parts, in whole MiB. */
uint64_t sw_import_part_bytes(uint64_t size_bytes);

/*
 * Why that lane does not take the image's file as it is, so that its disk has to be encoded; *why NULL: it does. Text that
 * lives as long as img.
 */
SW_MUST_CHECK int sw_import_why_encode(const char *lane, struct sw_image *img, const char **why,
                                       struct sw_err *err);

#endif
