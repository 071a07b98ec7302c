/* A qcow2 that is being written. */
#ifndef SW_FORMATS_QCOW2_WRITER_H
#define SW_FORMATS_QCOW2_WRITER_H

#include "formats/qcow2/qcow2.h"

#define QCOW2_NO_TABLE UINT64_MAX

struct qcow2_writer {
    struct sw_image base;
    unsigned cluster_bits;
    bool compress;
    unsigned compression; /* where compress is set */
    int level;
    char *backing_name, *backing_format; /* both or neither */
    uint64_t *l1;                        /* big endian */
    uint64_t l1_size;
    uint64_t *l2;      /* the table that is being filled, big endian */
    uint64_t l2_index; /* its place in L1; QCOW2_NO_TABLE when none was begun */
    uint16_t *refs;    /* references to each host cluster, big endian once they are written */
    size_t refs_cap;
    uint64_t nr_clusters; /* of the file so far */
    uint64_t packed;      /* where the last compressed cluster ended; 0 before the first */
};

static inline struct qcow2_writer *qcow2_writer_of(const struct sw_image *img)
{
    return (struct qcow2_writer *)(uintptr_t)img;
}

#endif
