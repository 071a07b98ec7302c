/* What of a component's outputs goes into the store, and the marks that a cleaning gets to see. */
#include "tests/unit/guest/folder.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/build/cleaning.h"
#include "src/build/secrets.h"

static char warned[1024];

static void keep_warning(enum sw_log_level level, const char *text)
{
    if (level == SW_LOG_WARNING)
        snprintf(warned, sizeof(warned), "%s", text);
}

static void outputs_with_a_secret_are_withheld(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_MASK struct sw_mask *mask = sw_mask_new(&err);
    SW_AUTO_JSON json_t *outputs = json_pack("{s:{s:[{s:s}], s:[{s:s}]}}", "build", "Say", "stdout",
                                             "so hunter2 it is", "Other", "stdout", "plain");
    SW_AUTO_JSON json_t *kept = NULL, *all = NULL;
    SW_AUTO_FREE char *text = NULL;

    (void)state;
    all = secrets_withhold(mask, outputs, &err);
    assert_true(json_equal(all, outputs));
    assert_false(secrets_were_withheld(all));
    assert_int_equal(sw_mask_add(mask, "hunter2", &err), 0);
    kept = secrets_withhold(mask, outputs, &err);
    text = sw_json_canonical(kept, &err);
    assert_string_equal(text, "{\"build\":{\"Other\":[{\"stdout\":\"plain\"}],\"Say\":[{\"stdout\":null}]}}");
    assert_true(secrets_were_withheld(kept));
    assert_false(secrets_were_withheld(NULL));
}

static void marks_are_carried_to_the_cleaning(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_use uses[2] = {{.cleaning = false}, {.cleaning = true}};
    struct plan_layer layers[3] = {
        {.name = "base"}, {.name = "first", .outputs = json_object()}, {.name = "cleanup"}};
    struct sw_recipe recipe = {.working_directory = "/srv/work", .uses = uses, .nr_uses = 2};
    struct plan plan = {.recipe = &recipe, .layers = layers, .nr_layers = 3};
    SW_AUTO_FREE char *text = NULL;

    (void)state;
    sw_log_to(keep_warning);
    /* No such folder: no marks. */
    assert_int_equal(cleaning_take_marks(folder_guest, &plan, 1, &err), 0);
    assert_null(json_object_get(layers[1].outputs, "cleanupMarks"));
    expect_script("mkdir /srv/work; cd /srv/work; touch skip_cleanup_ssh_files perform_cleanup skip_other; "
                  "touch skip_cleanup_X 'skip_cleanup_a b'; ln -s /nowhere skip_cleanup_toe_files",
                  0, "");
    assert_int_equal(cleaning_take_marks(folder_guest, &plan, 1, &err), 0);
    assert_int_equal(cleaning_take_marks(folder_guest, &plan, 1, &err), 0);
    text = sw_json_canonical(layers[1].outputs, &err);
    assert_string_equal(
        text,
        "{\"cleanupMarks\":[\"skip_cleanup_ssh_files\",\"skip_cleanup_toe_files\",\"perform_cleanup\"]}");
    expect_script("rm -r /srv/work", 0, "");
    assert_int_equal(cleaning_put_marks(folder_guest, &plan, 2, &err), 0);
    expect_script("ls /srv/work; rm -r /srv/work", 0,
                  "perform_cleanup\nskip_cleanup_ssh_files\nskip_cleanup_toe_files\n");
    cleaning_check(&plan);
    assert_string_equal(warned, "");
    plan.recipe->nr_uses = 1;
    plan.nr_layers = 2;
    cleaning_check(&plan);
    assert_non_null(strstr(warned, "component 'first' asks for a cleaning (perform_cleanup)"));
    json_decref(layers[1].outputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_with_a_secret_are_withheld),
        cmocka_unit_test(marks_are_carried_to_the_cleaning),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
