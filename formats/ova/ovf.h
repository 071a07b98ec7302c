/* OVF envelopes: what one says of files and disks, and a new one. Text in, text out; nothing is opened here. */
#ifndef SW_FORMATS_OVA_OVF_H
#define SW_FORMATS_OVA_OVF_H

#include "slipway/error.h"
#include "src/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { OVF_MAX_BYTES = 4 << 20, OVF_DEPTH_MAX = 64, OVF_FILES_MAX = 512, OVF_DISKS_MAX = 256 };

/* Attributes as they stand in the text; NULL where one is absent. */
struct ovf_file {
    char *id, *href, *compression, *chunk_size;
    char *size; /* decimal digits, if it is well-formed: not checked here */
};

struct ovf_disk {
    char *id, *file_ref, *format, *parent_ref;
    char *capacity, *units;
};

struct ovf {
    struct ovf_file *files;
    size_t nr_files;
    struct ovf_disk *disks; /* in the text's order */
    size_t nr_disks;
};

/*
 * Reads an OVF 1.x or 2.x envelope: References/File and DiskSection/Disk. No DTD, at most OVF_MAX_BYTES, OVF_DEPTH_MAX
 * elements deep. name: of the file, for messages.
 */
SW_MUST_CHECK int ovf_parse(const char *text, size_t len, const char *name, struct ovf *ovf,
                            struct sw_err *err);
void ovf_free(struct ovf *ovf);
/* By its id; NULL when there is none. */
const struct ovf_file *ovf_file(const struct ovf *ovf, const char *id);

/* A decimal number; -1 for anything else, and for what 64 bits do not hold. */
SW_MUST_CHECK int ovf_number(const char *text, uint64_t *out);
/*
 * The multiplier of a size: "byte", "byte * 2^30", "byte * 10^9", "KB", "MegaBytes" and their kin; NULL is "byte".
 * -1 for anything else, and for what 64 bits do not hold.
 */
SW_MUST_CHECK int ovf_units(const char *text, uint64_t *out);

/* A machine with one processor group, memory and one disk. */
struct ovf_machine {
    const char *name; /* letters, digits, '.', '_' and '-' */
    unsigned cpus;
    uint64_t memory_mib;
    uint64_t capacity_bytes;
    uint64_t file_bytes;      /* of the disk's file */
    uint64_t populated_bytes; /* of the disk */
};
/* Where the disk's file is called "<name>-disk1.vmdk". */
SW_MUST_CHECK int ovf_write(const struct ovf_machine *machine, struct sw_buf *out, struct sw_err *err);

#endif
