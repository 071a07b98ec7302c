/* One tar header: its numbers and its checksum, both ways. */
#include "formats/ova/tar_header.h"
#include "src/base/ckd.h"

#include <stdio.h>
#include <string.h>

/* Eleven octal digits and a NUL. */
#define OCTAL_MAX ((UINT64_C(1) << 33) - 1)

/* GNU's large numbers: the first byte is 0x80, the rest is big-endian; 0xff begins a negative one. */
static int binary(const char *field, size_t len, uint64_t *out)
{
    if ((unsigned char)field[0] != 0x80)
        return -1;
    *out = 0;
    for (size_t i = 1; i < len; i++) {
        if (*out >> 55 != 0) /* it stays below 2^63 */
            return -1;
        *out = *out << 8 | (unsigned char)field[i];
    }
    return 0;
}

int tar_number(const char *field, size_t len, uint64_t *out)
{
    size_t i = 0;
    bool digits = false;

    if (((unsigned char)field[0] & 0x80) != 0)
        return binary(field, len, out);
    *out = 0;
    while (i < len && field[i] == ' ')
        i++;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
        *out = *out << 3 | (uint64_t)(field[i] - '0');
        digits = true;
    }
    for (; i < len; i++)
        if (field[i] != ' ' && field[i] != '\0')
            return -1;
    return digits ? 0 : -1;
}

uint32_t tar_sum(const struct tar_header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    uint32_t sum = 0;

    for (size_t i = 0; i < sizeof(*header); i++) {
        size_t in_field = i - offsetof(struct tar_header, checksum);

        sum += in_field < sizeof(header->checksum) ? ' ' : bytes[i];
    }
    return sum;
}

bool tar_is_header(const uint8_t *head, size_t len)
{
    return len >= TAR_BLOCK_BYTES && memcmp(head + TAR_MAGIC_AT, TAR_MAGIC, strlen(TAR_MAGIC)) == 0;
}

uint64_t tar_padded(uint64_t size_bytes)
{
    return sw_round_up(size_bytes, TAR_BLOCK_BYTES);
}

static void put_octal(char *field, size_t len, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%0*llo", (int)len - 1, (unsigned long long)value);
    memcpy(field, text, len);
}

static void put_number(char field[12], uint64_t value)
{
    if (value <= OCTAL_MAX) {
        put_octal(field, 12, value);
        return;
    }
    memset(field, 0, 12);
    field[0] = (char)0x80;
    for (int i = 0; i < 8; i++)
        field[11 - i] = (char)(value >> (8 * i));
}

void tar_make_header(struct tar_header *header, const char *name, uint64_t size_bytes, int64_t mtime)
{
    uint64_t stamp = mtime < 0 ? 0 : (uint64_t)mtime;
    bool gnu = size_bytes > OCTAL_MAX || stamp > OCTAL_MAX;
    char sum[sizeof(header->checksum)];

    *header = (struct tar_header){.type = TAR_REGULAR};
    snprintf(header->name, sizeof(header->name), "%s", name);
    put_octal(header->mode, sizeof(header->mode), 0644);
    put_octal(header->uid, sizeof(header->uid), 0);
    put_octal(header->gid, sizeof(header->gid), 0);
    put_number(header->size, size_bytes);
    put_number(header->mtime, stamp);
    memcpy(header->magic, gnu ? TAR_MAGIC_GNU : TAR_MAGIC_POSIX, sizeof(header->magic));
    put_octal(header->device_major, sizeof(header->device_major), 0);
    put_octal(header->device_minor, sizeof(header->device_minor), 0);
    put_octal(sum, 7, tar_sum(header));
    sum[7] = ' '; /* six digits, a NUL and a space, as every tar has it */
    memcpy(header->checksum, sum, sizeof(sum));
}
