/* LVM2's label, its header with the places of the areas, and the text in the first area that has one. */
#include "src/preflight/lvm.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/preflight/collect.h"

#include <ctype.h>
#include <string.h>

enum {
    LABEL_SECTORS = 4,
    AREAS_MAX = 16,
    AREA_HEAD = 512,
    TEXT_MAX = 4 << 20,
    DEPTH_MAX = 8,
};

struct area {
    uint64_t at, len;
};

static int no_sense(struct sw_err *err, const char *what)
{
    return sw_fail(err, SW_INTEGRITY, "the LVM volume's %s makes no sense", what);
}

/* Pairs of a place and a length, ended by zeros: first those of data, then those of text. */
static int find_areas(const uint8_t *sector, uint32_t at, struct area *areas, size_t *n, struct sw_err *err)
{
    unsigned list = 0;

    *n = 0;
    for (at += 40; at + 16 <= SW_SECTOR_BYTES; at += 16) {
        struct area area = {.at = le64_get(sector + at), .len = le64_get(sector + at + 8)};

        if (area.at == 0 && ++list == 2)
            return 0;
        if (area.at == 0 || list == 0)
            continue;
        if (*n == AREAS_MAX)
            break;
        areas[(*n)++] = area;
    }
    return no_sense(err, "header");
}

/* The text of an area, a ring behind its head; NULL without err when it has none. */
static char *read_text(const struct span *span, const struct area *area, struct sw_err *err)
{
    uint8_t head[AREA_HEAD];
    SW_AUTO_FREE char *text = NULL;
    uint64_t at, len, first;

    if (area->len < AREA_HEAD || span_read(span, head, sizeof(head), area->at, err) < 0)
        return NULL;
    at = le64_get(head + 40);
    len = le64_get(head + 48);
    if (memcmp(head + 4, " LVM2 x[5A%r0N*>", 16) != 0 || at < AREA_HEAD || at >= area->len || len == 0 ||
        len > TEXT_MAX || len > area->len - AREA_HEAD)
        return NULL;
    text = sw_calloc(1, (size_t)len + 1, err);
    if (text == NULL)
        return NULL;
    first = sw_min_u64(len, area->len - at);
    if (span_read(span, text, (size_t)first, area->at + at, err) < 0 ||
        span_read(span, text + first, (size_t)(len - first), area->at + AREA_HEAD, err) < 0)
        return NULL;
    return SW_STEAL_PTR(text);
}

/* The text in words: names, values and single signs. Comments are left out. */
struct words {
    const char *at;
    char word[LVM_NAME];
};

static bool next_word(struct words *words)
{
    const char *at = words->at;
    size_t n = 0;

    while (isspace((unsigned char)*at) || *at == '#')
        at += *at == '#' ? strcspn(at, "\n") : 1;
    if (*at == '\0')
        return false;
    if (*at == '"') {
        for (at++; *at != '\0' && *at != '"'; at++)
            if (n + 1 < sizeof(words->word))
                words->word[n++] = *at;
        at += *at == '"';
    } else if (strchr("{}=[],", *at) != NULL) {
        words->word[n++] = *at++;
    } else {
        for (; *at != '\0' && !isspace((unsigned char)*at) && strchr("{}=[],\"#", *at) == NULL; at++)
            if (n + 1 < sizeof(words->word))
                words->word[n++] = *at;
    }
    words->word[n] = '\0';
    words->at = at;
    return true;
}

static void add_volume(struct lvm *out, const char *id)
{
    char *to;

    if (out->nr_volumes == LVM_VOLUMES_MAX)
        return;
    to = out->volumes[out->nr_volumes++];
    for (size_t n = 0; *id != '\0' && n + 1 < LVM_ID; id++)
        if (*id != '-')
            to[n++] = *id;
}

/* GROUP { … physical_volumes { pv0 { id = "…" … } } … logical_volumes { … type = "thin-pool" } } */
static void parse(const char *text, struct lvm *out)
{
    struct words words = {.at = text};
    char key[LVM_NAME] = "", outer[LVM_NAME] = "";
    unsigned depth = 0;
    bool value = false;

    while (next_word(&words)) {
        if (strcmp(words.word, "{") == 0) {
            depth++;
            if (depth == 1)
                memcpy(out->group, key, sizeof(key));
            if (depth == 2)
                memcpy(outer, key, sizeof(key));
        } else if (strcmp(words.word, "}") == 0) {
            depth -= depth > 0;
            if (depth == 0)
                return;
        } else if (strcmp(words.word, "=") == 0) {
            value = true;
            continue;
        } else if (value && depth == 3 && strcmp(outer, "physical_volumes") == 0 && strcmp(key, "id") == 0) {
            add_volume(out, words.word);
        } else if (value && strcmp(key, "type") == 0 && strcmp(words.word, "thin-pool") == 0) {
            out->thin = true;
        } else if (!value) {
            memcpy(key, words.word, sizeof(key));
        }
        value = false;
        if (depth > DEPTH_MAX)
            return;
    }
}

int lvm_read(const struct span *span, struct lvm *out, struct sw_err *err)
{
    uint8_t sectors[LABEL_SECTORS * SW_SECTOR_BYTES];
    struct area areas[AREAS_MAX];
    size_t n = 0;

    *out = (struct lvm){.nr_volumes = 0};
    if (span_peek(span, sectors, sizeof(sectors), 0, err) < 0)
        return -1;
    for (unsigned i = 0; i < LABEL_SECTORS; i++) {
        const uint8_t *sector = sectors + i * SW_SECTOR_BYTES;
        uint32_t at = le32_get(sector + 20);

        if (memcmp(sector, "LABELONE", 8) != 0)
            continue;
        if (at < 32 || at > SW_SECTOR_BYTES - 40)
            return no_sense(err, "label");
        memcpy(out->id, sector + at, LVM_ID - 1);
        if (find_areas(sector, at, areas, &n, err) < 0)
            return -1;
        for (size_t k = 0; k < n && out->group[0] == '\0'; k++) {
            struct sw_err cause = {.code = SW_OK};
            SW_AUTO_FREE char *text = read_text(span, &areas[k], &cause);

            if (text != NULL)
                parse(text, out);
            else if (cause.code != SW_OK && cause.code != SW_INTEGRITY)
                return sw_fail(err, cause.code, "%s", cause.text);
        }
        return 0;
    }
    return no_sense(err, "label");
}

static int add_volume_of(const struct span *span, struct lvm *all, size_t max, size_t *n, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};

    if (*n == max)
        return 0;
    if (lvm_read(span, &all[*n], &cause) == 0) {
        (*n)++;
        return 0;
    }
    if (cause.code == SW_INTEGRITY)
        return 0;
    *err = cause;
    return -1;
}

int collect_volumes(const struct sw_preflight_disk *disk, struct lvm *all, size_t max, size_t *n,
                    struct sw_err *err)
{
    struct span whole = span_disk(disk->image);
    SW_AUTO_FREE struct part_table *table = sw_calloc(1, sizeof(*table), err);

    if (table == NULL || part_read(&whole, table, err) < 0)
        return -1;
    if (table->nr_parts == 0)
        return add_volume_of(&whole, all, max, n, err);
    for (size_t i = 0; i < table->nr_parts; i++) {
        struct span span = span_part(&whole, table->parts[i].start_bytes, table->parts[i].size_bytes);

        if (span.len > 0 && add_volume_of(&span, all, max, n, err) < 0)
            return -1;
    }
    return 0;
}
