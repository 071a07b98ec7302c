/* Why an appliance ended, by the last lines of its console. */
#include "src/guest/cause.h"
#include "tests/unit/testing.h"

static bool find(const char *said, char *text, size_t len)
{
    static struct console console;

    console = (struct console){.bytes = 0};
    console_add(&console, said, strlen(said));
    return cause_find(&console, 1280, text, len);
}

static void each_cause_is_told_with_its_remedy(void **state)
{
    static const char *const pairs[][2] = {
        {"[ 9.1] Out of memory: Killed process 77 (dpkg)\n[ 9.2] next\n",
         "1280 MiB of memory were too few (LIBGUESTFS_MEMSIZE"},
        {"qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory\n",
         "no 1280 MiB of memory left"},
        {"(process:7): GLib-ERROR **: 10:00:00.000: ../../../glib/gmem.c:136: failed to allocate 65552 bytes\n",
         "no 1280 MiB of memory left"},
        {"qemu: qemu_thread_create: Resource temporarily unavailable\n",
         "no memory or no processes left for it"},
        {"qemu-system-x86_64: failed to initialize kvm: Permission denied\n", "--accel tcg"},
        {"qemu: could not load kernel '/x/kernel'\n",
         "cannot read the appliance's kernel: 'qemu: could not load"},
        {"write: No space left on device\n", "is full"},
        {"[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n",
         "panicked: '[ 1.0] Kernel panic"},
        {"Failed to get \"write\" lock\nIs another process using the image?\n",
         "another program has the disk open"},
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_true(find(pairs[i][0], text, sizeof(text)));
        if (strstr(text, pairs[i][1]) == NULL)
            fail_msg("'%s' is not in '%s'", pairs[i][1], text);
    }
}

static bool is_outside(const char *said)
{
    static struct console console;

    console = (struct console){.bytes = 0};
    console_add(&console, said, strlen(said));
    return cause_is_outside(&console);
}

static void what_another_appliance_would_mend_is_told_from_what_none_would(void **state)
{
    (void)state;
    assert_true(
        is_outside("slipway: going on from a saved start\nqemu: cannot set up guest memory 'pc.ram'\n"));
    assert_true(is_outside("qemu: -drive file=/x: Failed to get \"write\" lock\n"));
    assert_true(is_outside("qemu: could not load PC BIOS 'bios-256k.bin'\n"));
    assert_false(is_outside("qemu: could not load kernel '/x/kernel'\n"));
    assert_false(is_outside("[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n"));
    assert_false(is_outside("qemu: load of migration failed: Input/output error\n"));
    assert_false(is_outside(""));
}

static void the_cause_goes_before_its_consequence(void **state)
{
    char text[400];

    (void)state;
    assert_true(
        find("Kernel panic - not syncing: Attempted to kill init!\nOut of memory: Killed process 1 (init)\n",
             text, sizeof(text)));
    assert_non_null(strstr(text, "memory were too few"));
}

static void other_words_are_no_cause(void **state)
{
    static const char *const others[] = {"", "\n\n", "slipway: loading modules\n", "out of memory\n",
                                         "kernel panics are rare\n"};
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(find(others[i], text, sizeof(text)));
}

static void nothing_of_the_guest_reaches_the_text_unescaped(void **state)
{
    char text[400];

    (void)state;
    assert_true(find("\x1b[31mKernel panic - not syncing: \x1b]0;title\x07 %s %n\n", text, sizeof(text)));
    for (const char *at = text; *at != '\0'; at++)
        assert_true(*at >= 0x20 && *at < 0x7f);
    assert_non_null(strstr(text, "%s %n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_another_appliance_would_mend_is_told_from_what_none_would),
        cmocka_unit_test(each_cause_is_told_with_its_remedy),
        cmocka_unit_test(the_cause_goes_before_its_consequence),
        cmocka_unit_test(other_words_are_no_cause),
        cmocka_unit_test(nothing_of_the_guest_reaches_the_text_unescaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
