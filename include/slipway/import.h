/* The import flow: from bytes on this side to an AMI on the other, in journaled steps. */
#ifndef SLIPWAY_IMPORT_H
#define SLIPWAY_IMPORT_H

#include "slipway/cloud.h"
#include "slipway/io.h"
#include "slipway/progress.h"

enum { SW_IMPORT_CONNECTIONS = 4, SW_IMPORT_POLL_MS = 15000 };

/* NULL members were not given. */
struct sw_import_options {
    const char *source_path; /* the file that is read (the sealed one): its stat tells whether it changed */
    const char *bucket;
    const char *key;
    const char *format;    /* VMDK, VHD, VHDX, OVA or RAW */
    const char *state_dir; /* where journals live; NULL: $XDG_STATE_HOME/slipway/import */
    const char *description;
    const char *role_name;
    const char *boot_mode; /* legacy-bios or uefi */
    uint64_t part_bytes;   /* 0: by the rule of sw_import_part_bytes */
    unsigned connections;  /* each holds one part in memory; 0: SW_IMPORT_CONNECTIONS */
    unsigned poll_ms;      /* 0: SW_IMPORT_POLL_MS */
};

/* Hears what happens; embed as the first member. Called from one thread at a time. */
struct sw_import_listener {
    /* The task's status, progress or message is another than before. */
    void (*task)(struct sw_import_listener *self, const struct sw_ec2_task *task);
    struct sw_progress *upload; /* NULL: nobody listens */
};

struct sw_import_result {
    struct sw_ec2_task task;
    uint64_t size_bytes;
    uint64_t sent_bytes; /* by this run */
    bool known;          /* the journal had the image already */
};

/*
 * Uploads in to s3://bucket/key in parallel parts, starts one ImportImage and waits for its end.
 *
 * Every step is journaled before and after, under a lock of that destination; the same call after a kill at any moment
 * goes on from there: parts that S3 and the journal agree on are not sent again, an upload that was begun and not
 * noted is aborted, and the client token (from content, destination and options) keeps EC2 from starting a second
 * task. A finished import answers from its journal. A failed one is tried anew with the object that is there.
 *
 * SW_FAILED with AWS's reason when the task ends as deleted; SW_REMOTE when that is AWS's own failure or the network
 * went; SW_INTERRUPTED after a signal. After the latter two the same call goes on.
 */
SW_MUST_CHECK int sw_import_image(const struct sw_import_options *options, struct sw_cloud *cloud,
                                  struct sw_in *in, struct sw_import_listener *listener,
                                  struct sw_import_result *result, struct sw_err *err);

/* 8 MiB, or as much as it takes to stay below 9000 parts, in whole MiB. */
uint64_t sw_import_part_bytes(uint64_t size_bytes);

/*
 * The container format by its magic: VMDK, VHD, VHDX or OVA; NULL when none is recognised (raw is never guessed).
 * SW_REFUSED for what VM Import would refuse: a VMDK that is not stream-optimized, a qcow2.
 */
SW_MUST_CHECK int sw_import_probe(struct sw_in *in, const char **format, struct sw_err *err);

#endif
