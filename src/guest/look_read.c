/* Reads what a look wrote. It comes from an appliance that had a stranger's file systems mounted: nothing of it is certain. */
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/guest/look.h"
#include "src/runner/look.h"

#include <string.h>
#include <sys/mman.h>

struct cursor {
    const uint8_t *at;
    size_t left;
};

struct head {
    uint16_t kind, flags;
    uint32_t mode, owner, group, path, link;
    uint64_t data, size, numbers[2];
};

/* The head and its three parts are all there; the cursor is then behind the head. */
static bool take_head(struct cursor *cursor, struct head *head)
{
    const uint8_t *at = cursor->at;

    if (cursor->left < LOOK_HEAD_BYTES || le32_get(at) != LOOK_MAGIC)
        return false;
    *head = (struct head){.kind = le16_get(at + 4),
                          .flags = le16_get(at + 6),
                          .mode = le32_get(at + 8),
                          .owner = le32_get(at + 12),
                          .group = le32_get(at + 16),
                          .path = le32_get(at + 20),
                          .link = le32_get(at + 24),
                          .data = le64_get(at + 28),
                          .size = le64_get(at + 36),
                          .numbers = {le64_get(at + 44), le64_get(at + 52)}};
    cursor->at += LOOK_HEAD_BYTES;
    cursor->left -= LOOK_HEAD_BYTES;
    if (head->path > LOOK_PATH_MAX || head->link > LOOK_PATH_MAX || head->kind < LOOK_DEVICE ||
        head->kind > LOOK_END || head->path + head->link > cursor->left ||
        head->data > cursor->left - head->path - head->link)
        return false;
    return memchr(cursor->at, 0, head->path + head->link) == NULL;
}

static void pass(struct cursor *cursor, const struct head *head)
{
    size_t len = head->path + head->link + (size_t)head->data;

    cursor->at += len;
    cursor->left -= len;
}

/* Counts entries and bytes of names; false when the bytes make no sense. */
static bool measure(const uint8_t *bytes, size_t len, size_t *n, size_t *names)
{
    struct cursor cursor = {.at = bytes, .left = len};
    struct head head;

    *n = *names = 0;
    while (take_head(&cursor, &head)) {
        pass(&cursor, &head);
        if (head.kind == LOOK_END)
            return cursor.left == 0;
        (*n)++;
        *names += head.path + head.link + 2;
        if (*n > 4 * (size_t)LOOK_ENTRIES_MAX)
            return false;
    }
    return false;
}

static const char *take_name(struct cursor *cursor, uint32_t len, char **names)
{
    const char *name = *names;

    memcpy(*names, cursor->at, len);
    (*names)[len] = '\0';
    *names += len + 1;
    cursor->at += len;
    cursor->left -= len;
    return name;
}

static void fill(struct sw_look *look, const uint8_t *bytes, size_t len)
{
    struct cursor cursor = {.at = bytes, .left = len};
    char *names = look->names;
    struct head head;

    for (size_t i = 0; i < look->n && take_head(&cursor, &head); i++) {
        struct sw_look_entry *entry = &look->entries[i];

        *entry = (struct sw_look_entry){.kind = (enum sw_look_kind)head.kind,
                                        .flags = head.flags,
                                        .mode = head.mode,
                                        .owner = head.owner,
                                        .group = head.group,
                                        .len = (size_t)head.data,
                                        .size_bytes = head.size,
                                        .numbers = {head.numbers[0], head.numbers[1]}};
        entry->path = take_name(&cursor, head.path, &names);
        entry->link = take_name(&cursor, head.link, &names);
        entry->data = cursor.at;
        cursor.at += entry->len;
        cursor.left -= entry->len;
    }
}

static int read_look(void *bytes, size_t len, bool mapped, struct sw_look **out, struct sw_err *err)
{
    struct sw_look *look;
    size_t n, names;

    if (!measure(bytes, len, &n, &names))
        return sw_fail(err, SW_INTEGRITY, "what the look wrote makes no sense");
    look = sw_calloc(1, sizeof(*look), err);
    if (look == NULL)
        return -1;
    look->entries = sw_calloc(n + 1, sizeof(*look->entries), err);
    look->names = sw_calloc(1, names + 1, err);
    if (look->entries == NULL || look->names == NULL) {
        sw_look_free(look);
        return -1;
    }
    look->n = n;
    fill(look, bytes, len);
    look->bytes = bytes;
    look->len = len;
    look->mapped = mapped;
    *out = look;
    return 0;
}

int look_read_mapped(void *bytes, size_t len, struct sw_look **out, struct sw_err *err)
{
    return read_look(bytes, len, true, out, err);
}

int sw_look_read(const void *bytes, size_t len, struct sw_look **out, struct sw_err *err)
{
    void *own = sw_calloc(1, len + 1, err);

    if (own == NULL)
        return -1;
    if (len > 0)
        memcpy(own, bytes, len);
    if (read_look(own, len, false, out, err) == 0)
        return 0;
    free(own);
    return -1;
}

void sw_look_free(struct sw_look *look)
{
    if (look == NULL)
        return;
    if (look->mapped)
        munmap(look->bytes, look->len);
    else
        free(look->bytes);
    free(look->entries);
    free(look->names);
    free(look);
}
