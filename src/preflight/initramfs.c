/* An initramfs, read as a kernel reads it: archives in the new cpio format, with zeros between them, until one is compressed. */
#include "src/preflight/initramfs.h"

#include "src/base/archive.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

enum { HEAD_BYTES = 110, ALIGN = 4 };

/* Takes an unpacked archive in pieces. */
struct parser {
    struct initramfs_visitor *visitor;
    uint8_t head[HEAD_BYTES];
    char name[INITRAMFS_NAME_MAX + 4];
    size_t have;     /* of the head, then of the name */
    uint64_t skip;   /* bytes of a file's content and what fills it up */
    size_t name_len; /* 0: the head is being read */
    uint64_t file;
    unsigned mode;
    bool padding; /* behind a trailer: zeros, or the next archive */
    bool trailer; /* the last entry was one */
    uint64_t total;
};

static const struct {
    const char *name, *magic;
    uint8_t len;
    int (*add)(struct archive *in);
} filters[] = {{"gzip", "\x1f\x8b", 2, archive_read_support_filter_gzip},
               {"xz",
                "\xfd"
                "7zXZ\0",
                6, archive_read_support_filter_xz},
               {"zstd", "\x28\xb5\x2f\xfd", 4, archive_read_support_filter_zstd},
               {"lz4", "\x02\x21\x4c\x18", 4, archive_read_support_filter_lz4},
               {"lz4", "\x04\x22\x4d\x18", 4, archive_read_support_filter_lz4},
               {"bzip2", "BZh", 3, archive_read_support_filter_bzip2},
               {"lzma", "\x5d\0\0", 3, archive_read_support_filter_lzma}};

static int damaged(struct sw_err *err, const char *why)
{
    return sw_fail(err, SW_INTEGRITY, "%s", why);
}

