/* What a step sees of the machine: the guest's kernel, its own /dev, no service manager; and nothing of it is left. */
#include "src/base/clock.h"
#include "tests/unit/guest/folder.h"

/* A file of the guest, made from outside while no runner is there. */
static void write_guest_file(const char *name, const void *bytes, size_t len, unsigned mode)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_path_join(folder_path, name, &err);
    SW_AUTO_FREE char *dir = sw_path_dir(path, &err);

    if (sw_mkdir_p(dir, 0755, &err) < 0 || sw_write_file(path, bytes, len, mode, &err) < 0)
        fail_msg("%s", err.text);
}

static void write_program(const char *name, const char *text)
{
    write_guest_file(name, text, strlen(text), 0755);
}

static void remove_guest_file(const char *name)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_path_join(folder_path, name, &err);

    assert_int_equal(sw_remove_tree(path, &err), 0);
}

/* A file that begins as an x86 kernel does; where: of the text, behind 0x200. */
static void write_kernel(const char *name, unsigned where, const char *text)
{
    char image[2048] = {0};

    memcpy(image + 0x202, "HdrS", 4);
    image[0x20e] = (char)(where & 0xff);
    image[0x20f] = (char)(where >> 8);
    if (where + 0x200 + strlen(text) < sizeof(image))
        memcpy(image + 0x200 + where, text, strlen(text));
    write_guest_file(name, image, sizeof(image), 0644);
}

static void make_folder(const char *name)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_path_join(folder_path, name, &err);

    assert_int_equal(sw_mkdir_p(path, 0755, &err), 0);
}

/* Fails with the whole output, which is the quickest to understand. */
static void expect_ran(const char *script, struct ran ran, int status, const char *out,
                       const char *part_of_stderr, const char *notices)
{
    const char *said = ran.err.data != NULL ? ran.err.data : "";

    if (ran.end.kind != SW_EXIT_STATUS || ran.end.value != status ||
        strcmp(ran.out.data != NULL ? ran.out.data : "", out) != 0 || strstr(said, part_of_stderr) == NULL ||
        strcmp(ran.notices, notices) != 0)
        fail_msg("'%s': kind %d, status %d\nstdout: %s\nstderr: %s\nnotices: %s", script, (int)ran.end.kind,
                 ran.end.value, ran.out.data != NULL ? ran.out.data : "", said, ran.notices);
    ran_free(&ran);
}

static void expect_said(const char *script, int status, const char *out, const char *part_of_stderr,
                        const char *notices)
{
    expect_ran(script, run_script(script), status, out, part_of_stderr, notices);
}

/* The same where starts of services are left out. */
static void expect_skipped(const char *script, int status, const char *out, const char *part_of_stderr,
                           const char *notices)
{
    expect_ran(script, run_script_as((struct sw_guest_run){.skip_starts = true}, script), status, out,
               part_of_stderr, notices);
}

/* ---- The kernel -------------------------------------------------------------------------------------------- */

static void a_guest_without_a_kernel_sees_the_machines(void **state)
{
    struct ran ran = run_script("[ \"$(uname -r)\" = \"$(cat /proc/sys/kernel/osrelease)\" ]");

    (void)state;
    assert_int_equal(ran.end.value, 0);
    ran_free(&ran);
}

