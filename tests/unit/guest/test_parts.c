/* The room's small parts: fstab, the console's ring, cleaned text, the KVM probe. */
#include "slipway/guest.h"
#include "src/base/clock.h"
#include "src/guest/console.h"
#include "src/guest/fstab.h"
#include "src/guest/qemu.h"
#include "src/guest/text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct fstab parse(const char *text)
{
    struct fstab fstab;

    fstab_parse(text, strlen(text), &fstab);
    return fstab;
}

static void fstab_gives_disks_parents_first(void **state)
{
    struct fstab fstab = parse("# comment\nUUID=1 / ext4 defaults 0 1\nLABEL=log /var/log ext4 defaults 0 2\n"
                               "/dev/vda3\t/var\txfs\tnoatime\nUUID=2 /boot/efi vfat umask=0077 0 1");

    (void)state;
    assert_int_equal(fstab.n, 3);
    assert_string_equal(fstab.lines[0].point, "/var");
    assert_string_equal(fstab.lines[0].spec, "/dev/vda3");
    assert_string_equal(fstab.lines[1].point, "/var/log");
    assert_string_equal(fstab.lines[2].point, "/boot/efi");
}

static void fstab_leaves_out_what_is_no_local_disk(void **state)
{
    struct fstab fstab =
        parse("UUID=1 none swap sw 0 0\ntmpfs /tmp tmpfs size=1G\nserver:/x /mnt nfs defaults\n"
              "UUID=2 /data ext4 noauto,ro\nUUID=3 /net ext4 _netdev\n/a /b none bind\n"
              "UUID=4 /sub btrfs subvol=x\nproc /proc proc defaults\nUUID=5\n\n \t\n");

    (void)state;
    assert_int_equal(fstab.n, 0);
}

static void fstab_is_untrusted(void **state)
{
    char text[9000] = "", *at = text;
    struct fstab fstab;

    (void)state;
    fstab = parse("UUID=1 /a/../b ext4 x\nUUID=1 rel ext4 x\nUUID=1 /.. ext4 x\nUUID=1 /my\\040disk ext4 x\n"
                  "UUID=9 /my\\040disk ext4 x\n");
    assert_int_equal(fstab.n, 1);
    assert_string_equal(fstab.lines[0].point, "/my disk");
    assert_string_equal(fstab.lines[0].spec, "UUID=1");
    for (int i = 0; i < 200; i++)
        at += sprintf(at, "UUID=%d /m%d ext4 defaults\n", i, i);
    assert_int_equal(parse(text).n, FSTAB_MAX);
    memset(text, 'a', 8000);
    assert_int_equal(parse(text).n, 0);
}

static void the_console_keeps_its_last_lines(void **state)
{
    struct console console = {.next = 0};
    char line[64];

    (void)state;
    assert_null(console_line(&console, 0));
    console_add(&console, "one\r\n\r\ntw", 9);
    console_add(&console, "o\033[0m", 5);
    assert_string_equal(console_line(&console, 0), "one");
    assert_string_equal(console_line(&console, 1), "two[0m");
    assert_null(console_line(&console, 2));
    for (int i = 0; i < 100; i++) {
        int n = snprintf(line, sizeof(line), "line %d\n", i);

        console_add(&console, line, (size_t)n);
    }
    assert_string_equal(console_line(&console, 0), "line 71");
    assert_string_equal(console_line(&console, 28), "line 99");
    assert_null(console_line(&console, 29));
}

static void a_console_line_without_an_end_is_cut(void **state)
{
    struct console console = {.next = 0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        console_add(&console, "x", 1);
    assert_int_equal(strlen(console_line(&console, 0)), CONSOLE_LINE_BYTES - 1);
}

static void expect_text(const char *in, size_t len, const char *utf8, const char *line)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    SW_AUTO_BUF struct sw_buf escaped = {0};
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(text_to_utf8(&out, in, len, &err), 0);
    assert_string_equal(out.data, utf8);
    assert_int_equal(text_to_line(&escaped, in, len, &err), 0);
    assert_string_equal(escaped.data, line);
}

