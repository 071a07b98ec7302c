/* The flow of a comparison: sectors first, then one appliance for both disks, or one for each. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/diff/diff_private.h"
#include "src/diff/launch.h"

#include <string.h>

int diff_compare(struct differing *to, struct sw_err *err)
{
    if (to->ask->nr_globs == 0 && diff_disks(to, err) < 0)
        return -1;
    if (diff_files(to, err) < 0)
        return -1;
    if (to->ask->nr_globs > 0)
        return 0;
    if (diff_packages(to, err) < 0 || diff_units(to, err) < 0 || diff_accounts(to, err) < 0)
        return -1;
    return diff_registry(to, err);
}

static int read_sides(struct differing *to, const struct launch *launch, struct sw_err *err)
{
    bool shared = launch_is_shared(launch);

    to->a.guest = launch->guests[0];
    to->b.guest = launch->guests[1];
    if (diff_side_read(&to->a, &launch->lists[0], 0, true, err) < 0)
        return -1;
    return diff_side_read(&to->b, &launch->lists[shared ? 0 : 1], shared ? 1 : 0, true, err);
}

static int look_into_both(struct differing *to, struct sw_err *err)
{
    const struct sw_diff_side disks[] = {to->ask->a, to->ask->b};
    bool together = launch_may_share(to->a.evidence) && launch_may_share(to->b.evidence);
    struct launch launch = {
        .nr_disks = 2, .accel = to->ask->accel, .stock_appliance = to->ask->stock_appliance};
    int rc = -1;

    if (launch_open(&launch, disks, err) == 0 && launch_survey(&launch, together, err) == 0 &&
        read_sides(to, &launch, err) == 0)
        rc = diff_compare(to, err);
    if (rc < 0)
        launch_blame(&launch, err);
    /* Paths lead into what the sessions gave. */
    diff_side_clear(&to->a);
    diff_side_clear(&to->b);
    launch_close(&launch);
    return rc;
}

static json_t *new_result(const struct sw_diff *ask)
{
    return json_pack("{s:o, s:o, s:b, s:s, s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:{}, s:[]}", "a",
                     diff_text(ask->a.name), "b", diff_text(ask->b.name), "same", 1, "looked_at", "sectors",
                     "partitions", "files", "packages", "units", "users", "groups", "registry", "counts",
                     "not_compared");
}

static int count(json_t *out, struct sw_err *err)
{
    static const char *const changes[] = {"added", "removed", "changed", "renamed"};
    json_t *counts = json_object_get(out, "counts");
    const json_t *row;
    size_t i;

    for (size_t k = 0; k < SW_ARRAY_LEN(changes); k++) {
        json_int_t n = 0;

        json_array_foreach (json_object_get(out, "files"), i, row) {
            n += strcmp(sw_json_text(row, "change"), changes[k]) == 0;
        }
        if (sw_json_set(counts, changes[k], json_integer(n), err) < 0)
            return -1;
    }
    return 0;
}

int diff_conclude(json_t *out, struct sw_err *err)
{
    bool same = true;
    const char *key;
    json_t *value;

    json_object_foreach (out, key, value) {
        same = same && json_array_size(value) == 0;
    }
    if (sw_json_set(out, "same", json_boolean(same), err) < 0)
        return -1;
    return count(out, err);
}

static int find_evidence(struct differing *to, struct sw_err *err)
{
    to->a.evidence = launch_evidence(&to->ask->a, err);
    to->b.evidence = to->a.evidence != NULL ? launch_evidence(&to->ask->b, err) : NULL;
    return to->b.evidence != NULL ? 0 : -1;
}

static int compare(struct differing *to, struct sw_err *err)
{
    const struct sw_diff *ask = to->ask;
    struct sw_compare sectors = {.a = ask->a.image,
                                 .b = ask->b.image,
                                 .top = ask->over ? ask->b.image : NULL,
                                 .jobs = ask->jobs,
                                 .progress = ask->progress};

    if (sw_compare_ranges(&sectors, &to->ranges, err) < 0)
        return -1;
    to->ranges_known = true;
    if (to->ranges.n == 0 && to->a.disk_bytes == to->b.disk_bytes)
        return 0;
    if (sw_json_set(to->out, "looked_at", json_string("files"), err) < 0 || find_evidence(to, err) < 0)
        return -1;
    return look_into_both(to, err);
}

json_t *sw_diff_disks(const struct sw_diff *diff, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = new_result(diff);
    struct differing to = {.ask = diff,
                           .a = {.name = diff->a.name, .disk_bytes = diff->a.image->size_bytes},
                           .b = {.name = diff->b.name, .disk_bytes = diff->b.image->size_bytes},
                           .out = out};
    int rc = out != NULL ? compare(&to, err) : sw_fail(err, SW_FAILED, "out of memory");

    if (rc == 0)
        rc = diff_conclude(out, err);
    sw_ranges_clear(&to.ranges);
    json_decref((json_t *)(uintptr_t)to.a.evidence);
    json_decref((json_t *)(uintptr_t)to.b.evidence);
    return rc == 0 ? SW_STEAL_PTR(out) : NULL;
}