static void uname_tells_of_the_newest_kernel_of_the_guest(void **state)
{
    (void)state;
    make_folder("lib/modules/6.1.0-9-cloud");
    make_folder("lib/modules/6.1.0-13-cloud");
    make_folder("lib/modules/6.9.0-none");
    write_kernel("boot/vmlinuz-6.1.0-9-cloud", 0x200, "6.1.0-9-cloud (me@here) #1 SMP old");
    write_kernel("boot/vmlinuz-6.1.0-13-cloud", 0x200, "6.1.0-13-cloud (me@here) #1 SMP Debian 6.1.55-1");
    folder_reopen(NULL, 0);
    expect_script("uname -r; uname -v; uname -s", 0, "6.1.0-13-cloud\n#1 SMP Debian 6.1.55-1\nLinux\n");
    expect_script("busybox uname -r; exec uname -r", 0, "6.1.0-13-cloud\n6.1.0-13-cloud\n");
    expect_script("cat /proc/version /proc/sys/kernel/osrelease /proc/sys/kernel/version", 0,
                  "Linux version 6.1.0-13-cloud (me@here) #1 SMP Debian 6.1.55-1\n6.1.0-13-cloud\n"
                  "#1 SMP Debian 6.1.55-1\n");
    expect_script("ls -d /lib/modules/$(uname -r)", 0, "/lib/modules/6.1.0-13-cloud\n");
}

static void damaged_kernels_tell_their_folders_name(void **state)
{
    static const struct {
        unsigned where;
        const char *text;
    } cases[] = {{0, ""},
                 {0xffff, "far out"},
                 {0x5ff, "6.1.0-13-cloud"},
                 {0x200, "5.0 of another (x) #1"},
                 {0x200, "6.1.0-13-cloud no number"},
                 {0x200, "6.1.0-13-cloud (\033[31m) #1 SMP"}};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        write_kernel("boot/vmlinuz-6.1.0-13-cloud", cases[i].where, cases[i].text);
        folder_reopen(NULL, 0);
        expect_script("uname -rv", 0, "6.1.0-13-cloud #1 SMP\n");
    }
    write_guest_file("boot/vmlinuz-6.1.0-13-cloud", "MZ", 2, 0644);
    folder_reopen(NULL, 0);
    expect_script("uname -rv", 0, "6.1.0-13-cloud #1 SMP\n");
    /* A pipe that nobody writes to would be waited for without end; then it is no kernel at all. */
    remove_guest_file("boot/vmlinuz-6.1.0-13-cloud");
    expect_script("mkfifo /boot/vmlinuz-6.1.0-13-cloud", 0, "");
    folder_reopen(NULL, 0);
    expect_script("uname -r", 0, "6.1.0-9-cloud\n");
}

static void names_that_are_no_release_are_passed_over(void **state)
{
    (void)state;
    expect_script("cd /lib/modules && rm -rf * && mkdir $'9.9\\n9' '9 9' $'9\\033[m' "
                  "$(printf '9%.0s' {1..80}) 5.4.0 && rm -rf /boot",
                  0, "");
    folder_reopen(NULL, 0);
    expect_script("uname -r", 0, "5.4.0\n");
}

static void the_host_name_is_the_guests(void **state)
{
    char name[256] = "", now[256] = "";

    (void)state;
    assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
    write_guest_file("etc/hostname", "web-1\n", 6, 0644);
    folder_reopen(NULL, 0);
    expect_script("hostname; uname -n; hostname other; uname -n", 0, "web-1\nweb-1\nother\n");
    write_guest_file("etc/hostname", "no name\n", 8, 0644);
    folder_reopen(NULL, 0);
    expect_script("hostname", 0, "localhost\n");
    assert_int_equal(gethostname(now, sizeof(now) - 1), 0);
    assert_string_equal(now, name);
}

/* ---- Services ---------------------------------------------------------------------------------------------- */

static void make_services(void)
{
    write_program("usr/bin/systemctl", "#!/bin/sh\necho \"systemctl $*\"\n");
    write_program("etc/init.d/nginx", "#!/bin/sh\necho \"nginx $1\"\n");
    write_program("usr/sbin/service", "#!/bin/sh\nexec /etc/init.d/\"$@\"\n");
    write_program("usr/sbin/invoke-rc.d", "#!/bin/sh\nexec /etc/init.d/\"$@\"\n");
    /* What counts is the name of the process, which for a script is the script's. */
    write_program("usr/bin/dpkg", "#!/bin/bash\nbash -c \"$1\"\n");
    write_program("usr/bin/rpm", "#!/bin/bash\nbash -c \"$1\"\n");
}

