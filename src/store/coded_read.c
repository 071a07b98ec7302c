/* Reading one layer's encoded units. */
#include "src/store/coded.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/store/coded_ondisk.h"

#include <libdeflate.h>
#include <string.h>

struct coded_reader {
    struct sw_coded base;
    struct sw_in *in;
    struct coded_disk_entry *entries;
    size_t nr_entries;
};

/* The unit at off; NULL when it is not here. */
static const struct coded_disk_entry *find(const struct coded_reader *reader, uint64_t off)
{
    size_t low = 0, high = reader->nr_entries;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (le64_get(reader->entries[middle].off) < off)
            low = middle + 1;
        else
            high = middle;
    }
    return low < reader->nr_entries && le64_get(reader->entries[low].off) == off ? &reader->entries[low]
                                                                                 : NULL;
}

static bool reader_get(struct sw_coded *self, struct sw_block *block)
{
    struct coded_reader *reader = (struct coded_reader *)self;
    const struct coded_disk_entry *entry = find(reader, block->off);
    struct sw_err why = {.code = SW_OK};
    size_t len;

    if (entry == NULL)
        return false;
    len = le32_get(entry->len);
    if (len == 0) {
        block->kind = SW_BLOCK_ZERO;
        return true;
    }
    if (len > block->coded_cap || sw_in_read(reader->in, block->coded, len, le64_get(entry->pos), &why) < 0 ||
        libdeflate_crc32(0, block->coded, len) != le32_get(entry->crc))
        return false;
    block->kind = SW_BLOCK_DATA;
    block->coded_len = len;
    return true;
}

static void reader_put(struct sw_coded *self, const struct sw_block *block)
{
    (void)self;
    (void)block;
}

static int damaged(const struct sw_in *in, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': %s", in->name, what);
}

static int read_foot(struct sw_in *in, struct coded_disk_foot *foot, struct sw_err *err)
{
    uint64_t at, nr, rest;

    if (in->size_bytes < sizeof(*foot))
        return damaged(in, "is cut", err);
    if (sw_in_read(in, foot, sizeof(*foot), in->size_bytes - sizeof(*foot), err) < 0)
        return -1;
    at = le64_get(foot->index_at);
    nr = le64_get(foot->nr_entries);
    rest = in->size_bytes - sizeof(*foot);
    if (memcmp(foot->magic, CODED_MAGIC, sizeof(foot->magic)) != 0)
        return damaged(in, "has no foot", err);
    if (nr > CODED_ENTRIES_MAX || at > rest || rest - at != nr * sizeof(struct coded_disk_entry))
        return damaged(in, "has an index that does not fit", err);
    return 0;
}

static int check_entries(const struct coded_reader *reader, uint64_t index_at, struct sw_err *err)
{
    for (size_t i = 0; i < reader->nr_entries; i++) {
        const struct coded_disk_entry *entry = &reader->entries[i];
        uint64_t pos = le64_get(entry->pos), len = le32_get(entry->len);

        if (len > CODED_UNIT_MAX_BYTES || pos > index_at || len > index_at - pos)
            return damaged(reader->in, "has a unit outside of the file", err);
        if (i > 0 && le64_get(entry->off) <= le64_get(entry[-1].off))
            return damaged(reader->in, "has units out of order", err);
    }
    return 0;
}

static int load(struct coded_reader *reader, struct sw_err *err)
{
    struct coded_disk_foot foot;
    uint64_t index_at;

    if (read_foot(reader->in, &foot, err) < 0)
        return -1;
    index_at = le64_get(foot.index_at);
    reader->nr_entries = (size_t)le64_get(foot.nr_entries);
    reader->entries = sw_calloc(reader->nr_entries + 1, sizeof(*reader->entries), err);
    if (reader->entries == NULL ||
        sw_in_read(reader->in, reader->entries, reader->nr_entries * sizeof(*reader->entries), index_at,
                   err) < 0)
        return -1;
    if (libdeflate_crc32(0, reader->entries, reader->nr_entries * sizeof(*reader->entries)) !=
        le32_get(foot.index_crc))
        return damaged(reader->in, "has a damaged index", err);
    return check_entries(reader, index_at, err);
}

int coded_reader_open(struct sw_in *in, struct coded_reader **out, struct sw_err *err)
{
    struct coded_reader *reader = sw_calloc(1, sizeof(*reader), err);

    if (reader == NULL) {
        sw_in_close(in);
        return -1;
    }
    reader->base = (struct sw_coded){.get = reader_get, .put = reader_put};
    reader->in = in;
    if (load(reader, err) < 0) {
        coded_reader_free(reader);
        return -1;
    }
    *out = reader;
    return 0;
}

struct sw_coded *coded_reader_coded(struct coded_reader *reader)
{
    return &reader->base;
}

void coded_reader_free(struct coded_reader *reader)
{
    if (reader == NULL)
        return;
    sw_in_close(reader->in);
    free(reader->entries);
    free(reader);
}