/* Eight hexadecimal digits, as the format has its numbers. */
static bool number(const uint8_t *at, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 8; i++) {
        uint8_t c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static bool is_cpio(const uint8_t *at, size_t len)
{
    return len >= 6 && (memcmp(at, "070701", 6) == 0 || memcmp(at, "070702", 6) == 0);
}

static int end_head(struct parser *parser, struct sw_err *err)
{
    uint32_t mode, file, name;

    if (!is_cpio(parser->head, HEAD_BYTES) || !number(parser->head + 14, &mode) ||
        !number(parser->head + 54, &file) || !number(parser->head + 94, &name))
        return damaged(err, "the header of an entry is damaged");
    if (name == 0 || name > INITRAMFS_NAME_MAX)
        return damaged(err, "the name of an entry is empty or too long");
    parser->mode = mode;
    parser->file = file;
    /* The head is as long as no multiple of four: what fills it up comes behind the name. */
    parser->name_len = (size_t)sw_round_up(HEAD_BYTES + name, ALIGN) - HEAD_BYTES;
    parser->have = 0;
    return 0;
}

static int end_name(struct parser *parser, struct sw_err *err)
{
    const char *name = parser->name;

    if (memchr(name, 0, parser->name_len) == NULL)
        return damaged(err, "the name of an entry has no end");
    parser->skip = sw_round_up(parser->file, ALIGN);
    parser->have = parser->name_len = 0;
    parser->trailer = parser->padding = strcmp(name, "TRAILER!!!") == 0;
    if (parser->trailer)
        return 0;
    if (++parser->visitor->entries > INITRAMFS_ENTRIES_MAX)
        return sw_fail(err, SW_INTEGRITY, "it has more than %d entries", INITRAMFS_ENTRIES_MAX);
    while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
        name++;
    return parser->visitor->entry(parser->visitor, name, parser->mode, err);
}

/* Fills what is being read; true once it is whole. */
static bool fill(uint8_t *into, size_t *have, size_t want, const uint8_t **at, size_t *len)
{
    size_t n = (size_t)sw_min_u64(want - *have, *len);

    memcpy(into + *have, *at, n);
    *have += n;
    *at += n;
    *len -= n;
    return *have == want;
}

/* Behind a trailer: the place of the next byte that is no zero, or all of it. */
static size_t zeros(const uint8_t *at, size_t len)
{
    size_t n = 0;

    while (n < len && at[n] == 0)
        n++;
    return n;
}

static int feed(struct parser *parser, const uint8_t *at, size_t len, struct sw_err *err)
{
    parser->total += len;
    if (parser->total > INITRAMFS_BYTES_MAX)
        return sw_fail(err, SW_INTEGRITY, "it unpacks to more than %llu bytes",
                       (unsigned long long)INITRAMFS_BYTES_MAX);
    while (len > 0) {
        size_t n = (size_t)sw_min_u64(parser->skip, len);

        parser->skip -= n;
        if (n == 0 && parser->padding && parser->have == 0)
            n = zeros(at, len);
        at += n;
        len -= n;
        if (n > 0)
            continue;
        parser->padding = false;
        if (parser->name_len == 0) {
            if (fill(parser->head, &parser->have, HEAD_BYTES, &at, &len) && end_head(parser, err) < 0)
                return -1;
        } else if (fill((uint8_t *)parser->name, &parser->have, parser->name_len, &at, &len) &&
                   end_name(parser, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* One archive that is not compressed, up to what comes behind its trailer: *used. */
static int read_plain(struct parser *parser, const uint8_t *bytes, size_t len, size_t *used,
                      struct sw_err *err)
{
    size_t at = 0;

    parser->trailer = false;
    while (at < len && !(parser->trailer && parser->skip == 0)) {
        /* Never further than the entry's end, as another archive may follow. */
        size_t want = parser->skip > 0       ? (size_t)sw_min_u64(parser->skip, len)
                      : parser->name_len > 0 ? parser->name_len - parser->have
                                             : HEAD_BYTES - parser->have;
        size_t n = (size_t)sw_min_u64(want, len - at);

        if (feed(parser, bytes + at, n, err) < 0)
            return -1;
        at += n;
    }
    *used = at;
    return parser->trailer ? 0 : damaged(err, "it is cut short");
}

static int unpack(struct parser *parser, struct archive *in, struct sw_err *err)
{
    struct archive_entry *entry;
    const void *block;
    size_t len;
    la_int64_t off;
    int rc = archive_read_next_header(in, &entry);

    while (rc == ARCHIVE_OK && (rc = archive_read_data_block(in, &block, &len, &off)) == ARCHIVE_OK)
        if (feed(parser, block, len, err) < 0)
            return -1;
    /* What comes behind the last archive is nothing that a kernel starts from. */
    if (rc != ARCHIVE_EOF && !parser->trailer)
        return sw_fail(err, SW_INTEGRITY, "it cannot be unpacked: %s",
                       archive_error_string(in) != NULL ? archive_error_string(in) : "damaged");
    return parser->trailer ? 0 : damaged(err, "it is cut short");
}

static int read_packed(struct parser *parser, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(filters); i++) {
        SW_AUTO_ARCHIVE_READ struct archive *in = NULL;

        if (len < filters[i].len || memcmp(bytes, filters[i].magic, filters[i].len) != 0)
            continue;
        in = archive_read_new();
        if (in == NULL)
            return sw_fail(err, SW_FAILED, "out of memory");
        parser->visitor->compressed = filters[i].name;
        parser->trailer = false;
        if (filters[i].add(in) != ARCHIVE_OK || archive_read_support_format_raw(in) != ARCHIVE_OK ||
            archive_read_open_memory(in, bytes, len) != ARCHIVE_OK)
            return sw_fail(err, SW_INTEGRITY, "it cannot be unpacked: %s",
                           archive_error_string(in) != NULL ? archive_error_string(in) : filters[i].name);
        return unpack(parser, in, err);
    }
    return damaged(err, parser->total == 0 ? "it is neither a cpio archive nor compressed in a known way"
                                           : "what follows its first archive is none, nor compressed");
}

int initramfs_read(const uint8_t *bytes, size_t len, struct initramfs_visitor *visitor, struct sw_err *err)
{
    struct parser parser = {.visitor = visitor};
    size_t at = 0, used;

    visitor->entries = 0;
    visitor->compressed = NULL;
    visitor->early = false;
    if (len == 0)
        return damaged(err, "it is empty");
    for (;;) {
        if (parser.total > 0)
            at += zeros(bytes + at, len - at);
        if (at == len)
            return 0;
        if (!is_cpio(bytes + at, len - at))
            break;
        if (read_plain(&parser, bytes + at, len - at, &used, err) < 0)
            return -1;
        visitor->early = true;
        at += used;
    }
    return read_packed(&parser, bytes + at, len - at, err);
}

bool kernel_version(const uint8_t *bytes, size_t len, char *buf, size_t buf_len)
{
    size_t at, n = 0;

    /* "HdrS" and the place of the text, 0x200 before it, since protocol 2.0. */
    if (len < 0x210 || memcmp(bytes + 0x202, "HdrS", 4) != 0 || le16_get(bytes + 0x206) < 0x200)
        return false;
    at = (size_t)le16_get(bytes + 0x20e) + 0x200;
    while (at + n < len && n + 1 < buf_len && bytes[at + n] > ' ' && bytes[at + n] < 0x7f) {
        buf[n] = (char)bytes[at + n];
        n++;
    }
    buf[n] = '\0';
    return n > 0 && le16_get(bytes + 0x20e) != 0;
}
