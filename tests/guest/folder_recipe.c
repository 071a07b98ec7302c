/* The components of a recipe over a folder instead of a disk, for shell cases: folder-recipe ROOT RECIPE LOGS [NAME=VALUE…]. */
#include "slipway/guest.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

struct place {
    const char *root;
    struct sw_guest *guest;
};

/* What a reboot would be: another runner over the same folder. */
static int reboot(void *arg, struct sw_guest **guest, struct sw_err *err)
{
    struct place *place = arg;

    sw_folder_guest_close(place->guest);
    place->guest = NULL;
    if (sw_folder_guest_open(place->root, &place->guest, err) < 0)
        return -1;
    *guest = place->guest;
    return 0;
}

static int run_use(struct place *place, struct sw_runlog *log, const struct sw_use *use, json_t *outputs,
                   enum sw_phase_kind phase, struct sw_err *err)
{
    const struct sw_exec exec = {.guest = place->guest,
                                 .log = log,
                                 .use = use,
                                 .outputs = outputs,
                                 .reboot = reboot,
                                 .reboot_arg = place};

    return sw_exec_phase(&exec, phase, NULL, err);
}

static int run_all(struct place *place, struct sw_runlog *log, const struct sw_recipe *recipe,
                   struct sw_err *err)
{
    json_t *outputs = json_array();
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < recipe->nr_uses; i++) {
        json_array_append_new(outputs, json_object());
        rc = run_use(place, log, &recipe->uses[i], json_array_get(outputs, i), SW_PHASE_BUILD, err);
    }
    for (size_t i = 0; rc == 0 && i < recipe->nr_uses; i++)
        rc = run_use(place, log, &recipe->uses[i], json_array_get(outputs, i), SW_PHASE_VALIDATE, err);
    json_decref(outputs);
    return rc;
}

static int run(char **argv, const struct sw_overrides *with, struct sw_err *err)
{
    struct place place = {.root = argv[1]};
    struct sw_diags diags = {.n = 0};
    struct sw_recipe *recipe = sw_recipe_load(argv[2], with, &diags, err);
    struct sw_runlog *log = NULL;
    struct sw_err later = {.code = SW_OK};
    int rc = -1;

    if (recipe != NULL && sw_folder_guest_open(place.root, &place.guest, err) == 0 &&
        sw_runlog_open(argv[3], &log, err) == 0) {
        rc = run_all(&place, log, recipe, err);
        if (sw_runlog_close(log, rc < 0 ? err->text : NULL, &later) < 0)
            rc = -1;
    }
    for (size_t i = 0; i < diags.n; i++)
        fprintf(stderr, "%s:%zu: %s\n", diags.items[i].file, diags.items[i].line, diags.items[i].message);
    sw_folder_guest_close(place.guest);
    sw_recipe_free(recipe);
    sw_diags_free(&diags);
    return rc;
}

int main(int argc, char **argv)
{
    struct sw_err err = {.code = SW_OK};

    if (argc < 4)
        return 2;
    const struct sw_overrides with = {.base = argv[2],
                                      .base_format = "raw",
                                      .parameters = (const char *const *)(argv + 4),
                                      .nr_parameters = (size_t)(argc - 4)};

    if (run(argv, &with, &err) == 0)
        return 0;
    fprintf(stderr, "folder-recipe: %s\n", err.text);
    return err.sys == EPERM ? 77 : 1;
}
