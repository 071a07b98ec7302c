/* Reading evidence, whatever its shape. */
#include "src/base/cleanup.h"
#include "src/preflight/rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const json_t *ev_get(const json_t *of, const char *path)
{
    char key[64];

    while (of != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");

        snprintf(key, sizeof(key), "%.*s", (int)len, path);
        of = json_object_get(of, key);
        path += len + (path[len] == '.');
    }
    return of;
}

const char *ev_text(const json_t *of, const char *path)
{
    const char *text = json_string_value(ev_get(of, path));

    return text != NULL ? text : "";
}

bool ev_is(const json_t *of, const char *path, const char *text)
{
    return strcmp(ev_text(of, path), text) == 0;
}

bool ev_true(const json_t *of, const char *path)
{
    return json_is_true(ev_get(of, path));
}

bool ev_false(const json_t *of, const char *path)
{
    return json_is_false(ev_get(of, path));
}

uint64_t ev_number(const json_t *of, const char *path)
{
    json_int_t value = json_integer_value(ev_get(of, path));

    return value > 0 ? (uint64_t)value : 0;
}

bool ev_list_has(const json_t *of, const char *path, const char *text)
{
    const json_t *item;
    size_t i;

    json_array_foreach (ev_get(of, path), i, item) {
        const char *own = json_string_value(item);

        if (own != NULL && strcmp(own, text) == 0)
            return true;
    }
    return false;
}

const char *ev_disk_name(const json_t *disk)
{
    const char *name = ev_text(disk, "image");

    return name[0] != '\0' ? name : "disk";
}

const char *ev_part_name(const json_t *disk, const json_t *part, char *buf, size_t len)
{
    snprintf(buf, len, "%s, partition %llu", ev_disk_name(disk),
             (unsigned long long)ev_number(part, "number"));
    return buf;
}

bool ev_looked(const json_t *disk)
{
    return json_is_object(ev_get(disk, "table"));
}

static bool any(const struct ev *ev, bool (*is)(const json_t *content, const void *what), const void *what)
{
    const json_t *disk, *part;
    size_t i, j;

    json_array_foreach (ev->disks, i, disk) {
        if (is(disk, what))
            return true;
        json_array_foreach (ev_get(disk, "partitions"), j, part) {
            if (is(part, what))
                return true;
        }
    }
    return false;
}

static bool is_kind(const json_t *holder, const void *what)
{
    return ev_is(holder, "content", what);
}

bool ev_holds(const struct ev *ev, const char *content)
{
    return any(ev, is_kind, content);
}

static bool is_one_of(const json_t *holder, const void *what)
{
    const char *const *names = what;

    for (; *names != NULL; names++)
        if (ev_is(holder, "content", *names))
            return true;
    return false;
}

static bool is_unread(const json_t *holder, const void *what)
{
    (void)what;
    return ev_get(holder, "number") != NULL && ev_get(holder, "content") == NULL;
}

/* A partition that is no more than room for a loader says nothing by what it holds. */
static bool is_hiding(const json_t *holder, const void *what)
{
    if (ev_is(holder, "role", "bios-boot") || ev_is(holder, "role", "reserved"))
        return false;
    return is_unread(holder, NULL) || is_one_of(holder, what);
}

bool ev_all_plain(const struct ev *ev)
{
    static const char *const hiding[] = {"LVM2", "md", "LUKS", "BitLocker", "unknown", NULL};
    const json_t *disk;
    size_t i;

    json_array_foreach (ev->disks, i, disk) {
        if (!ev_looked(disk))
            return false;
    }
    return !any(ev, is_hiding, hiding);
}

bool ev_maybe_linux(const struct ev *ev)
{
    static const char *const systems[] = {"ext2", "ext3", "ext4", "xfs",      "btrfs",
                                          "jfs",  "f2fs", "swap", "reiserfs", NULL};

    if (ev->guest != NULL)
        return ev_is(ev->guest, "platform", "linux");
    return !ev_all_plain(ev) || any(ev, is_one_of, systems) ||
           (!ev_holds(ev, "ntfs") && !ev_holds(ev, "refs"));
}

bool ev_maybe_windows(const struct ev *ev)
{
    static const char *const systems[] = {"ntfs", "refs", "BitLocker", NULL};
    const json_t *disk;
    size_t i;

    if (ev->guest != NULL)
        return ev_is(ev->guest, "platform", "windows");
    json_array_foreach (ev->disks, i, disk) {
        if (!ev_looked(disk))
            return true;
    }
    return any(ev, is_one_of, systems) || any(ev, is_unread, NULL);
}

static const json_t *begin(const struct ev *ev, bool maybe, const char *other, struct ruling *ruling)
{
    if (!maybe) {
        not_applicable(ruling, other);
        return NULL;
    }
    if (ev->guest == NULL) {
        unknown(ruling, NEEDS_LAUNCH);
        return NULL;
    }
    return ev->guest;
}

const json_t *ev_linux(const struct ev *ev, struct ruling *ruling)
{
    return begin(ev, ev_maybe_linux(ev), "no Linux", ruling);
}

const json_t *ev_windows(const struct ev *ev, struct ruling *ruling)
{
    return begin(ev, ev_maybe_windows(ev), "no Windows", ruling);
}

const json_t *ev_guest(const struct ev *ev, struct ruling *ruling)
{
    return begin(ev, true, "", ruling);
}

const json_t *ev_need(const json_t *guest, const char *path, struct ruling *ruling)
{
    const json_t *value = guest != NULL ? ev_get(guest, path) : NULL;

    if (guest != NULL && value == NULL)
        unknown(ruling, "not told of the guest");
    return value;
}
