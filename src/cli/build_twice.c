/* The same build once more, held against the first. */
#include "src/cli/build_twice.h"

#include "slipway/diff.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cli/diff_show.h"
#include "src/cli/output.h"
#include "src/cli/store_arg.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { OTHER_JOBS = 4 };

/* ---- Under another load ---------------------------------------------------------------------------------------- */

struct load {
    pthread_t thread;
    atomic_bool stop;
};

static void *keep_busy(void *arg)
{
    struct load *load = arg;

    while (!atomic_load_explicit(&load->stop, memory_order_relaxed))
        continue;
    return NULL;
}

static json_t *build_again(const struct sw_build_opts *build, const char *dir, struct sw_err *err)
{
    struct sw_build_opts again = *build;
    struct sw_diags diags = {.n = 0};
    struct load load = {.stop = false};
    json_t *result;

    again.out_dir = dir;
    again.no_cache = again.layers_only = again.again = true;
    again.outputs = again.seal_to = NULL;
    again.nr_outputs = again.nr_seal_to = 0;
    again.sign = NULL;
    again.refetch = false;
    again.on_error = SW_ON_ERROR_FAIL;
    again.failed_shell = NULL;
    again.jobs = build->jobs == 1 ? OTHER_JOBS : 1;
    errno = pthread_create(&load.thread, NULL, keep_busy, &load);
    if (errno != 0) {
        sw_fail_errno(err, "cannot start a thread");
        return NULL;
    }
    result = sw_build_run(&again, &diags, err);
    atomic_store(&load.stop, true);
    pthread_join(load.thread, NULL);
    build_print_diags(&diags, again.recipe, err);
    return result;
}

/* ---- Held against each other ------------------------------------------------------------------------------------ */

/* What one comparison needs. */
struct twice {
    const struct sw_build_opts *build;
    struct sw_store *store;
    int64_t epoch;
};

/* On ext all times from the build's moment on were made that moment, and others' are to be taken for it. */
static json_t *diff_layers(const struct twice *twice, const char *first, const char *second,
                           struct sw_err *err)
{
    SW_AUTO_IMAGE struct sw_image *a = NULL;
    SW_AUTO_IMAGE struct sw_image *b = NULL;
    struct sw_diff diff = {.a.name = "the first build",
                           .b.name = "the second build",
                           .times = true,
                           .latest_s = twice->epoch,
                           .jobs = twice->build->jobs,
                           .accel = twice->build->accel,
                           .stock_appliance = twice->build->stock_appliance};

    if (sw_store_open_chain(twice->store, first, &a, err) < 0 ||
        sw_store_open_chain(twice->store, second, &b, err) < 0)
        return NULL;
    diff.a.image = a;
    diff.b.image = b;
    return sw_diff_disks(&diff, err);
}

/* *same becomes false when more than the bytes of a file system differ. */
static json_t *compare_layer(const struct twice *twice, const json_t *first, const json_t *second, bool *same,
                             struct sw_err *err)
{
    const char *one = sw_json_text(first, "digest"), *two = sw_json_text(second, "digest");
    bool equal = strcmp(one, two) == 0, content = true;
    SW_AUTO_JSON json_t *diff = equal ? NULL : diff_layers(twice, one, two, err);
    SW_AUTO_JSON json_t *row = NULL;

    if (!equal && diff == NULL)
        return NULL;
    if (!equal)
        content = json_is_true(json_object_get(diff, "same"));
    *same = *same && content;
    row = json_pack("{s:s, s:s, s:s, s:s}", "name", sw_json_text(first, "name"), "first", one, "second", two,
                    "same",
                    equal     ? "bytes"
                    : content ? "content"
                              : "no");
    if (row == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    if (!equal && sw_json_set(row, "diff", SW_STEAL_PTR(diff), err) < 0)
        return NULL;
    return SW_STEAL_PTR(row);
}

static json_t *compare_all(const struct twice *twice, const json_t *first, const json_t *second,
                           struct sw_err *err)
{
    const json_t *ones = json_object_get(first, "layers"), *twos = json_object_get(second, "layers");
    SW_AUTO_JSON json_t *rows = json_array();
    SW_AUTO_JSON json_t *result = json_object();
    bool same = true;

    for (size_t i = 0; i < json_array_size(ones) && i < json_array_size(twos); i++)
        if (sw_json_append(rows,
                           compare_layer(twice, json_array_get(ones, i), json_array_get(twos, i), &same, err),
                           err) < 0)
            return NULL;
    if (sw_json_set(result, "same", json_boolean(same), err) < 0 ||
        sw_json_set(result, "layers", SW_STEAL_PTR(rows), err) < 0)
        return NULL;
    return SW_STEAL_PTR(result);
}

static const char *base_of(const json_t *result)
{
    return sw_json_text(json_array_get(json_object_get(result, "layers"), 0), "digest");
}

static void close_store(struct sw_store **store)
{
    if (*store != NULL)
        sw_store_close(*store);
}

json_t *build_twice(const struct build_opts *opts, const struct sw_build_opts *build, const json_t *first,
                    struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_join(sw_json_text(first, "dir"), "twice", err);
    SW_CLEANUP(close_store) struct sw_store *store = NULL;
    SW_AUTO_JSON json_t *second = dir != NULL ? build_again(build, dir, err) : NULL;
    struct twice twice = {.build = build};

    if (second == NULL || store_arg_open(opts->store, &opts->keys, &opts->trust, &store, err) < 0) {
        sw_context(err, "the second time");
        return NULL;
    }
    twice.store = store;
    if (sw_build_moment(store, base_of(first), &twice.epoch, err) < 0)
        return NULL;
    return compare_all(&twice, first, second, err);
}

/* ---- Shown --------------------------------------------------------------------------------------------------------- */

void build_twice_show(const json_t *twice)
{
    size_t i;
    const json_t *row;

    json_array_foreach (json_object_get(twice, "layers"), i, row) {
        const char *same = sw_json_text(row, "same");

        fputs("twice: layer '", stdout);
        out_safe(stdout, sw_json_text(row, "name"));
        if (strcmp(same, "bytes") == 0) {
            fputs("': the same\n", stdout);
        } else if (strcmp(same, "content") == 0) {
            fputs("': the same content, in other bytes of its file systems\n", stdout);
        } else {
            fputs("': differs\n", stdout);
            diff_show(json_object_get(row, "diff"), DIFF_TABLE, 0);
        }
    }
}
