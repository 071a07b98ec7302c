/* Which modules are loaded, and in which order. */
#include "src/appliance/modules.h"
#include "tests/unit/testing.h"

static const char dep[] = "kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko\n"
                          "kernel/drivers/virtio/virtio_ring.ko:\n"
                          "kernel/drivers/scsi/virtio_scsi.ko.xz: kernel/drivers/virtio/virtio.ko "
                          "kernel/drivers/virtio/virtio_ring.ko kernel/drivers/scsi/scsi_mod.ko\n"
                          "kernel/drivers/scsi/scsi_mod.ko:\n"
                          "kernel/arch/x86/crypto/crc32c-intel.ko:\n";

static void what_is_needed_comes_before_and_nothing_twice(void **state)
{
    static const char *const names[] = {"crc32c_intel", "virtio_scsi", "built_in", "virtio", NULL};
    static const char *const expected[] = {
        "kernel/arch/x86/crypto/crc32c-intel.ko", "kernel/drivers/scsi/scsi_mod.ko",
        "kernel/drivers/virtio/virtio_ring.ko", "kernel/drivers/virtio/virtio.ko",
        "kernel/drivers/scsi/virtio_scsi.ko.xz"};
    struct modules modules = {.n = 0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(modules_choose(dep, names, &modules, &err), 0);
    assert_int_equal(modules.n, SW_ARRAY_LEN(expected));
    for (size_t i = 0; i < modules.n; i++)
        assert_string_equal(modules.paths[i], expected[i]);
    modules_clear(&modules);
}

static void a_name_ends_at_the_first_dot(void **state)
{
    const char *name;

    (void)state;
    assert_int_equal(modules_name("a/b/sd_mod.ko.zst", 17, &name), 6);
    assert_memory_equal(name, "sd_mod", 6);
    assert_int_equal(modules_name("plain", 5, &name), 5);
    assert_int_equal(modules_name("", 0, &name), 0);
}

static void a_list_that_leads_elsewhere_is_refused(void **state)
{
    static const char *const names[] = {"evil", NULL};
    static const char *const lists[] = {"../../evil.ko:\n", "/etc/evil.ko:\n", "kernel/evil.ko: ../x.ko\n"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(lists); i++) {
        struct modules modules = {.n = 0};
        struct sw_err err = {.code = SW_OK};

        assert_int_equal(modules_choose(lists[i], names, &modules, &err), -1);
        assert_non_null(strstr(err.text, "modules.dep names"));
        modules_clear(&modules);
    }
}

static void more_than_there_is_room_for_is_an_error(void **state)
{
    static const char *const names[] = {"one", NULL};
    struct modules modules = {.n = 0};
    struct sw_err err = {.code = SW_OK};
    char text[4096];
    int n = snprintf(text, sizeof(text), "one.ko:");

    (void)state;
    for (unsigned i = 0; i <= MODULES_MAX; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, " m%u.ko", i);
    assert_int_equal(modules_choose(text, names, &modules, &err), -1);
    assert_int_equal(err.code, SW_FAILED);
    modules_clear(&modules);
}

static void damaged_lists_are_read_to_their_end(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    static const char *const lists[] = {"",       "\n\n",         "a",         "a:", "a:  ", ":",
                                        ": a.ko", "b.ko:\n a.ko", "a.ko:b.ko:"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(lists); i++) {
        struct modules modules = {.n = 0};
        struct sw_err err = {.code = SW_OK};

        (void)!modules_choose(lists[i], names, &modules, &err);
        modules_clear(&modules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_needed_comes_before_and_nothing_twice),
        cmocka_unit_test(a_name_ends_at_the_first_dot),
        cmocka_unit_test(a_list_that_leads_elsewhere_is_refused),
        cmocka_unit_test(more_than_there_is_room_for_is_an_error),
        cmocka_unit_test(damaged_lists_are_read_to_their_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