static void a_unit_cannot_be_started(void **state)
{
    (void)state;
    make_services();
    expect_said("systemctl start nginx.service\necho $?", 0, "1\n",
                "slipway: 'systemctl start nginx.service' needs a booted system",
                "no start: systemctl start nginx.service\n");
    expect_said("/usr/bin/systemctl -q --no-pager -t service status x || echo no", 0, "no\n", "booted",
                "systemctl -q --no-pager -t service status x\n");
    expect_said("systemctl is-active --quiet nginx && echo running", 1, "", "booted",
                "systemctl is-active --quiet nginx\n");
    expect_said("service nginx restart; /etc/init.d/nginx reload; invoke-rc.d --quiet nginx start", 1, "",
                "booted",
                "no start: service nginx restart\nno start: nginx reload\n"
                "no start: invoke-rc.d --quiet nginx start\n");
    expect_said("env -i /usr/bin/systemctl restart a b", 1, "", "booted",
                "no start: systemctl restart a b\n");
}

static void starts_are_left_out_where_that_is_asked_for(void **state)
{
    (void)state;
    make_services();
    expect_skipped("set -e; systemctl start nginx; /usr/bin/systemctl -q restart a b; echo on", 0, "on\n",
                   "slipway: 'systemctl start nginx' is left out: this image is not running",
                   "left out: systemctl start nginx\nleft out: systemctl -q restart a b\n");
    expect_skipped(
        "service nginx start && /etc/init.d/nginx reload && invoke-rc.d nginx restart", 0, "", "left out",
        "left out: service nginx start\nleft out: nginx reload\nleft out: invoke-rc.d nginx restart\n");
    expect_skipped("systemctl enable --now nginx", 0, "systemctl enable -l nginx\n", "left out",
                   "left out: systemctl enable --now nginx\n");
    expect_skipped("systemctl enable nginx; dpkg 'service nginx start'", 0, "systemctl enable nginx\n",
                   "of a package is left out", "");
}

/* Nobody can say that it runs: a script that asks must not be told yes. */
static void questions_and_reboots_are_refused_all_the_same(void **state)
{
    (void)state;
    make_services();
    expect_skipped("systemctl start x; systemctl is-active x && echo yes", 1, "", "left out",
                   "left out: systemctl start x\nsystemctl is-active x\n");
    expect_skipped("service nginx status || systemctl status restart || echo no", 0, "no\n", "booted",
                   "service nginx status\nsystemctl status restart\n");
    expect_skipped("reboot || systemctl isolate rescue.target", 1, "", "booted",
                   "reboot\nsystemctl isolate rescue.target\n");
    /* The next step is asked anew. */
    expect_said("systemctl start x", 1, "", "booted", "no start: systemctl start x\n");
}

static void what_acts_on_the_image_is_let_through(void **state)
{
    static const char *const words[] = {"enable nginx",
                                        "disable nginx",
                                        "mask x",
                                        "preset-all",
                                        "daemon-reload",
                                        "is-enabled x",
                                        "stop nginx",
                                        "list-unit-files",
                                        "--root=/srv start x",
                                        "-M box restart x",
                                        "--version",
                                        "enable start",
                                        "try-restart x",
                                        "",
                                        "--help start"};

    (void)state;
    make_services();
    for (size_t i = 0; i < SW_ARRAY_LEN(words); i++) {
        char script[128], out[128];

        snprintf(script, sizeof(script), "systemctl %s", words[i]);
        snprintf(out, sizeof(out), "systemctl %s\n", words[i]);
        expect_said(script, 0, out, "", "");
    }
    expect_said("service nginx stop; /etc/init.d/nginx stop", 0, "nginx stop\nnginx stop\n", "", "");
}

