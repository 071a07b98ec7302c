/* The header of a package in rpm's database, and which form a database is in. */
#include "src/facts/rpm.h"

#include "src/base/endian.h"

#include <stdio.h>
#include <string.h>

/* Numbers of rpm's own rpmtag.h. */
enum { TAG_NAME = 1000, TAG_VERSION, TAG_RELEASE, TAG_EPOCH, TAG_INSTALLTIME = 1008, TAG_ARCH = 1022 };
enum { TYPE_INT32 = 4, TYPE_STRING = 6 };
/* Two counts, then the index of tags, then what they point into; all big endian. */
enum { HEAD_BYTES = 8, ENTRY_BYTES = 16, TAGS_MAX = 0xffff };

struct header {
    const uint8_t *index, *data;
    uint32_t nr_tags, data_len;
    struct sw_package_text name, version, release, architecture;
    uint32_t epoch, installed_s;
    bool has_epoch;
};

static int open_header(struct header *header, const uint8_t *blob, size_t len, struct sw_err *err)
{
    if (len < HEAD_BYTES)
        return sw_fail(err, SW_INTEGRITY, "a header of %zu bytes is cut short", len);
    header->nr_tags = be32_get(blob);
    header->data_len = be32_get(blob + 4);
    if (header->nr_tags > TAGS_MAX ||
        (uint64_t)header->nr_tags * ENTRY_BYTES + header->data_len > len - HEAD_BYTES)
        return sw_fail(err, SW_INTEGRITY, "a header of %zu bytes is to have %u tags and %u bytes of data",
                       len, header->nr_tags, header->data_len);
    header->index = blob + HEAD_BYTES;
    header->data = header->index + (size_t)header->nr_tags * ENTRY_BYTES;
    return 0;
}

static int take_text(const struct header *header, uint32_t tag, uint32_t offset, struct sw_package_text *out,
                     struct sw_err *err)
{
    size_t room = header->data_len - offset;
    const void *end = memchr(header->data + offset, '\0', room);

    if (end == NULL)
        return sw_fail(err, SW_INTEGRITY, "the text of a header's tag %u has no end", tag);
    *out = (struct sw_package_text){.at = (const char *)header->data + offset};
    out->len = (size_t)((const char *)end - out->at);
    if (out->len > SW_PACKAGE_TEXT_MAX)
        return sw_fail(err, SW_INTEGRITY, "the text of a header's tag %u has %zu bytes", tag, out->len);
    return 0;
}

static int take_number(const struct header *header, uint32_t tag, uint32_t offset, uint32_t *out,
                       struct sw_err *err)
{
    if (header->data_len - offset < 4)
        return sw_fail(err, SW_INTEGRITY, "the number of a header's tag %u is cut short", tag);
    *out = be32_get(header->data + offset);
    return 0;
}

/* A tag that comes a second time was set anew, as when it was installed. */
static int take_tag(struct header *header, const uint8_t *entry, struct sw_err *err)
{
    uint32_t tag = be32_get(entry), type = be32_get(entry + 4), offset = be32_get(entry + 8),
             count = be32_get(entry + 12);
    struct sw_package_text *text = tag == TAG_NAME      ? &header->name
                                   : tag == TAG_VERSION ? &header->version
                                   : tag == TAG_RELEASE ? &header->release
                                   : tag == TAG_ARCH    ? &header->architecture
                                                        : NULL;
    uint32_t *number = tag == TAG_EPOCH         ? &header->epoch
                       : tag == TAG_INSTALLTIME ? &header->installed_s
                                                : NULL;

    if (text == NULL && number == NULL)
        return 0;
    if (type != (text != NULL ? TYPE_STRING : TYPE_INT32) || count < 1 || offset >= header->data_len)
        return sw_fail(err, SW_INTEGRITY, "a header's tag %u is of type %u, %u times at %u", tag, type, count,
                       offset);
    if (tag == TAG_EPOCH)
        header->has_epoch = true;
    return text != NULL ? take_text(header, tag, offset, text, err)
                        : take_number(header, tag, offset, number, err);
}

/* As rpm itself writes it. */
static size_t whole_version(const struct header *header, char out[2 * SW_PACKAGE_TEXT_MAX + 16])
{
    char *at = out;

    if (header->has_epoch)
        at += sprintf(at, "%u:", header->epoch);
    if (header->version.len > 0)
        at = mempcpy(at, header->version.at, header->version.len);
    *at++ = '-';
    if (header->release.len > 0)
        at = mempcpy(at, header->release.at, header->release.len);
    return (size_t)(at - out);
}

int rpm_header(struct rpm_sink *sink, const uint8_t *blob, size_t len, struct sw_err *err)
{
    struct header header = {.nr_tags = 0};
    char version[2 * SW_PACKAGE_TEXT_MAX + 16];
    struct sw_installed package = {.installed = true};

    if (len > sink->bytes_left)
        return sw_fail(err, SW_INTEGRITY, "the headers together are larger than the database");
    sink->bytes_left -= len;
    if (sink->packages == SW_PACKAGES_MAX)
        return sw_fail(err, SW_REFUSED, "there are more than %d packages", SW_PACKAGES_MAX);
    sink->packages++;
    if (open_header(&header, blob, len, err) < 0)
        return -1;
    for (uint32_t i = 0; i < header.nr_tags; i++)
        if (take_tag(&header, header.index + (size_t)i * ENTRY_BYTES, err) < 0)
            return -1;
    if (header.name.len == 0 || header.version.len == 0 || header.release.len == 0)
        return sw_fail(err, SW_INTEGRITY, "a header has no name, no version or no release");
    package.name = header.name;
    package.architecture = header.architecture;
    package.installed_s = header.installed_s;
    package.version = (struct sw_package_text){.at = version, .len = whole_version(&header, version)};
    return sink->fn(sink->arg, &package, err);
}

int rpm_read(const uint8_t *bytes, size_t len, sw_package_fn *fn, void *arg, struct sw_err *err)
{
    struct rpm_sink sink = {.fn = fn, .arg = arg, .bytes_left = len};

    if (rpm_is_sqlite(bytes, len))
        return rpm_sqlite(&sink, bytes, len, err);
    if (rpm_is_ndb(bytes, len))
        return rpm_ndb(&sink, bytes, len, err);
    if (rpm_is_hash(bytes, len))
        return rpm_hash(&sink, bytes, len, err);
    return sw_fail(err, SW_INTEGRITY,
                   "it is no database of rpm: neither SQLite nor ndb nor a hash of Berkeley DB");
}
