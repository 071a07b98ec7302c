/*
 * Listing a tar's members. Archive libraries read from front to back; a disk inside is read in place and in any
 * order, so that only the headers are needed here, and where each member lies.
 */
#include "formats/ova/tar.h"
#include "formats/ova/tar_header.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>

enum {
    HEADERS_MAX = 4 * TAR_MEMBERS_MAX, /* with those that only say something of the next one */
    EXTENSION_MAX_BYTES = 64 << 10,
};

struct lister {
    struct sw_in *in;
    struct tar *tar;
    uint64_t at; /* of the next header */
    /* Said of the next member by what precedes it; an empty name or no size means that nothing was. */
    char name[TAR_NAME_MAX + 1];
    bool sized;
    uint64_t size_bytes;
};

static int bad(const struct lister *l, uint64_t at, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': the tar header at %llu %s", l->in->name, (unsigned long long)at,
                   what);
}

static int take_name(struct lister *l, const char *name, size_t len, uint64_t at, struct sw_err *err)
{
    if (len == 0 || len > TAR_NAME_MAX || memchr(name, '\0', len) != NULL)
        return bad(l, at, "has a name that is empty, too long or holds a NUL", err);
    memcpy(l->name, name, len);
    l->name[len] = '\0';
    return 0;
}

static int take_size(struct lister *l, const char *text, size_t len, uint64_t at, struct sw_err *err)
{
    l->size_bytes = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9' || sw_mul_ovf(l->size_bytes, 10, &l->size_bytes) ||
            sw_add_ovf(l->size_bytes, (uint64_t)(text[i] - '0'), &l->size_bytes))
            return bad(l, at, "has a pax size that is no number", err);
    l->sized = len > 0;
    return l->sized ? 0 : bad(l, at, "has an empty pax size", err);
}

static bool key_is(const char *key, size_t len, const char *want)
{
    return len == strlen(want) && memcmp(key, want, len) == 0;
}

/* One "LENGTH key=value\n" of a pax header; what is neither path nor size does not matter here. */
static int take_record(struct lister *l, const char *key, size_t len, uint64_t at, struct sw_err *err)
{
    const char *equals = memchr(key, '=', len);
    size_t key_len;

    if (equals == NULL)
        return bad(l, at, "has a pax record without '='", err);
    key_len = (size_t)(equals - key);
    if (key_is(key, key_len, "path"))
        return take_name(l, equals + 1, len - key_len - 1, at, err);
    if (key_is(key, key_len, "size"))
        return take_size(l, equals + 1, len - key_len - 1, at, err);
    if (key_len >= 10 && memcmp(key, "GNU.sparse", 10) == 0)
        return sw_fail(err, SW_REFUSED, "'%s': the member at %llu is stored sparse, which no OVA may be",
                       l->in->name, (unsigned long long)at);
    return 0;
}

static int take_pax(struct lister *l, const char *text, size_t len, uint64_t at, struct sw_err *err)
{
    while (len > 0) {
        size_t record = 0, digits = 0;

        while (digits < len && digits < 6 && text[digits] >= '0' && text[digits] <= '9')
            record = record * 10 + (size_t)(text[digits++] - '0');
        if (digits == 0 || digits == len || text[digits] != ' ' || record > len || record < digits + 3 ||
            text[record - 1] != '\n')
            return bad(l, at, "has a pax record whose length is not its own", err);
        if (take_record(l, text + digits + 1, record - digits - 2, at, err) < 0)
            return -1;
        text += record;
        len -= record;
    }
    return 0;
}

/* A header whose content says something of the next member. */
static int take_extension(struct lister *l, char type, uint64_t size, uint64_t at, struct sw_err *err)
{
    SW_AUTO_FREE char *text = NULL;

    if (size > EXTENSION_MAX_BYTES)
        return bad(l, at, "has an extension larger than 64 KiB", err);
    text = sw_calloc(1, (size_t)size + 1, err);
    if (text == NULL || sw_in_read(l->in, text, (size_t)size, at + TAR_BLOCK_BYTES, err) < 0)
        return -1;
    if (type == TAR_GNU_LONG_NAME)
        return take_name(l, text, strlen(text), at, err);
    return type == TAR_PAX ? take_pax(l, text, (size_t)size, at, err) : 0;
}

static const char *kind_of(char type)
{
    switch (type) {
    case TAR_HARD_LINK:
        return "a hard link";
    case TAR_SYMBOLIC_LINK:
        return "a symbolic link";
    case TAR_CHARACTER_DEVICE:
    case TAR_BLOCK_DEVICE:
        return "a device";
    case TAR_FOLDER:
        return "a folder";
    case TAR_FIFO:
        return "a FIFO";
    case TAR_GNU_SPARSE:
        return "stored sparse";
    default:
        return "of an unknown kind";
    }
}

/* Names as "./disk.vmdk" come of packing a folder; nothing else may name a place. */
static int check_name(const struct lister *l, const char *name, uint64_t at, struct sw_err *err)
{
    bool control = false;

    for (const char *c = name; *c != '\0'; c++)
        control = control || (unsigned char)*c < ' ' || *c == 0x7f;
    if (strchr(name, '/') != NULL || strchr(name, '\\') != NULL || strcmp(name, "..") == 0 ||
        strcmp(name, ".") == 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s': the member '%s' at %llu is not a plain name: an OVA's files lie in no folder",
                       l->in->name, name, (unsigned long long)at);
    if (name[0] == '\0' || control)
        return bad(l, at, "has a name that is empty or holds control characters", err);
    return 0;
}