static void now_is_left_out_where_it_would_stop_and_reported_where_it_would_start(void **state)
{
    (void)state;
    make_services();
    expect_said("systemctl disable --now nginx; systemctl --now mask x", 0,
                "systemctl disable -l nginx\nsystemctl -l mask x\n", "", "");
    expect_said("x='disable --now nginx'; systemctl $x; echo $x", 0,
                "systemctl disable -l nginx\ndisable --now nginx\n", "", "");
    expect_said("systemctl enable --now nginx", 0, "systemctl enable --now nginx\n", "booted",
                "no start: systemctl enable --now nginx\n");
}

/* Where the name of what is started has no room for another. */
static void a_short_name_is_refused_by_the_call(void **state)
{
    (void)state;
    make_services();
    expect_said("cd /usr/bin && ./halt", 126, "", "not supported", "halt\n");
}

static void packages_scripts_neither_fail_nor_start_anything(void **state)
{
    (void)state;
    make_services();
    expect_said("dpkg 'systemctl start nginx'", 0, "systemctl start nginx\n", "", "");
    expect_said("dpkg 'invoke-rc.d nginx start && service nginx restart && /etc/init.d/nginx start'", 0, "",
                "'invoke-rc.d nginx start' of a package is left out", "");
    expect_said("rpm 'set -e; systemctl daemon-reload; service nginx stop; systemctl is-active x'", 0,
                "systemctl daemon-reload\nnginx stop\nsystemctl is-active x\n", "", "");
    expect_said("dpkg true; systemctl start nginx", 1, "", "booted", "no start: systemctl start nginx\n");
}

static void a_reboot_is_refused(void **state)
{
    (void)state;
    expect_said("reboot; busybox reboot -f; echo on", 0, "on\n", "booted", "reboot\nreboot\n");
}

static void programs_see_that_they_are_in_a_chroot(void **state)
{
    (void)state;
    expect_script("[ \"$(stat -L -c %d:%i /proc/1/root)\" != \"$(stat -c %d:%i /)\" ] && echo chroot", 0,
                  "chroot\n");
    expect_script("cat /proc/1/root/etc/passwd", 1, "");
}

static void a_program_that_is_run_by_itself_is_judged_too(void **state)
{
    const char *const argv[] = {"/usr/bin/systemctl", "start", "x", NULL};
    struct ran ran = {.out_bytes = 0};
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_run run = {.argv = argv, .output = ran_output, .notice = ran_notice, .ctx = &ran};

    (void)state;
    make_services();
    assert_int_equal(folder_guest->ops->run(folder_guest, &run, &ran.end, &err), 0);
    assert_int_equal(ran.end.kind, SW_EXIT_STATUS);
    assert_int_equal(ran.end.value, 1);
    assert_string_equal(ran.notices, "no start: systemctl start x\n");
    ran_free(&ran);
    expect_script("echo there", 0, "there\n");
}

static void long_and_strange_commands_are_cut_not_feared(void **state)
{
    (void)state;
    make_services();
    expect_script("set -- $(seq 1 3000); systemctl enable \"$@\" | wc -w; systemctl enable "
                  "\"$(printf '%100000s' x)\" | wc -c",
                  0, "3002\n100018\n");
    struct ran ran = run_script("systemctl start $'a\\nb\\033' $(seq 1 200)");
    assert_int_equal(ran.end.value, 1);
    assert_non_null(strstr(ran.notices, "systemctl start a\nb\033 1 2"));
    ran_free(&ran);
}

/* ---- Places ------------------------------------------------------------------------------------------------ */

static void dev_has_what_scripts_expect(void **state)
{
    (void)state;
    expect_script("for n in null zero full random urandom tty; do [ -c /dev/$n ] || echo $n; done\n"
                  "for n in fd stdin stdout stderr ptmx; do [ -L /dev/$n ] || echo $n; done\n"
                  "[ -c /dev/pts/ptmx ] || echo pts; [ -d /dev/shm ] || echo shm\n"
                  "head -c 3 /dev/zero | wc -c; echo x >/dev/full || echo full; cat <(echo pipe)\n"
                  "echo there >/dev/stdout; echo x >/dev/shm/x && cat /dev/shm/x; : >/dev/null",
                  0, "3\nfull\npipe\nthere\nx\n");
    expect_script("stat -c %a /dev/null /dev/shm /tmp", 0, "666\n1777\n1777\n");
}

