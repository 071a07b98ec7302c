/* What the lane ebs-direct remembers of each disk's snapshot, as the lane's own JSON in the journal. */
#ifndef SW_IMPORT_EBS_STATE_H
#define SW_IMPORT_EBS_STATE_H

#include "slipway/ebs.h"
#include "src/import/journal.h"

/* In the order they are gone through; each is written down before the request that leads out of it. */
enum ebs_stage {
    EBS_NEW,        /* nothing is there */
    EBS_STARTING,   /* StartSnapshot may have been sent, with the token */
    EBS_WRITING,    /* the snapshot is known and takes blocks */
    EBS_COMPLETING, /* every block is there; CompleteSnapshot may have been sent */
    EBS_COMPLETED,  /* no more blocks; EC2 says when it is usable */
    EBS_STAGES,
};

struct ebs_disk {
    enum ebs_stage stage;
    char token[IMPORT_TOKEN]; /* random, of this snapshot */
    char request
        [SW_SHA256_HEX]; /* over what the snapshot is started with: other options are another snapshot */
    char snapshot[SW_EC2_SNAPSHOT_ID];
    int64_t started_s; /* seconds since 1970, as this machine had it */
    uint64_t volume_gib;
    uint64_t blocks;            /* written, once all are; … */
    char linear[SW_SHA256_HEX]; /* … and the digest over theirs */
};

/* disks has room for SW_IMPORT_MAX_DISKS. A lane without a state (NULL) is one of new disks. SW_INTEGRITY names what is wrong. */
SW_MUST_CHECK int ebs_state_load(const json_t *lane, struct ebs_disk *disks, struct sw_err *err);
/* NULL and err on failure. */
SW_MUST_CHECK json_t *ebs_state_store(const struct ebs_disk *disks, size_t n, struct sw_err *err);

#endif
