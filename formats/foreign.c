/* Names formats that are not read here, so that a refusal says what the file is. */
#include "formats/drivers.h"
#include "src/base/cleanup.h"

#include <string.h>

struct foreign {
    const char *name;
    const char *magic;
    size_t len;
    size_t off; /* from the start, or from the end where at_end is set */
    bool at_end;
};

#define MAGIC(text) text, sizeof(text) - 1

static const struct foreign table[] = {
    {"a VirtualBox VDI disk", MAGIC("\x7f\x10\xda\xbe"), 64, false},
    {"a Parallels disk", MAGIC("WithoutFreeSpace"), 0, false},
    {"a Parallels disk", MAGIC("WithouFreSpacExt"), 0, false},
    {"a Bochs disk", MAGIC("Bochs Virtual HD Image"), 0, false},
    {"a QED disk", MAGIC("QED\0"), 0, false},
    {"an Expert Witness image", MAGIC("EVF\x09\x0d\x0a\xff"), 0, false},
    {"a compressed loop image", MAGIC("#!/bin/sh\n#V2.0 Format\n"), 0, false},
    {"an Apple disk image", MAGIC("koly"), 512, true},
    {"a LUKS volume", MAGIC("LUKS\xba\xbe"), 0, false},
    {"an XML file (an OVF? its disks lie beside it, convert those)", MAGIC("<?xml"), 0, false},
    {"a zip archive", MAGIC("PK\x03\x04"), 0, false},
    {"a gzip file (a packed disk or OVA? unpack it with gunzip first)", MAGIC("\x1f\x8b\x08"), 0, false},
    {"a bzip2 file", MAGIC("BZh"), 0, false},
    {"an xz file",
     MAGIC("\xfd"
           "7zXZ\0"),
     0, false},
    {"a zstd file", MAGIC("\x28\xb5\x2f\xfd"), 0, false},
};

const char *sw_foreign_format(const struct sw_probe *probe)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(table); i++) {
        const struct foreign *at = &table[i];
        size_t have = at->at_end ? probe->tail_len : probe->head_len;
        const uint8_t *bytes = probe->head + at->off;

        if (at->at_end ? have < at->off : have < at->off + at->len)
            continue;
        if (at->at_end)
            bytes = probe->tail + have - at->off;
        if (memcmp(bytes, at->magic, at->len) == 0)
            return at->name;
    }
    return NULL;
}
