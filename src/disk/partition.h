/* Partition tables: MBR with its logical partitions, GPT with both copies, and what is wrong with them. */
#ifndef SW_DISK_PARTITION_H
#define SW_DISK_PARTITION_H

#include "src/disk/span.h"

enum {
    PART_MAX = 256,    /* partitions that are told of */
    PART_LOGICAL = 60, /* links of a chain of logical partitions */
    PART_FAULTS = 24,
    PART_GUID = 37,
    PART_NAME = 36 * 3 + 1,
};

enum part_kind {
    PART_TABLE_NONE,
    PART_TABLE_MBR,
    PART_TABLE_GPT,
};

enum part_role {
    PART_DATA,
    PART_ESP,
    PART_BIOS_BOOT,
    PART_LDM, /* Windows' dynamic disks */
    PART_RESERVED,
};

/* One entry. Numbers are as Linux has them: logical ones begin at 5. */
struct part {
    unsigned number;
    uint64_t start_bytes, size_bytes; /* as the table says: untrusted */
    uint8_t mbr_type;                 /* 0 in a GPT */
    char guid[PART_GUID];             /* its type in a GPT, lower case; else "" */
    char uuid[PART_GUID];             /* PARTUUID, as blkid has it; "" where there is none */
    char name[PART_NAME];             /* in a GPT, UTF-8: untrusted */
    bool active;                      /* MBR's flag, or GPT's legacy BIOS bootable */
    enum part_role role;
    const char *architecture; /* of a root partition whose type says it: "x86_64", "arm64", …; else NULL */
};

struct part_fault {
    const char *kind; /* "overlap", "past-end", "outside-usable", "loop", "checksum", "header", "backup", … */
    unsigned number; /* of the partition; 0: of the table */
    char text[160];
};

struct part_gpt {
    bool there;   /* carries the signature */
    bool sound;   /* header and entries verify */
    char why[96]; /* not sound: why */
};

struct part_table {
    enum part_kind kind;
    bool signature;        /* 55 AA at 510 */
    bool boot_code;        /* bytes 0 to 439 are not all zero */
    bool hybrid;           /* a GPT whose MBR has partitions of its own */
    bool truncated;        /* there are more than PART_MAX */
    unsigned sector_bytes; /* 512, or 4096 where the GPT is found there */
    struct part_gpt primary, backup;
    size_t nr_parts, nr_faults;
    struct part parts[PART_MAX];
    struct part_fault faults[PART_FAULTS];
};

/*
 * Reads the table of a disk; whatever the bytes are, what is wrong becomes a fault. -1 and err only when the disk cannot be
 * read there or memory is out. table need not be initialised.
 */
SW_MUST_CHECK int part_read(const struct span *disk, struct part_table *table, struct sw_err *err);

/* ---- between the files of this reader ---- */

void part_fault_add(struct part_table *table, const char *kind, unsigned number, const char *fmt, ...)
    SW_PRINTF(4, 5);
/* The next entry to fill, or NULL when there are too many. */
struct part *part_add(struct part_table *table, unsigned number);
/* first: the MBR's sector. Fills the table from it. */
SW_MUST_CHECK int part_read_mbr(const struct span *disk, const uint8_t *first, struct part_table *table,
                                struct sw_err *err);
/* True when the sector is an MBR, and no file system's first sector or anything else that ends in 55 AA. */
bool part_is_mbr(const uint8_t *first);
/* True when one of its four entries is of that type. */
bool part_mbr_has(const uint8_t *first, uint8_t type);
/* Looks for either copy, and fills the table when one is there. */
SW_MUST_CHECK int part_read_gpt(const struct span *disk, struct part_table *table, struct sw_err *err);

#endif
