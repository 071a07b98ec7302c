/* A kernel's file: which version it is, and the program in it. */
#include "src/appliance/kernel.h"

#include "src/appliance/pack.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

enum {
    SETUP_SECTS = 0x1f1,
    MAGIC = 0x202,
    PROTOCOL = 0x206,
    VERSION = 0x20e,
    PAYLOAD = 0x248,
    HEADER_BYTES = 0x250,
    SECTOR_BYTES = 512,
    PROGRAM_MAX = 256 << 20,
    NOTE_PVH = 18, /* XEN_ELFNOTE_PHYS32_ENTRY */
    NOTE_ALIGN = 4,
};

static int check_header(const uint8_t *at, size_t len, unsigned protocol, struct sw_err *err)
{
    if (len < HEADER_BYTES || memcmp(at + MAGIC, "HdrS", 4) != 0 || le16_get(at + PROTOCOL) < protocol)
        return sw_fail(err, SW_FAILED, "it is no bzImage, or an old one");
    return 0;
}

int bzimage_version(const void *bytes, size_t len, char version[KERNEL_VERSION_BYTES], struct sw_err *err)
{
    const uint8_t *at = bytes;
    size_t place, n;

    if (check_header(at, len, 0x200, err) < 0)
        return -1;
    place = (size_t)le16_get(at + VERSION) + SECTOR_BYTES;
    n = place < len ? strnlen((const char *)at + place, (size_t)sw_min_u64(len - place, KERNEL_VERSION_BYTES))
                    : 0;
    for (size_t i = 0; i < n; i++)
        if (at[place + i] == ' ') {
            n = i;
            break;
        }
    if (n == 0 || n >= KERNEL_VERSION_BYTES || at[place] == '.' || memchr(at + place, '/', n) != NULL)
        return sw_fail(err, SW_FAILED, "its header names no version");
    memcpy(version, at + place, n);
    version[n] = '\0';
    return 0;
}

/* Among the notes of one segment. */
static bool notes_have_pvh(const uint8_t *at, size_t len)
{
    while (len >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        uint64_t name, all;

        memcpy(&note, at, sizeof(note));
        name = ((uint64_t)note.n_namesz + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
        all = sizeof(note) + name + ((uint64_t)note.n_descsz + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
        if (all > len)
            return false;
        if (note.n_type == NOTE_PVH && note.n_namesz == 4 && memcmp(at + sizeof(note), "Xen", 4) == 0)
            return true;
        at += all;
        len -= all;
    }
    return false;
}

/* An ELF file for x86-64 with all its segments, and the note. */
static bool can_start(const uint8_t *at, size_t len)
{
    Elf64_Ehdr elf;
    bool pvh = false;

    if (len < sizeof(elf))
        return false;
    memcpy(&elf, at, sizeof(elf));
    if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
        elf.e_machine != EM_X86_64 || elf.e_phentsize != sizeof(Elf64_Phdr) || elf.e_phoff > len ||
        (len - elf.e_phoff) / sizeof(Elf64_Phdr) < elf.e_phnum)
        return false;
    for (unsigned i = 0; i < elf.e_phnum; i++) {
        Elf64_Phdr segment;

        memcpy(&segment, at + elf.e_phoff + i * sizeof(segment), sizeof(segment));
        if (segment.p_offset > len || segment.p_filesz > len - segment.p_offset)
            return false;
        pvh |= segment.p_type == PT_NOTE && notes_have_pvh(at + segment.p_offset, segment.p_filesz);
    }
    return pvh;
}

int bzimage_program(const void *bytes, size_t len, struct sw_buf *out, struct sw_err *err)
{
    const uint8_t *at = bytes;
    uint64_t begin, size;
    size_t keep = out->len;

    if (check_header(at, len, 0x208, err) < 0)
        return -1;
    begin =
        ((uint64_t)(at[SETUP_SECTS] != 0 ? at[SETUP_SECTS] : 4) + 1) * SECTOR_BYTES + le32_get(at + PAYLOAD);
    size = le32_get(at + PAYLOAD + 4);
    if (begin > len || size > len - begin || size <= 4)
        return sw_fail(err, SW_FAILED, "its payload of %llu bytes at %llu is not in the file",
                       (unsigned long long)size, (unsigned long long)begin);
    /* The kernel's build puts the length behind the stream, which lz4 would take for one more block. */
    if (unpack(at + begin, (size_t)size - 4, PROGRAM_MAX, out, err) < 0)
        return -1;
    if (!can_start((const uint8_t *)out->data + keep, out->len - keep))
        return sw_fail(err, SW_FAILED, "its program has no entry that qemu knows");
    return 0;
}
