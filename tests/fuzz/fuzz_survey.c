/* The records of a survey: whatever they are, nothing outside of them is read, and no path leads out of the folder. */
#include "slipway/guest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

static uint64_t look_at_all(const struct sw_guest_entry *entry)
{
    static struct sw_guest_attr attrs[SW_SURVEY_ATTRS_MAX];
    static struct sw_guest_extent extents[SW_SURVEY_EXTENTS_MAX];
    uint64_t sum = 0;

    must(entry->nr_attrs <= SW_SURVEY_ATTRS_MAX && entry->nr_extents <= SW_SURVEY_EXTENTS_MAX);
    sw_survey_attrs(entry, attrs);
    sw_survey_extents(entry, extents);
    for (uint32_t i = 0; i < entry->nr_attrs; i++) {
        for (uint32_t k = 0; k < attrs[i].name_len; k++)
            sum += (unsigned char)attrs[i].name[k];
        for (uint32_t k = 0; k < attrs[i].value_len; k++)
            sum += (unsigned char)attrs[i].value[k];
    }
    for (uint32_t i = 0; i < entry->nr_extents; i++)
        sum += extents[i].len;
    for (uint32_t k = 0; k < entry->link_len; k++)
        sum += (unsigned char)entry->link[k];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_entry entry;
    volatile uint64_t sum = 0;
    size_t at = 0, before = 0;
    int more;

    must(bytes != NULL);
    memcpy(bytes, data, size);
    while ((more = sw_survey_parse(bytes, size, &at, &entry, &err)) > 0) {
        must(at > before && at <= size);
        must(entry.path[0] != '/' && strstr(entry.path, "//") == NULL && strncmp(entry.path, "../", 3) != 0 &&
             strstr(entry.path, "/../") == NULL && strcmp(entry.path, "..") != 0);
        sum += look_at_all(&entry);
        before = at;
    }
    (void)sum;
    must(more == 0 || err.code == SW_INTEGRITY);
    free(bytes);
    return 0;
}
