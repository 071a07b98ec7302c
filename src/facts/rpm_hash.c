/* rpm's database as a hash of Berkeley DB: pages of keys and values, and chains of pages for what is larger than one. */
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/facts/rpm.h"

#include <stdlib.h>
#include <string.h>

/* Of dbinc/db_page.h; in the byte order of the machine that wrote it. */
enum {
    META_BYTES = 72,
    META_MAGIC = 12,
    META_VERSION = 16,
    META_PAGE_BYTES = 20,
    META_ENCRYPTION = 24,
    META_TYPE = 25,
    META_FLAGS = 26,
    META_LAST_PAGE = 32,
};
enum { HASH_MAGIC = 0x061561, PAGE_HASH_META = 8, PAGE_HASH_UNSORTED = 2, PAGE_OVERFLOW = 7, PAGE_HASH = 13 };
enum {
    PAGE_NUMBER = 8,
    PAGE_NEXT = 16,
    PAGE_ENTRIES = 20,
    PAGE_OVERFLOW_LEN = 22,
    PAGE_TYPE = 25,
    PAGE_HEAD_BYTES = 26,
};
/* The first byte of an item says what it is. An item off the page: kind, 3 unused, first page, length. */
enum { ITEM_HERE = 1, ITEM_OFF_PAGE = 3, OFF_PAGE_BYTES = 12 };
enum { KEY_BYTES = 4, BLOB_MAX = 64 << 20 };

struct hash {
    const uint8_t *bytes;
    uint32_t page_bytes, pages; /* all of which are there */
    bool big_endian;
    struct rpm_sink *sink;
    uint32_t chained; /* pages of chains that were read; each belongs to one */
    uint8_t *blob;
    size_t cap;
};

struct item {
    const uint8_t *at;
    size_t len;
};

static uint32_t get32(const struct hash *hash, const uint8_t *at)
{
    return hash->big_endian ? be32_get(at) : le32_get(at);
}

static uint16_t get16(const struct hash *hash, const uint8_t *at)
{
    return hash->big_endian ? be16_get(at) : le16_get(at);
}

static const uint8_t *page_at(const struct hash *hash, uint32_t number)
{
    return hash->bytes + (size_t)number * hash->page_bytes;
}

bool rpm_is_hash(const uint8_t *bytes, size_t len)
{
    return len >= META_BYTES &&
           (le32_get(bytes + META_MAGIC) == HASH_MAGIC || be32_get(bytes + META_MAGIC) == HASH_MAGIC);
}

static int open_hash(struct hash *hash, size_t len, struct sw_err *err)
{
    const uint8_t *meta = hash->bytes;
    uint32_t version, last;

    hash->big_endian = be32_get(meta + META_MAGIC) == HASH_MAGIC;
    hash->page_bytes = get32(hash, meta + META_PAGE_BYTES);
    version = get32(hash, meta + META_VERSION);
    last = get32(hash, meta + META_LAST_PAGE);
    if (meta[META_TYPE] != PAGE_HASH_META || version < 7 || version > 10)
        return sw_fail(err, SW_INTEGRITY, "a hash of Berkeley DB in version %u, of type %u, is not known",
                       version, meta[META_TYPE]);
    if (meta[META_ENCRYPTION] != 0 || meta[META_FLAGS] != 0)
        return sw_fail(err, SW_INTEGRITY, "a hash of Berkeley DB with checksums, or encrypted, is not known");
    if (hash->page_bytes < 512 || hash->page_bytes > 65536 ||
        (hash->page_bytes & (hash->page_bytes - 1)) != 0)
        return sw_fail(err, SW_INTEGRITY, "its pages are to have %u bytes", hash->page_bytes);
    if (last >= len / hash->page_bytes)
        return sw_fail(err, SW_INTEGRITY, "it is cut short: its last page is %u, and it has %zu bytes", last,
                       len);
    hash->pages = last + 1;
    return 0;
}

static int grow(struct hash *hash, size_t len, struct sw_err *err)
{
    uint8_t *grown;

    if (len <= hash->cap)
        return 0;
    grown = realloc(hash->blob, len);
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    hash->blob = grown;
    hash->cap = len;
    return 0;
}