static void a_step_may_remove_dev_for_itself_alone(void **state)
{
    char path[128];
    struct sw_err err = {.code = SW_OK};
    struct ran ran = run_script("rm -rf /dev/null /dev/zero /dev/mine; touch /dev/mine; ls /dev/null");

    (void)state;
    ran_free(&ran);
    folder_reopen(NULL, 0);
    expect_script("[ -c /dev/null ] && [ ! -e /dev/mine ] && echo whole", 0, "whole\n");
    snprintf(path, sizeof(path), "%s/dev", folder_path);
    assert_int_equal(rmdir(path), 0); /* nothing was ever in the folder's own */
    assert_int_equal(sw_mkdir_p(path, 0755, &err), 0);
    assert_int_equal(access("/dev/null", W_OK), 0);
    folder_reopen(NULL, 0);
}

static void the_machine_beneath_cannot_be_changed(void **state)
{
    (void)state;
    expect_script("[ -e /proc/sysrq-trigger ] || exit 1; echo h >/proc/sysrq-trigger", 1, "");
    expect_script("grep CapBnd /proc/self/status | cut -f 2 | { read -r caps; "
                  "echo $((0x$caps >> 25 & 1)) $((0x$caps >> 16 & 1)) $((0x$caps >> 22 & 1)); }",
                  0, "0 0 0\n");
}

static void a_dangling_resolv_conf_can_be_read_and_stays_a_link(void **state)
{
    char path[128], target[128] = "";

    (void)state;
    snprintf(path, sizeof(path), "%s/etc/resolv.conf", folder_path);
    static const char *const targets[] = {"../run/systemd/resolve/stub-resolv.conf", "/run/x/resolv.conf"};
    for (size_t i = 0; i < SW_ARRAY_LEN(targets); i++) {
        unlink(path);
        assert_int_equal(symlink(targets[i], path), 0);
        folder_reopen(NULL, 0);
        expect_script(
            "cat /etc/resolv.conf && cp /etc/resolv.conf /tmp && echo nameserver ::1 >>/etc/resolv.conf", 0,
            "");
        assert_int_equal(readlink(path, target, sizeof(target) - 1), (ssize_t)strlen(targets[i]));
    }
    unlink(path);
    assert_int_equal(symlink("/run/../etc/shadow", path), 0);
    folder_reopen(NULL, 0);
    expect_script("[ -e /etc/shadow ] || echo none", 0, "none\n");
    unlink(path);
}

static void resolv_conf_and_hosts_of_the_image_are_its_own(void **state)
{
    (void)state;
    write_guest_file("etc/resolv.conf", "nameserver 192.0.2.1\n", 21, 0644);
    write_guest_file("etc/hosts", "127.0.0.1 localhost\n", 20, 0644);
    folder_reopen(NULL, 0);
    expect_script("cat /etc/resolv.conf /etc/hosts; echo nameserver 192.0.2.2 >/etc/resolv.conf", 0,
                  "nameserver 192.0.2.1\n127.0.0.1 localhost\n");
    folder_reopen(NULL, 0);
    expect_script("cat /etc/resolv.conf", 0, "nameserver 192.0.2.2\n");
}

/* ---- Steps that go wrong ----------------------------------------------------------------------------------- */

