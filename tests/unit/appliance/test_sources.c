/* What an appliance was made of, and whether that is still so. */
#include "src/appliance/sources.h"
#include "tests/unit/testing.h"

static void the_packages_are_those_that_supermin_lists(void **state)
{
    static const char talk[] = "supermin: version: 5.2.2\n"
                               "  - not-a-package\n"
                               "supermin: build: 2 packages, including dependencies\n"
                               "  - acl_2.3.1-3_amd64\n"
                               "  - cryptsetup-bin_2:2.6.1-4_amd64\n"
                               "supermin: build: 4213 files\n"
                               "  - /usr/bin/acl\n";
    SW_AUTO_BUF struct sw_buf list = {0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(sources_packages(talk, &list, &err), 0);
    assert_string_equal(list.data, "acl_2.3.1-3_amd64\ncryptsetup-bin_2:2.6.1-4_amd64\n");
}

static void talk_without_packages_is_an_empty_list(void **state)
{
    static const char *const talks[] = {"", "supermin: build: 1 packages, including dependencies\n",
                                        "packages, including dependencies"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(talks); i++) {
        SW_AUTO_BUF struct sw_buf list = {0};
        struct sw_err err = {.code = SW_OK};

        assert_int_equal(sources_packages(talks[i], &list, &err), 0);
        assert_string_equal(list.data, "");
    }
}

static bool hold(const char *packages, const char *stamp_text, bool *asked)
{
    struct sw_err err = {.code = SW_OK};
    char *stamp = strdup(stamp_text);
    bool yes = false;

    assert_int_equal(sources_packages_hold(packages, &stamp, &yes, &err), 0);
    *asked = strcmp(stamp, stamp_text) != 0;
    free(stamp);
    return yes;
}

static void an_unchanged_database_is_not_asked(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *stamp = sources_stamp(&err);
    bool asked;

    (void)state;
    assert_non_null(stamp);
    assert_true(hold("a-package-that-nobody-has_1_all\n", stamp, &asked));
    assert_false(asked);
}

static void a_changed_database_is_asked_for_the_very_versions(void **state)
{
    bool asked;

    (void)state;
    if (access("/usr/bin/dpkg-query", X_OK) < 0)
        skip();
    assert_true(hold("", "another\n", &asked));
    assert_true(asked);
    assert_false(hold("dpkg_0.0.1_amd64\n", "another\n", &asked));
    assert_false(hold("a-package-that-nobody-has_1_all\n", "another\n", &asked));
}

static void a_missing_folder_says_what_to_install(void **state)
{
    struct sources sources = {.kernel = ""};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    if (sources_look("/nonexistent", "/usr/bin/qemu-system-x86_64", &sources, &err) == 0)
        fail();
    sources_free(&sources);
    /* Without a kernel on the machine that is said first. */
    assert_true(strstr(err.text, "libguestfs0") != NULL || strstr(err.text, "kernel") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packages_are_those_that_supermin_lists),
        cmocka_unit_test(talk_without_packages_is_an_empty_list),
        cmocka_unit_test(an_unchanged_database_is_not_asked),
        cmocka_unit_test(a_changed_database_is_asked_for_the_very_versions),
        cmocka_unit_test(a_missing_folder_says_what_to_install),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
