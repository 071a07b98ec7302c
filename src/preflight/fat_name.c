/* The names of a FAT's folder. */
#include "src/preflight/fat_name.h"

#include "src/base/endian.h"
#include "src/disk/utf16.h"

#include <stdbool.h>
#include <string.h>

enum { ATTR_LONG = 0x0f, LAST_PART = 0x40, DELETED = 0xe5, UNITS_A_SLOT = 13, PARTS_MAX = 20 };

static uint8_t short_sum(const uint8_t *slot)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < 11; i++)
        sum = (uint8_t)((sum >> 1 | sum << 7) + slot[i]);
    return sum;
}

/* Parts come last first. One that does not belong to those before it makes all of them void. */
static void take_part(struct fat_long_name *pending, const uint8_t *slot)
{
    static const uint8_t at[UNITS_A_SLOT] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    unsigned number = slot[0] & 0x1fU;

    if ((slot[0] & LAST_PART) != 0) {
        memset(pending, 0, sizeof(*pending));
        pending->parts = pending->expected = number;
        pending->checksum = slot[13];
    }
    if (number == 0 || number > PARTS_MAX || number != pending->expected || slot[13] != pending->checksum) {
        pending->parts = pending->expected = 0;
        return;
    }
    for (unsigned i = 0; i < UNITS_A_SLOT; i++)
        pending->units[(number - 1) * UNITS_A_SLOT + i] = le16_get(slot + at[i]);
    pending->expected = number - 1;
}

/* A slash would make two names of one. */
static char *put_unit(char *out, uint16_t c)
{
    return utf16_put(out, c == '/' ? 0xfffd : c);
}

static void long_text(const struct fat_long_name *pending, char *name)
{
    for (unsigned i = 0; i < pending->parts * UNITS_A_SLOT && pending->units[i] != 0; i++)
        name = put_unit(name, pending->units[i]);
    *name = '\0';
}

/* Bytes beyond ASCII are of a code page that is not told: they become U+FFFD. */
static void short_text(const uint8_t *slot, char *name)
{
    unsigned stem = 8, ending = 3;

    while (stem > 0 && slot[stem - 1] == ' ')
        stem--;
    while (ending > 0 && slot[8 + ending - 1] == ' ')
        ending--;
    for (unsigned i = 0; i < stem; i++)
        name = put_unit(name, slot[i] < 0x80 ? slot[i] : 0xfffd);
    if (ending > 0)
        *name++ = '.';
    for (unsigned i = 0; i < ending; i++)
        name = put_unit(name, slot[8 + i] < 0x80 ? slot[8 + i] : 0xfffd);
    *name = '\0';
}

int fat_name_take(struct fat_long_name *pending, const uint8_t *slot, char name[FAT_NAME])
{
    bool whole = pending->parts > 0 && pending->expected == 0;

    if (slot[0] == DELETED) {
        pending->parts = pending->expected = 0;
        return 0;
    }
    if ((slot[11] & 0x3f) == ATTR_LONG) {
        take_part(pending, slot);
        return 0;
    }
    if (whole && short_sum(slot) == pending->checksum)
        long_text(pending, name);
    else
        short_text(slot, name);
    pending->parts = pending->expected = 0;
    return 1;
}