static void text_of_a_guest_is_made_safe(void **state)
{
    (void)state;
    expect_text("", 0, "", "");
    expect_text("plain\ttext", 10, "plain\ttext", "plain\ttext");
    expect_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
                "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    expect_text("\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd", "\\xc0\\xaf");
    expect_text("\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\\xed\\xa0\\x80");
    expect_text("\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
                "\\xf4\\x90\\x80\\x80");
    expect_text("a\xe2\x82", 3, "a\xef\xbf\xbd\xef\xbf\xbd", "a\\xe2\\x82");
    expect_text("\0\033[2J\x7f", 6, "\xef\xbf\xbd\033[2J\x7f", "\\x00\\x1b[2J\\x7f");
}

static void the_kvm_probe_answers_soon(void **state)
{
    struct sw_kvm kvm;
    int64_t began = sw_monotonic_ns();

    (void)state;
    sw_kvm_probe(&kvm);
    assert_true(sw_monotonic_ns() - began < INT64_C(4000000000));
    print_message("KVM: %s %s\n", sw_kvm_state_name(kvm.state), kvm.detail);
    assert_true((kvm.state == SW_KVM_OK) == (kvm.remedy == NULL));
    assert_true((kvm.state == SW_KVM_OK) == (kvm.detail[0] == '\0'));
}

static void accelerations_have_names(void **state)
{
    enum sw_accel accel;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_int_equal(sw_accel_parse("tcg", &accel, &err), 0);
    assert_int_equal(accel, SW_ACCEL_TCG);
    assert_int_equal(sw_accel_parse("hvf", &accel, &err), -1);
    assert_int_equal(err.code, SW_USAGE);
}

static void qemu_is_found_by_its_socket_and_its_time_is_read(void **state)
{
    static const char name[] = "no-such-socket-but-ours-6f1d";
    pid_t child = fork(), found = -1;
    int64_t used = 0, until = sw_monotonic_ns() + 20 * INT64_C(1000000000);

    (void)state;
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "while :; do :; done", name, (char *)NULL);
        _exit(127);
    }
    while ((found != child || used < 50000000) && sw_monotonic_ns() < until) {
        found = qemu_of_socket(name);
        used = qemu_cpu_ns(found);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(found, child);
    assert_true(used >= 50000000);
    assert_int_equal(qemu_of_socket(name), -1);
    assert_int_equal(qemu_cpu_ns(child), 0);
    assert_int_equal(qemu_cpu_ns(-1), 0);
}

static void a_machine_that_gets_no_processor_does_not_hang(void **state)
{
    const int64_t s = 1000000000, limit = 60 * s;

    (void)state;
    assert_false(qemu_hangs(59 * s, 0, limit));
    assert_true(qemu_hangs(60 * s, 1 * s, limit));   /* stopped, or it waits for what never comes */
    assert_false(qemu_hangs(60 * s, 6 * s, limit));  /* others have the processor */
    assert_true(qemu_hangs(60 * s, 58 * s, limit));  /* turns in circles */
    assert_true(qemu_hangs(200 * s, 30 * s, limit)); /* the same, slowly */
    assert_true(qemu_hangs(600 * s, 25 * s, limit)); /* for ever is too long */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fstab_gives_disks_parents_first),
        cmocka_unit_test(fstab_leaves_out_what_is_no_local_disk),
        cmocka_unit_test(fstab_is_untrusted),
        cmocka_unit_test(the_console_keeps_its_last_lines),
        cmocka_unit_test(a_console_line_without_an_end_is_cut),
        cmocka_unit_test(text_of_a_guest_is_made_safe),
        cmocka_unit_test(the_kvm_probe_answers_soon),
        cmocka_unit_test(accelerations_have_names),
        cmocka_unit_test(qemu_is_found_by_its_socket_and_its_time_is_read),
        cmocka_unit_test(a_machine_that_gets_no_processor_does_not_hang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