static int add_member(struct lister *l, const char *name, uint64_t size, uint64_t at, struct sw_err *err)
{
    struct tar *tar = l->tar;
    const struct tar_member *same = tar_find(tar, name);
    uint64_t data = at + TAR_BLOCK_BYTES;

    if (same != NULL)
        return sw_fail(err, SW_INTEGRITY, "'%s': a second member '%s' at %llu; the first is at %llu",
                       l->in->name, name, (unsigned long long)at, (unsigned long long)same->at);
    if (tar->n == TAR_MEMBERS_MAX)
        return sw_fail(err, SW_REFUSED, "'%s' has more than %d members", l->in->name, TAR_MEMBERS_MAX);
    if (tar->members == NULL) {
        tar->members = sw_calloc(TAR_MEMBERS_MAX, sizeof(*tar->members), err);
        if (tar->members == NULL)
            return -1;
    }
    tar->members[tar->n] =
        (struct tar_member){.name = sw_strdup(name, err), .at = at, .data = data, .size_bytes = size};
    return tar->members[tar->n++].name != NULL ? 0 : -1;
}

/* The name in the header itself. */
static void header_name(const struct tar_header *header, char name[TAR_NAME_MAX + 2])
{
    size_t len = 0;

    if (memcmp(header->magic, TAR_MAGIC_POSIX, sizeof(header->magic)) == 0 && header->prefix[0] != '\0') {
        len = strnlen(header->prefix, sizeof(header->prefix));
        memcpy(name, header->prefix, len);
        name[len++] = '/';
    }
    memcpy(name + len, header->name, sizeof(header->name));
    name[len + strnlen(header->name, sizeof(header->name))] = '\0';
}

static int take_member(struct lister *l, const struct tar_header *header, uint64_t at, struct sw_err *err)
{
    char own[TAR_NAME_MAX + 2];
    const char *name = l->name;
    bool regular =
        header->type == TAR_REGULAR || header->type == TAR_REGULAR_OLD || header->type == TAR_CONTIGUOUS;

    if (name[0] == '\0') {
        header_name(header, own);
        name = own;
    }
    if (strncmp(name, "./", 2) == 0)
        name += 2;
    if (header->type == TAR_FOLDER && name[0] == '\0')
        return 0;
    if (check_name(l, name, at, err) < 0)
        return -1;
    if (!regular)
        return sw_fail(err, SW_REFUSED, "'%s': the member '%s' at %llu is %s, not a regular file",
                       l->in->name, name, (unsigned long long)at, kind_of(header->type));
    return add_member(l, name, l->size_bytes, at, err);
}

static bool is_extension(char type)
{
    return type == TAR_PAX || type == TAR_PAX_GLOBAL || type == TAR_GNU_LONG_NAME ||
           type == TAR_GNU_LONG_LINK;
}

/* Where the header's content ends, if that lies in the file. */
static int content_end(struct lister *l, uint64_t size, uint64_t at, uint64_t *end, struct sw_err *err)
{
    uint64_t data = at + TAR_BLOCK_BYTES;

    if (sw_add_ovf(data, size, end) || *end > l->in->size_bytes)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s' is truncated: the tar header at %llu says %llu bytes, the file has %llu",
                       l->in->name, (unsigned long long)at, (unsigned long long)size,
                       (unsigned long long)l->in->size_bytes);
    *end = data + tar_padded(size);
    return 0;
}

static int take_header(struct lister *l, const struct tar_header *header, struct sw_err *err)
{
    uint64_t at = l->at, size = 0, sum = 0, own = 0;
    bool extension = is_extension(header->type);

    if (!tar_is_header((const uint8_t *)header, sizeof(*header)))
        return bad(l, at, "has no 'ustar' magic", err);
    if (tar_number(header->checksum, sizeof(header->checksum), &sum) < 0 || sum != tar_sum(header))
        return bad(l, at, "does not match its checksum", err);
    if (tar_number(header->size, sizeof(header->size), &own) < 0)
        return bad(l, at, "has a size that is no number", err);
    if (extension || !l->sized)
        size = own;
    else
        size = l->size_bytes;
    if (content_end(l, size, at, &l->at, err) < 0)
        return -1;
    if (extension)
        return take_extension(l, header->type, size, at, err);
    l->size_bytes = size;
    if (take_member(l, header, at, err) < 0)
        return -1;
    l->name[0] = '\0';
    l->sized = false;
    return 0;
}

static int list_into(struct lister *l, struct sw_err *err)
{
    static const struct tar_header zero;
    struct tar_header header;

    for (unsigned i = 0; l->at < l->in->size_bytes; i++) {
        if (i == HEADERS_MAX)
            return sw_fail(err, SW_REFUSED, "'%s' has more than %d tar headers", l->in->name, HEADERS_MAX);
        if (sw_in_read(l->in, &header, sizeof(header), l->at, err) < 0)
            return -1;
        if (memcmp(&header, &zero, sizeof(zero)) == 0) {
            l->tar->ended = true;
            return 0;
        }
        if (take_header(l, &header, err) < 0)
            return -1;
    }
    return 0;
}

int tar_list(struct sw_in *in, struct tar *tar, struct sw_err *err)
{
    struct lister l = {.in = in, .tar = tar};

    *tar = (struct tar){.n = 0};
    if (list_into(&l, err) < 0) {
        tar_free(tar);
        return -1;
    }
    return 0;
}

void tar_free(struct tar *tar)
{
    for (size_t i = 0; i < tar->n; i++)
        free(tar->members[i].name);
    free(tar->members);
    *tar = (struct tar){.n = 0};
}

const struct tar_member *tar_find(const struct tar *tar, const char *name)
{
    for (size_t i = 0; i < tar->n; i++)
        if (strcmp(tar->members[i].name, name) == 0)
            return &tar->members[i];
    return NULL;
}
