/* Partitions and volumes side by side, and what of the disks lies in no file system that was read. */
#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/json.h"
#include "src/diff/diff_private.h"

#include <stdio.h>
#include <string.h>

enum { BOOT_CODE_BYTES = 440, DIGEST_MAX_BYTES = 64 << 20 };

/* ---- What tables and super blocks say --------------------------------------------------------------------- */

static int compare_members(json_t *row, const json_t *a, const json_t *b, const char *const *names,
                           struct sw_err *err)
{
    for (; *names != NULL; names++) {
        json_t *from = json_object_get(a, *names), *to = json_object_get(b, *names);

        if (json_equal(from, to) || (from == NULL && to == NULL))
            continue;
        if (diff_change(row, *names, json_incref(from), json_incref(to), err) < 0)
            return -1;
    }
    return 0;
}

static json_t *partition_row(const char *change, unsigned number, struct sw_err *err)
{
    return diff_row(change, "partition", json_sprintf("%u", number), err);
}

static int compare_partition(struct differing *to, unsigned number, const json_t *a, const json_t *b,
                             struct sw_err *err)
{
    static const char *const members[] = {"start",  "bytes",   "type", "name",  "partuuid",
                                          "active", "content", "uuid", "label", NULL};
    const char *change = a == NULL ? "added" : b == NULL ? "removed" : "changed";
    SW_AUTO_JSON json_t *row = partition_row(change, number, err);

    if (row == NULL || compare_members(row, a, b, members, err) < 0)
        return -1;
    if (json_object_get(row, "changes") == NULL)
        return 0;
    return diff_add(to, "partitions", json_incref(row), err);
}

static unsigned number_of(const json_t *partition)
{
    return (unsigned)json_integer_value(json_object_get(partition, "number"));
}

static int compare_partitions(struct differing *to, struct sw_err *err)
{
    const json_t *partition;
    size_t i;

    json_array_foreach (json_object_get(to->a.evidence, "partitions"), i, partition) {
        unsigned number = number_of(partition);

        if (compare_partition(to, number, partition, diff_partition(to->b.evidence, number), err) < 0)
            return -1;
    }
    json_array_foreach (json_object_get(to->b.evidence, "partitions"), i, partition) {
        unsigned number = number_of(partition);

        if (diff_partition(to->a.evidence, number) == NULL &&
            compare_partition(to, number, NULL, partition, err) < 0)
            return -1;
    }
    return 0;
}

static int compare_whole(struct differing *to, struct sw_err *err)
{
    static const char *const tables[] = {"kind", "sector_bytes", NULL}, *const whole[] = {"content", "uuid",
                                                                                          "label", NULL};
    SW_AUTO_JSON json_t *row = diff_row("changed", "partition", json_string("disk"), err);

    if (row == NULL ||
        compare_members(row, json_object_get(to->a.evidence, "table"),
                        json_object_get(to->b.evidence, "table"), tables, err) < 0 ||
        compare_members(row, to->a.evidence, to->b.evidence, whole, err) < 0)
        return -1;
    if (to->a.disk_bytes != to->b.disk_bytes &&
        diff_change(row, "bytes", json_integer((json_int_t)to->a.disk_bytes),
                    json_integer((json_int_t)to->b.disk_bytes), err) < 0)
        return -1;
    if (json_object_get(row, "changes") == NULL)
        return 0;
    return diff_add(to, "partitions", json_incref(row), err);
}

/* ---- Volumes ---------------------------------------------------------------------------------------------- */