/* One page of a chain, which gives at most `room` bytes and tells of the next page. */
static int read_link(struct hash *hash, uint32_t *number, uint8_t *out, size_t *room, struct sw_err *err)
{
    const uint8_t *page;
    size_t len;

    if (*number == 0 || *number >= hash->pages)
        return sw_fail(err, SW_INTEGRITY, "a chain goes on in page %u of %u", *number, hash->pages);
    page = page_at(hash, *number);
    len = get16(hash, page + PAGE_OVERFLOW_LEN);
    if (page[PAGE_TYPE] != PAGE_OVERFLOW || get32(hash, page + PAGE_NUMBER) != *number || len == 0 ||
        len > hash->page_bytes - PAGE_HEAD_BYTES || len > *room || ++hash->chained > hash->pages)
        return sw_fail(err, SW_INTEGRITY, "page %u is none of a chain that leads to it", *number);
    memcpy(out, page + PAGE_HEAD_BYTES, len);
    *room -= len;
    *number = get32(hash, page + PAGE_NEXT);
    return 0;
}

static int read_chain(struct hash *hash, uint32_t number, size_t len, struct sw_err *err)
{
    size_t room = len;

    if (len > BLOB_MAX || len > (size_t)hash->pages * hash->page_bytes)
        return sw_fail(err, SW_INTEGRITY, "a header is to have %zu bytes", len);
    if (grow(hash, len, err) < 0)
        return -1;
    while (room > 0)
        if (read_link(hash, &number, hash->blob + (len - room), &room, err) < 0)
            return -1;
    if (number != 0)
        return sw_fail(err, SW_INTEGRITY, "a chain goes on behind its end, in page %u", number);
    return rpm_header(hash->sink, hash->blob, len, err);
}

/* Items lie from the end of the page to its begin. */
static int item_of(const struct hash *hash, const uint8_t *page, unsigned i, struct item *out,
                   struct sw_err *err)
{
    const uint8_t *offsets = page + PAGE_HEAD_BYTES;
    size_t end = i > 0 ? get16(hash, offsets + 2 * (size_t)(i - 1)) : hash->page_bytes;
    size_t start = get16(hash, offsets + 2 * (size_t)i);
    size_t first = PAGE_HEAD_BYTES + 2 * (size_t)get16(hash, page + PAGE_ENTRIES);

    if (start < first || start >= end || end > hash->page_bytes)
        return sw_fail(err, SW_INTEGRITY, "item %u lies from %zu to %zu", i, start, end);
    *out = (struct item){.at = page + start, .len = end - start};
    return 0;
}

/* The record of number 0 is none of a package. */
static int read_pair(struct hash *hash, const struct item *key, const struct item *value, struct sw_err *err)
{
    if (key->at[0] != ITEM_HERE || key->len != 1 + KEY_BYTES)
        return sw_fail(err, SW_INTEGRITY, "a key of kind %u has %zu bytes", key->at[0], key->len - 1);
    if (get32(hash, key->at + 1) == 0)
        return 0;
    if (value->at[0] == ITEM_HERE)
        return rpm_header(hash->sink, value->at + 1, value->len - 1, err);
    if (value->at[0] != ITEM_OFF_PAGE || value->len != OFF_PAGE_BYTES)
        return sw_fail(err, SW_INTEGRITY, "a value of kind %u has %zu bytes", value->at[0], value->len);
    return read_chain(hash, get32(hash, value->at + 4), get32(hash, value->at + 8), err);
}

static int read_page(struct hash *hash, const uint8_t *page, struct sw_err *err)
{
    unsigned entries = get16(hash, page + PAGE_ENTRIES);
    struct item key, value;

    if (entries % 2 != 0 || PAGE_HEAD_BYTES + 2 * (size_t)entries > hash->page_bytes)
        return sw_fail(err, SW_INTEGRITY, "it is to have %u items", entries);
    for (unsigned i = 0; i < entries; i += 2)
        if (item_of(hash, page, i, &key, err) < 0 || item_of(hash, page, i + 1, &value, err) < 0 ||
            read_pair(hash, &key, &value, err) < 0)
            return -1;
    return 0;
}

/* Buckets need not be followed: every page that is one says so, and those that are free do not. */
int rpm_hash(struct rpm_sink *sink, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    struct hash hash = {.bytes = bytes, .sink = sink};
    int rc = open_hash(&hash, len, err);

    for (uint32_t i = 1; rc == 0 && i < hash.pages; i++) {
        const uint8_t *page = page_at(&hash, i);

        if (page[PAGE_TYPE] != PAGE_HASH && page[PAGE_TYPE] != PAGE_HASH_UNSORTED)
            continue;
        if (get32(&hash, page + PAGE_NUMBER) != i)
            rc = sw_fail(err, SW_INTEGRITY, "page %u says that it is another", i);
        else if (read_page(&hash, page, err) < 0)
            rc = sw_context(err, "page %u", i);
    }
    free(hash.blob);
    return rc;
}
