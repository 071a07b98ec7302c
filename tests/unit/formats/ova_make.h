/* Archives by hand, for cases about OVA: each member as it is told, right or wrong. */
#ifndef TESTS_UNIT_FORMATS_OVA_MAKE_H
#define TESTS_UNIT_FORMATS_OVA_MAKE_H

#include "formats/ova/tar_ondisk.h"
#include "slipway/image.h"
#include "src/base/digest.h"
#include "tests/lib/mem_in.h"
#include "tests/unit/testing.h"

struct archive {
    uint8_t bytes[256 << 10];
    size_t len;
};

static inline void sum_header(struct tar_header *header)
{
    const uint8_t *bytes = (const uint8_t *)header;
    unsigned sum = 0;

    memset(header->checksum, ' ', sizeof(header->checksum));
    for (size_t i = 0; i < sizeof(*header); i++)
        sum += bytes[i];
    snprintf(header->checksum, sizeof(header->checksum), "%06o", sum);
}

/* A header of POSIX's dialect with its content behind it; edit and sum_header it afterwards as the case wants. */
static inline struct tar_header *add_typed(struct archive *a, const char *name, char type,
                                           const void *content, size_t len)
{
    struct tar_header *header = (struct tar_header *)(a->bytes + a->len);
    size_t padded = (len + 511) / 512 * 512;

    assert_true(a->len + 512 + padded + 1024 <= sizeof(a->bytes));
    memset(header, 0, sizeof(*header));
    assert_true(strlen(name) < sizeof(header->name));
    strcpy(header->name, name);
    snprintf(header->mode, sizeof(header->mode), "%07o", 0644U);
    snprintf(header->size, sizeof(header->size), "%011o", (unsigned)len);
    snprintf(header->mtime, sizeof(header->mtime), "%011o", 0U);
    header->type = type;
    memcpy(header->magic, "ustar\00000", 8);
    sum_header(header);
    memset(a->bytes + a->len + 512, 0, padded);
    if (len > 0)
        memcpy(a->bytes + a->len + 512, content, len);
    a->len += 512 + padded;
    return header;
}

static inline struct tar_header *add(struct archive *a, const char *name, const void *content, size_t len)
{
    return add_typed(a, name, '0', content, len);
}

static inline struct tar_header *add_text(struct archive *a, const char *name, const char *text)
{
    return add(a, name, text, strlen(text));
}

/* Two blocks of zeros. */
static inline void end(struct archive *a)
{
    memset(a->bytes + a->len, 0, 1024);
    a->len += 1024;
}

#define OVF_HEAD                                                 \
    "<?xml version=\"1.0\"?>\n"                                  \
    "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\"" \
    " xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\">"
#define OVF_TAIL "</Envelope>\n"
#define OVF_ONE_DISK(file, disk)                     \
    OVF_HEAD "<References><File ovf:id=\"f1\" " file \
             "/></References><DiskSection><Disk ovf:diskId=\"d1\" " disk "/></DiskSection>" OVF_TAIL

/* "SHA256(name)= hex" of these bytes, behind what is in text. */
static inline void add_line(char *text, size_t cap, const char *name, const void *content, size_t len)
{
    struct sw_err err = {0};
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];
    size_t at = strlen(text);

    assert_ok(sw_sha256(content, len, digest, &err), err);
    sw_hex(digest, sizeof(digest), hex);
    snprintf(text + at, cap - at, "SHA256(%s)= %s\n", name, hex);
}

#endif
