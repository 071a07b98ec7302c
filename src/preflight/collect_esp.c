/* The boot loaders on an EFI system partition. */
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/base/json.h"
#include "src/preflight/collect.h"
#include "src/preflight/fat.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LISTED_MAX = 128 };

struct lister {
    struct fat_visitor base;
    json_t *files;
};

/* The machine of a PE, from its first KiB: NULL when it is none. */
static const char *machine_of(const uint8_t head[FAT_HEAD])
{
    uint32_t at = le32_get(head + 0x3c);

    if (head[0] != 'M' || head[1] != 'Z' || at > FAT_HEAD - 6 || memcmp(head + at, "PE\0\0", 4) != 0)
        return NULL;
    switch (le16_get(head + at + 4)) {
    case 0x8664:
        return "x86_64";
    case 0x014c:
        return "i386";
    case 0xaa64:
        return "arm64";
    case 0x01c2:
    case 0x01c4:
        return "arm";
    default:
        return "other";
    }
}

static bool is_loader(const char *path)
{
    size_t len = strlen(path);

    return len > 4 && strcasecmp(path + len - 4, ".efi") == 0;
}

static int note_file(struct fat_visitor *self, const struct fat *fat, const struct fat_file *file,
                     struct sw_err *err)
{
    json_t *files = ((struct lister *)self)->files;
    uint8_t head[FAT_HEAD] = {0};
    const char *machine = NULL;

    if (strncasecmp(file->path, "/EFI/", 5) != 0 && strncasecmp(file->path, "/loader/", 8) != 0)
        return 0;
    if (json_array_size(files) == LISTED_MAX)
        return 0;
    if (is_loader(file->path)) {
        if (fat_head(fat, file, head, sizeof(head), err) < 0)
            return -1;
        machine = machine_of(head);
    }
    return sw_json_append(files,
                          json_pack("{s:o, s:I, s:s*}", "path", sw_json_bytes(file->path, strlen(file->path)),
                                    "bytes", (json_int_t)file->bytes, "machine", machine),
                          err);
}

json_t *collect_esp(const struct span *span, unsigned number, struct sw_err *err)
{
    struct lister lister = {.base = {.file = note_file}, .files = json_array()};
    SW_AUTO_JSON json_t *files = lister.files;
    struct sw_err cause = {.code = SW_OK};
    struct fat fat;
    char bits[16];
    bool opened = fat_open(span, &fat, &cause) == 0;
    bool whole = opened && fat_walk(&fat, &lister.base, &cause) == 0;

    if (!whole && cause.code != SW_INTEGRITY) {
        *err = cause;
        return NULL;
    }
    snprintf(bits, sizeof(bits), "FAT%u", opened ? fat.bits : 0);
    return json_pack("{s:i, s:s*, s:O, s:o*}", "partition", (int)number, "fat", opened ? bits : NULL, "files",
                     files, "fault", whole ? NULL : sw_json_bytes(cause.text, strlen(cause.text)));
}
