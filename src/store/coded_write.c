/* Collecting one layer's encoded units into a file. It is a cache: it never waits for the disk, and may give up. */
#include "src/store/coded.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/base/log.h"
#include "src/store/coded_ondisk.h"

#include <libdeflate.h>
#include <string.h>

enum { ENTRIES_FIRST = 1024, GATHER_BYTES = 1 << 20 };

struct coded_writer {
    struct sw_coded base;
    struct sw_out *out;
    uint64_t max_bytes;
    struct coded_disk_entry *entries;
    size_t nr_entries, entries_cap;
    uint64_t pos;    /* of the next unit, with what is gathered */
    uint8_t *gather; /* units are small: they are written together */
    size_t gathered;
    bool bad;
};

static int flush(struct coded_writer *writer, struct sw_err *err)
{
    size_t n = writer->gathered;

    writer->gathered = 0;
    return n > 0 ? sw_out_write(writer->out, writer->gather, n, err) : 0;
}

static int write_unit(struct coded_writer *writer, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    if (writer->gathered + len > GATHER_BYTES && flush(writer, err) < 0)
        return -1;
    writer->pos += len;
    if (len > GATHER_BYTES)
        return sw_out_write(writer->out, bytes, len, err);
    memcpy(writer->gather + writer->gathered, bytes, len);
    writer->gathered += len;
    return 0;
}

static struct coded_disk_entry *new_entry(struct coded_writer *writer, struct sw_err *err)
{
    if (writer->nr_entries == writer->entries_cap) {
        size_t cap = writer->entries_cap > 0 ? writer->entries_cap * 2 : ENTRIES_FIRST;
        void *grown = NULL;

        if (cap <= CODED_ENTRIES_MAX)
            grown = reallocarray(writer->entries, cap, sizeof(*writer->entries));
        if (grown == NULL) {
            sw_fail(err, SW_FAILED, "too many units");
            return NULL;
        }
        writer->entries = grown;
        writer->entries_cap = cap;
    }
    return &writer->entries[writer->nr_entries++];
}

static int add(struct coded_writer *writer, const struct sw_block *block, struct sw_err *err)
{
    size_t len = block->kind == SW_BLOCK_DATA ? block->coded_len : 0;
    struct coded_disk_entry *entry;

    /* A unit that its encoder left as it is has no coded bytes: whoever asks for it encodes again. */
    if (block->kind == SW_BLOCK_DATA && len == 0)
        return 0;
    if (len > CODED_UNIT_MAX_BYTES || writer->pos + len > writer->max_bytes)
        return sw_fail(err, SW_FAILED, "no room for more");
    entry = new_entry(writer, err);
    if (entry == NULL)
        return -1;
    le64_put(entry->off, block->off);
    le64_put(entry->pos, writer->pos);
    le32_put(entry->len, (uint32_t)len);
    le32_put(entry->crc, len > 0 ? libdeflate_crc32(0, block->coded, len) : 0);
    return len > 0 ? write_unit(writer, block->coded, len, err) : 0;
}

static void writer_put(struct sw_coded *self, const struct sw_block *block)
{
    struct coded_writer *writer = (struct coded_writer *)self;
    struct sw_err why = {.code = SW_OK};

    if (writer->bad || add(writer, block, &why) == 0)
        return;
    writer->bad = true;
    sw_log(SW_LOG_DEBUG, "encoded units are not kept: %s", why.text);
}

static bool writer_get(struct sw_coded *self, struct sw_block *block)
{
    (void)self;
    (void)block;
    return false;
}

int coded_writer_open(const char *path, uint64_t max_bytes, struct coded_writer **out, struct sw_err *err)
{
    struct coded_writer *writer = sw_calloc(1, sizeof(*writer), err);

    if (writer == NULL)
        return -1;
    writer->base = (struct sw_coded){.get = writer_get, .put = writer_put};
    writer->max_bytes = max_bytes;
    writer->gather = sw_calloc(1, GATHER_BYTES, err);
    if (writer->gather == NULL || sw_out_create_file(path, 0644, &writer->out, err) < 0) {
        coded_writer_free(writer);
        return -1;
    }
    writer->out->lazy = true;
    *out = writer;
    return 0;
}

struct sw_coded *coded_writer_coded(struct coded_writer *writer)
{
    return &writer->base;
}

bool coded_writer_is_good(const struct coded_writer *writer)
{
    return !writer->bad && writer->nr_entries > 0;
}

int coded_writer_commit(struct coded_writer *writer, struct sw_err *err)
{
    size_t bytes = writer->nr_entries * sizeof(*writer->entries);
    struct coded_disk_foot foot = {.pad = {0}};

    memcpy(foot.magic, CODED_MAGIC, sizeof(foot.magic));
    le64_put(foot.index_at, writer->pos);
    le64_put(foot.nr_entries, writer->nr_entries);
    le32_put(foot.index_crc, libdeflate_crc32(0, writer->entries, bytes));
    if (flush(writer, err) < 0 || sw_out_write(writer->out, writer->entries, bytes, err) < 0 ||
        sw_out_write(writer->out, &foot, sizeof(foot), err) < 0)
        return -1;
    return sw_out_commit(writer->out, err);
}

void coded_writer_free(struct coded_writer *writer)
{
    if (writer == NULL)
        return;
    sw_out_close(writer->out);
    free(writer->entries);
    free(writer->gather);
    free(writer);
}
