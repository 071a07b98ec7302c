/* What lies on a disk: its partition table, and what is in the partitions. */
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/collect.h"
#include "src/preflight/content.h"

#include <stdio.h>
#include <string.h>

static const char *const kinds[] = {
    [PART_TABLE_NONE] = "none", [PART_TABLE_MBR] = "mbr", [PART_TABLE_GPT] = "gpt"};
static const char *const roles[] = {[PART_DATA] = "data",
                                    [PART_ESP] = "esp",
                                    [PART_BIOS_BOOT] = "bios-boot",
                                    [PART_LDM] = "ldm",
                                    [PART_RESERVED] = "reserved"};

/* Numbers beyond what JSON's integers hold are as good as the largest. */
static json_int_t number(uint64_t value)
{
    return (json_int_t)sw_min_u64(value, INT64_MAX);
}

static int add_faults(const struct part_table *table, json_t *out, struct sw_err *err)
{
    SW_AUTO_JSON json_t *faults = json_array();

    for (size_t i = 0; i < table->nr_faults; i++) {
        const struct part_fault *fault = &table->faults[i];

        if (sw_json_append(faults,
                           json_pack("{s:s, s:i, s:s}", "kind", fault->kind, "partition", (int)fault->number,
                                     "what", fault->text),
                           err) < 0)
            return -1;
    }
    return sw_json_set(out, "faults", json_incref(faults), err);
}

static int add_table(const struct part_table *table, json_t *into, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out =
        json_pack("{s:s, s:b, s:b, s:b, s:i, s:b}", "kind", kinds[table->kind], "signature", table->signature,
                  "boot_code", table->boot_code, "hybrid", table->hybrid, "sector_bytes",
                  (int)table->sector_bytes, "truncated", table->truncated);

    if (out == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (add_faults(table, out, err) < 0)
        return -1;
    return sw_json_set(into, "table", json_incref(out), err);
}

/* What could not be read is damage of the container, and does not end the look. */
static int note_damage(json_t *into, const char *where, const struct sw_err *cause, struct sw_err *err)
{
    json_t *list = json_object_get(json_object_get(into, "container"), "damage");
    SW_AUTO_FREE char *line = NULL;

    if (cause->code == SW_INTERRUPTED) {
        *err = *cause;
        return -1;
    }
    line = sw_strf(err, "%s: %s", where, cause->text);
    if (line == NULL)
        return -1;
    return sw_json_append(list, sw_json_bytes(line, strlen(line)), err);
}

static int add_content(const struct span *span, json_t *into, json_t *out, const char *where,
                       struct sw_err *err)
{
    static const char *const states[] = {[CONTENT_CLEAN] = "clean", [CONTENT_DIRTY] = "dirty"};
    struct sw_err cause = {.code = SW_OK};
    struct content content;

    if (content_read(span, &content, &cause) < 0)
        return note_damage(into, where, &cause, err);
    if (sw_json_set(out, "content", json_string(content.kind), err) < 0 ||
        (content.uuid[0] != '\0' && sw_json_set(out, "uuid", json_string(content.uuid), err) < 0) ||
        (content.label[0] != '\0' &&
         sw_json_set(out, "label", sw_json_bytes(content.label, strlen(content.label)), err) < 0))
        return -1;
    if (content.state == CONTENT_STATE_UNKNOWN)
        return 0;
    return sw_json_set(out, "state", json_string(states[content.state]), err);
}

static json_t *describe(const struct part *part)
{
    char type[8];

    snprintf(type, sizeof(type), "0x%02x", part->mbr_type);
    return json_pack("{s:i, s:I, s:I, s:s, s:s, s:o, s:b, s:s*, s:s*}", "number", (int)part->number, "start",
                     number(part->start_bytes), "bytes", number(part->size_bytes), "type",
                     part->guid[0] != '\0' ? part->guid : type, "role", roles[part->role], "name",
                     sw_json_bytes(part->name, strlen(part->name)), "active", part->active, "architecture",
                     part->architecture, "partuuid", part->uuid[0] != '\0' ? part->uuid : NULL);
}

static int add_part(const struct span *disk, const struct part *part, json_t *into, json_t *list,
                    struct sw_err *err)
{
    struct span span = span_part(disk, part->start_bytes, part->size_bytes);
    SW_AUTO_JSON json_t *out = describe(part);
    json_t *esp;
    char where[32];

    if (out == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    snprintf(where, sizeof(where), "partition %u", part->number);
    if (span.len > 0 && add_content(&span, into, out, where, err) < 0)
        return -1;
    if (part->role == PART_ESP) {
        esp = collect_esp(&span, part->number, err);
        if (esp == NULL || sw_json_append(json_object_get(into, "esp"), esp, err) < 0)
            return -1;
    }
    return sw_json_append(list, json_incref(out), err);
}

static int add_parts(const struct span *disk, const struct part_table *table, json_t *into,
                     struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < table->nr_parts; i++)
        if (sw_check_interrupt(err) < 0 || add_part(disk, &table->parts[i], into, list, err) < 0)
            return -1;
    return sw_json_set(into, "partitions", json_incref(list), err);
}

int collect_layout(const struct sw_preflight_disk *disk, json_t *into, struct sw_err *err)
{
    struct span span = span_disk(disk->image);
    SW_AUTO_FREE struct part_table *table = sw_calloc(1, sizeof(*table), err);
    struct sw_err cause = {.code = SW_OK};

    if (table == NULL)
        return -1;
    if (part_read(&span, table, &cause) < 0)
        return note_damage(into, "partition table", &cause, err);
    if (add_table(table, into, err) < 0 || sw_json_set(into, "esp", json_array(), err) < 0 ||
        add_parts(&span, table, into, err) < 0)
        return -1;
    if (table->nr_parts > 0)
        return 0;
    return add_content(&span, into, into, "disk", err);
}