/* {DEVICE: {type, uuid, label}} of what is no partition. */
static json_t *volumes_of(const struct diff_side *side, struct sw_err *err)
{
    SW_AUTO_JSON json_t *map = json_object();

    for (size_t i = 0; i < side->nr_fss; i++) {
        const struct sw_guest_fs *fs = side->fss[i].fs;
        SW_AUTO_JSON json_t *name = diff_text(fs->device);

        if (strncmp(fs->device, "/dev/sd", 7) == 0)
            continue;
        if (name == NULL || sw_json_set(map, json_string_value(name),
                                        json_pack("{s:o, s:o, s:o}", "content", diff_text(fs->type), "uuid",
                                                  diff_text(fs->uuid), "label", diff_text(fs->label)),
                                        err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(map);
}

static int compare_volumes(struct differing *to, struct sw_err *err)
{
    SW_AUTO_JSON json_t *a = volumes_of(&to->a, err);
    SW_AUTO_JSON json_t *b = a != NULL ? volumes_of(&to->b, err) : NULL;

    return b == NULL ? -1 : diff_maps(to, "partitions", "partition", (json_t *[]){a, b}, err);
}

/* ---- What was not looked into ----------------------------------------------------------------------------- */

static const struct diff_fs *fs_of(const struct diff_side *side, unsigned number)
{
    for (size_t i = 0; i < side->nr_fss; i++)
        if (strncmp(side->fss[i].fs->device, "/dev/sd", 7) == 0 &&
            diff_partition_of(side->fss[i].fs->device) == number)
            return &side->fss[i];
    return NULL;
}

/* A part of a volume group or an array is looked into by its volumes. */
static bool is_member(const json_t *partition)
{
    const char *content = sw_json_text(partition, "content");

    return content != NULL && (strcmp(content, "LVM2") == 0 || strcmp(content, "md") == 0);
}

/* What lies in swap is rubbish, and differs at each start. */
static bool is_swap(const json_t *partition)
{
    const char *content = sw_json_text(partition, "content");

    return content != NULL && strcmp(content, "swap") == 0;
}

static bool has_volumes(const struct diff_side *side)
{
    for (size_t i = 0; i < side->nr_fss; i++)
        if (strncmp(side->fss[i].fs->device, "/dev/sd", 7) != 0)
            return true;
    return false;
}

static bool is_looked_into(const struct diff_side *side, const json_t *partition)
{
    const struct diff_fs *fs = fs_of(side, number_of(partition));

    return (fs != NULL && fs->fs->point != NULL) || is_swap(partition) ||
           (is_member(partition) && has_volumes(side));
}

/* The digest of a run of a disk; null where it is too long. */
static json_t *digest_of(struct sw_image *image, uint64_t off, uint64_t len, struct sw_err *err)
{
    char hex[SW_SHA256_HEX];
    SW_AUTO_FREE char *bytes = NULL;

    if (len > DIGEST_MAX_BYTES || off > image->size_bytes || len > image->size_bytes - off)
        return json_null();
    bytes = sw_calloc(1, (size_t)len + 1, err);
    if (bytes == NULL || sw_image_pread(image, bytes, (size_t)len, off, err) < 0 ||
        sw_sha256_hex(bytes, (size_t)len, hex, err) < 0)
        return NULL;
    return json_string(hex);
}

static void run_of(const json_t *partition, uint64_t *off, uint64_t *len)
{
    *off = (uint64_t)json_integer_value(json_object_get(partition, "start"));
    *len = (uint64_t)json_integer_value(json_object_get(partition, "bytes"));
}

static int add_bytes_row(struct differing *to, json_t *taken, const json_t *a, const json_t *b,
                         struct sw_err *err)
{
    SW_AUTO_JSON json_t *row = taken;
    uint64_t off, len;
    json_t *from, *is;

    if (row == NULL)
        return -1;
    run_of(a, &off, &len);
    from = digest_of(to->ask->a.image, off, len, err);
    run_of(b, &off, &len);
    is = from != NULL ? digest_of(to->ask->b.image, off, len, err) : NULL;
    if (is == NULL) {
        json_decref(from);
        return -1;
    }
    if (diff_change(row, "data", from, is, err) < 0)
        return -1;
    return diff_add(to, "partitions", json_incref(row), err);
}

static const char *why_not(const struct diff_side *side, const json_t *partition)
{
    const struct diff_fs *fs = fs_of(side, number_of(partition));
    const char *content = sw_json_text(partition, "content");

    if (fs != NULL && fs->fs->why != NULL)
        return fs->fs->why;
    if (content != NULL && (strcmp(content, "LUKS") == 0 || strcmp(content, "BitLocker") == 0))
        return "it is encrypted";
    return "it holds no file system that is looked into";
}

/* A partition of both whose files are not known, and whose sectors differ. */
static int compare_unread(struct differing *to, const json_t *a, const json_t *b, struct sw_err *err)
{
    const char *role = sw_json_text(b, "role");
    uint64_t off, len, other_off, other_len;
    char where[32];
    bool known_a = is_looked_into(&to->a, a), known_b = is_looked_into(&to->b, b);

    run_of(a, &off, &len);
    run_of(b, &other_off, &other_len);
    if ((known_a && known_b) ||
        (off == other_off && len == other_len && !sw_ranges_touch(&to->ranges, off, len)))
        return 0;
    if (add_bytes_row(to, partition_row("changed", number_of(b), err), a, b, err) < 0)
        return -1;
    if (role != NULL && strcmp(role, "bios-boot") == 0)
        return 0;
    snprintf(where, sizeof(where), "[partition %u]", number_of(b));
    return diff_not_compared(to, where, known_a ? why_not(&to->b, b) : why_not(&to->a, a), err);
}

static int compare_all_unread(struct differing *to, struct sw_err *err)
{
    const json_t *partition;
    size_t i;

    json_array_foreach (json_object_get(to->a.evidence, "partitions"), i, partition) {
        const json_t *other = diff_partition(to->b.evidence, number_of(partition));

        if (other != NULL && compare_unread(to, partition, other, err) < 0)
            return -1;
    }
    return 0;
}

/* A volume, or a disk without a table, that could not be mounted. */
static int tell_unmounted(struct differing *to, const struct diff_side *side, struct sw_err *err)
{
    for (size_t i = 0; i < side->nr_fss; i++) {
        const struct diff_fs *fs = &side->fss[i];

        if (fs->fs->point == NULL && fs->fs->why != NULL && diff_partition_of(fs->fs->device) == 0 &&
            diff_not_compared(to, fs->label, fs->fs->why, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- Outside of all partitions ---------------------------------------------------------------------------- */

static uint64_t tables_bytes(const json_t *evidence)
{
    const json_t *table = json_object_get(evidence, "table");
    const char *kind = sw_json_text(table, "kind");
    bool large = json_integer_value(json_object_get(table, "sector_bytes")) > SW_SECTOR_BYTES;

    if (kind == NULL || strcmp(kind, "gpt") != 0)
        return SW_SECTOR_BYTES;
    return large ? 6 * 4096 : 34 * SW_SECTOR_BYTES;
}

/* Where the first partition that holds off, or lies behind it, ends or begins; true when it holds it. */
static bool is_in_partition(const json_t *evidence, uint64_t off, uint64_t *until)
{
    const json_t *partition;
    size_t i;

    json_array_foreach (json_object_get(evidence, "partitions"), i, partition) {
        uint64_t start, len;

        run_of(partition, &start, &len);
        if (start <= off && off - start < len) {
            *until = sw_min_u64(*until, start + len);
            return true;
        }
        if (start > off)
            *until = sw_min_u64(*until, start);
    }
    return false;
}

/* Of a run, what lies neither in a partition of either side nor in a table. */
static uint64_t outside(const struct differing *to, const struct sw_range *range)
{
    const struct diff_side *const sides[] = {&to->a, &to->b};
    uint64_t sum = 0, end = range->off + range->len, until;

    for (uint64_t at = range->off; at < end; at = until) {
        bool inside = false;

        until = end;
        for (size_t i = 0; i < SW_ARRAY_LEN(sides); i++) {
            uint64_t head = tables_bytes(sides[i]->evidence), tail = sides[i]->disk_bytes;

            tail -= sw_min_u64(tail, head > SW_SECTOR_BYTES ? head : 0);
            if (at < head) {
                inside = true;
                until = sw_min_u64(until, head);
            } else if (at >= tail && at < sides[i]->disk_bytes) {
                inside = true;
                until = sw_min_u64(until, sides[i]->disk_bytes);
            } else if (at < tail) {
                until = sw_min_u64(until, tail);
            }
            inside = is_in_partition(sides[i]->evidence, at, &until) || inside;
        }
        sum += inside ? 0 : until - at;
    }
    return sum;
}

static bool has_partitions(const struct diff_side *side)
{
    return json_array_size(json_object_get(side->evidence, "partitions")) > 0;
}

static int compare_boot_code(struct differing *to, struct sw_err *err)
{
    uint8_t a[BOOT_CODE_BYTES], b[BOOT_CODE_BYTES];
    const json_t *boot = NULL;
    SW_AUTO_JSON json_t *run = json_pack("{s:i, s:i}", "start", 0, "bytes", BOOT_CODE_BYTES);

    boot = run;
    if (boot == NULL || to->a.disk_bytes < sizeof(a) || to->b.disk_bytes < sizeof(b))
        return 0;
    if (sw_image_pread(to->ask->a.image, a, sizeof(a), 0, err) < 0 ||
        sw_image_pread(to->ask->b.image, b, sizeof(b), 0, err) < 0)
        return -1;
    if (memcmp(a, b, sizeof(a)) == 0)
        return 0;
    return add_bytes_row(to, diff_row("changed", "partition", json_string("boot code"), err), boot, boot,
                         err);
}

static int compare_outside(struct differing *to, struct sw_err *err)
{
    SW_AUTO_JSON json_t *row = NULL;
    uint64_t sum = 0;

    if (compare_boot_code(to, err) < 0)
        return -1;
    for (size_t i = 0; i < to->ranges.n; i++)
        sum += outside(to, &to->ranges.items[i]);
    if (sum == 0)
        return 0;
    row = diff_row("changed", "partition", json_string("outside of partitions"), err);
    if (row == NULL || diff_change(row, "data", NULL, NULL, err) < 0 ||
        sw_json_set(row, "differing_bytes", json_integer((json_int_t)sum), err) < 0)
        return -1;
    return diff_add(to, "partitions", json_incref(row), err);
}

int diff_disks(struct differing *to, struct sw_err *err)
{
    if (compare_whole(to, err) < 0 || compare_partitions(to, err) < 0 || compare_volumes(to, err) < 0 ||
        compare_all_unread(to, err) < 0 || tell_unmounted(to, &to->a, err) < 0 ||
        tell_unmounted(to, &to->b, err) < 0)
        return -1;
    return has_partitions(&to->a) && has_partitions(&to->b) ? compare_outside(to, err) : 0;
}
