/* The records of a survey: bounded reading of what the runner tells of a tree. */
#include "slipway/guest.h"

#include "src/base/cleanup.h"
#include "src/runner/protocol.h"

#include <stdlib.h>

static int nonsense(size_t at, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "the survey's record at %zu makes no sense: %s", at, what);
}

/* Parts between slashes, none of them empty, "." or "..": what lies beneath the folder. No length is too long. */
static bool is_beneath(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");

        if (len == 0 || (len <= 2 && strncmp(path, "..", len) == 0))
            return false;
        if (path[len] == '\0')
            return true;
        path += len + 1;
    }
}

static bool read_name(struct wire_in *in, struct sw_guest_entry *out)
{
    struct wire_text name = wire_text(in);

    if (in->bad || name.len < 2 || memchr(name.at, '\0', name.len) != name.at + name.len - 1)
        return false;
    out->path = name.at;
    return strcmp(name.at, ".") == 0 || is_beneath(name.at);
}

static void read_stat(struct wire_in *in, struct sw_guest_entry *out)
{
    struct wire_text link;

    out->mode = wire_u32(in);
    out->uid = wire_u32(in);
    out->gid = wire_u32(in);
    out->links = wire_u32(in);
    out->rdev = wire_u64(in);
    out->size_bytes = wire_u64(in);
    out->dev = wire_u64(in);
    out->ino = wire_u64(in);
    out->mtime_s = (int64_t)wire_u64(in);
    out->mtime_ns = wire_u32(in);
    link = wire_text(in);
    out->link = link.at;
    out->link_len = link.len;
}

static bool read_attrs(struct wire_in *in, struct sw_guest_entry *out)
{
    out->nr_attrs = wire_u32(in);
    out->attrs_at = in->at;
    if (in->bad || out->nr_attrs > SW_SURVEY_ATTRS_MAX)
        return false;
    for (uint32_t i = 0; i < out->nr_attrs; i++) {
        (void)wire_text(in);
        (void)wire_text(in);
    }
    return !in->bad;
}

static bool read_extents(struct wire_in *in, struct sw_guest_entry *out)
{
    out->mapped = wire_u32(in) != 0;
    out->nr_extents = wire_u32(in);
    out->extents_at = in->at;
    if (in->bad || out->nr_extents > SW_SURVEY_EXTENTS_MAX)
        return false;
    (void)wire_take(in, out->nr_extents * 24);
    return !in->bad;
}

int sw_survey_parse(const char *bytes, size_t len, size_t *at, struct sw_guest_entry *out, struct sw_err *err)
{
    struct wire_in in = {.at = (const unsigned char *)bytes + *at, .end = (const unsigned char *)bytes + len};
    uint32_t record_len;

    *out = (struct sw_guest_entry){.path = NULL};
    if (*at == len)
        return 0;
    record_len = wire_u32(&in);
    if (in.bad || record_len > RUNNER_RECORD_MAX || record_len > (size_t)(in.end - in.at))
        return nonsense(*at, "its length", err);
    in.end = in.at + record_len;
    if (!read_name(&in, out))
        return nonsense(*at, "its name", err);
    read_stat(&in, out);
    if (in.bad || out->mtime_ns > 999999999)
        return nonsense(*at, "its status", err);
    if (!read_attrs(&in, out))
        return nonsense(*at, "its attributes", err);
    if (!read_extents(&in, out) || in.at != in.end)
        return nonsense(*at, "its extents", err);
    *at += 4 + (size_t)record_len;
    return 1;
}

static int by_name(const void *a, const void *b)
{
    const struct sw_guest_attr *one = a, *two = b;
    uint32_t len = one->name_len < two->name_len ? one->name_len : two->name_len;
    int order = len > 0 ? memcmp(one->name, two->name, len) : 0;

    if (order != 0)
        return order;
    return (one->name_len > two->name_len) - (one->name_len < two->name_len);
}

void sw_survey_attrs(const struct sw_guest_entry *entry, struct sw_guest_attr *out)
{
    struct wire_in in = {.at = entry->attrs_at, .end = entry->extents_at};

    for (uint32_t i = 0; i < entry->nr_attrs; i++) {
        struct wire_text name = wire_text(&in), value = wire_text(&in);

        out[i] = (struct sw_guest_attr){
            .name = name.at, .name_len = name.len, .value = value.at, .value_len = value.len};
    }
    if (entry->nr_attrs > 1)
        qsort(out, entry->nr_attrs, sizeof(*out), by_name);
}

void sw_survey_extents(const struct sw_guest_entry *entry, struct sw_guest_extent *out)
{
    struct wire_in in = {.at = entry->extents_at, .end = entry->extents_at + (size_t)entry->nr_extents * 24};

    for (uint32_t i = 0; i < entry->nr_extents; i++) {
        out[i].logical = wire_u64(&in);
        out[i].physical = wire_u64(&in);
        out[i].len = wire_u64(&in);
    }
}