static void a_gibibyte_of_output_is_no_trouble(void **state)
{
    struct ran ran = {.keep_nothing = true};
    struct sw_err err = {.code = SW_OK};
    const char script[] = "dd if=/dev/zero bs=65536 count=16384 2>/dev/null";
    struct sw_guest_run run = {
        .script = script, .script_len = strlen(script), .output = ran_output, .ctx = &ran};
    int64_t began = sw_monotonic_ns();

    (void)state;
    assert_int_equal(folder_guest->ops->run(folder_guest, &run, &ran.end, &err), 0);
    assert_int_equal(ran.end.value, 0);
    assert_int_equal(ran.out_bytes, (size_t)1 << 30);
    print_message("1 GiB: %d ms\n", (int)((sw_monotonic_ns() - began) / 1000000));
}

static void a_full_disk_fails_the_step_and_not_the_next(void **state)
{
    (void)state;
    expect_script("mkdir /srv/small && mount -t tmpfs -o size=64k tmpfs /srv/small && "
                  "head -c 1000000 /dev/zero >/srv/small/big",
                  1, "");
    expect_script("echo there", 0, "there\n");
    folder_reopen(NULL, 0);
    expect_script("ls /srv/small | wc -l; rmdir /srv/small", 0, "0\n");
}

static void a_step_may_stop_in_the_middle_of_a_watched_call(void **state)
{
    (void)state;
    make_services();
    struct ran ran = run_script_for("while :; do systemctl start x 2>/dev/null; done", 300);
    assert_int_equal(ran.end.kind, SW_EXIT_TIMEOUT);
    ran_free(&ran);
    expect_script("echo there", 0, "there\n");
}

/* Last: it leaves nothing to run with. */
static void the_root_may_be_removed_with_all_in_it(void **state)
{
    struct ran ran = run_script("rm -rf --no-preserve-root / 2>/dev/null; rm -rf /* 2>/dev/null; echo gone");

    (void)state;
    assert_string_equal(ran.out.data, "gone\n");
    ran_free(&ran);
    ran = run_script("true");
    assert_int_equal(ran.end.kind, SW_EXIT_NOEXEC);
    ran_free(&ran);
    assert_int_equal(access("/dev/null", W_OK), 0);
    assert_int_equal(access("/proc/self", F_OK), 0);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_without_a_kernel_sees_the_machines),
        cmocka_unit_test(uname_tells_of_the_newest_kernel_of_the_guest),
        cmocka_unit_test(damaged_kernels_tell_their_folders_name),
        cmocka_unit_test(names_that_are_no_release_are_passed_over),
        cmocka_unit_test(the_host_name_is_the_guests),
        cmocka_unit_test(a_unit_cannot_be_started),
        cmocka_unit_test(starts_are_left_out_where_that_is_asked_for),
        cmocka_unit_test(questions_and_reboots_are_refused_all_the_same),
        cmocka_unit_test(what_acts_on_the_image_is_let_through),
        cmocka_unit_test(now_is_left_out_where_it_would_stop_and_reported_where_it_would_start),
        cmocka_unit_test(a_short_name_is_refused_by_the_call),
        cmocka_unit_test(packages_scripts_neither_fail_nor_start_anything),
        cmocka_unit_test(a_reboot_is_refused),
        cmocka_unit_test(programs_see_that_they_are_in_a_chroot),
        cmocka_unit_test(a_program_that_is_run_by_itself_is_judged_too),
        cmocka_unit_test(long_and_strange_commands_are_cut_not_feared),
        cmocka_unit_test(dev_has_what_scripts_expect),
        cmocka_unit_test(a_step_may_remove_dev_for_itself_alone),
        cmocka_unit_test(the_machine_beneath_cannot_be_changed),
        cmocka_unit_test(a_dangling_resolv_conf_can_be_read_and_stays_a_link),
        cmocka_unit_test(resolv_conf_and_hosts_of_the_image_are_its_own),
        cmocka_unit_test(a_gibibyte_of_output_is_no_trouble),
        cmocka_unit_test(a_full_disk_fails_the_step_and_not_the_next),
        cmocka_unit_test(a_step_may_stop_in_the_middle_of_a_watched_call),
        cmocka_unit_test(the_root_may_be_removed_with_all_in_it),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
