/* Booting: what a console says, which firmware, the runner as a service. No machine is started. */
#include "slipway/boot.h"
#include "src/base/json.h"
#include "src/guest/boot/words.h"
#include "src/guest/client.h"
#include "src/runner/embed.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/unit/guest/folder.h"

/* ---- Lines ------------------------------------------------------------------------------------------------- */

static void each_way_to_stop_is_known_by_its_line(void **state)
{
    static const struct {
        const char *line;
        enum boot_word word;
    } rows[] = {
        {"[    0.000000] Linux version 6.1.0-56-cloud-amd64 (x@y) #1 SMP", WORD_KERNEL},
        {"[    3.0] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
         WORD_PANIC},
        {"[    0.9] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug",
         WORD_PANIC_TIMER},
        {"No bootable device.", WORD_NO_DEVICE},
        {"BdsDxe: No bootable option or device was found.", WORD_NO_DEVICE},
        {"grub rescue> ", WORD_LOADER},
        {"grub> ", WORD_LOADER},
        {"(initramfs) ", WORD_EMERGENCY},
        {"You are in emergency mode. After logging in, type \"journalctl -xb\"", WORD_EMERGENCY},
        {"Cannot open access to console, the root account is locked.", WORD_EMERGENCY},
        {"debian login: ", WORD_LOGIN},
        {"debian login:", WORD_LOGIN},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++)
        if (boot_word(rows[i].line) != rows[i].word)
            fail_msg("'%s' is %d", rows[i].line, (int)boot_word(rows[i].line));
}

static void what_only_looks_like_it_is_nothing(void **state)
{
    static const char *const lines[] = {"",
                                        " ",
                                        "login:",
                                        "debian login: root",
                                        "Failed login: yes",
                                        "to leave grub> type exit",
                                        "loading (initramfs) image",
                                        "Kernel panic - not",
                                        "Booting from Hard Disk...",
                                        "error: file `/boot/grub/fonts/unicode.pf2' not found."};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(lines); i++)
        if (boot_word(lines[i]) != WORD_NONE)
            fail_msg("'%s' is %d", lines[i], (int)boot_word(lines[i]));
}

/* In pieces of n bytes. */
static void expect_plain(const char *bytes, size_t len, const char *want)
{
    for (size_t n = 1; n <= len; n++) {
        struct plain plain = {0};
        char out[256];
        size_t have = 0;

        for (size_t at = 0; at < len; at += n)
            have += plain_text(&plain, bytes + at, n < len - at ? n : len - at, out + have);
        out[have] = '\0';
        assert_string_equal(out, want);
    }
}

static void terminal_sequences_leave_no_trace_however_they_are_cut(void **state)
{
    static const char clear[] = "\x1b[2J\x1b[01;01H\x1b[=3hBdsDxe\r\n\x1b[0m\x1b[37m\x1b[40mGRUB";
    static const char title[] = "a\x1b]0;evil title\x07"
                                "b\x1bPq#0\x07"
                                "c\x1b(Bd";
    static const char odd[] = "\x1b\x1b[1mx\x1b"
                              "cy\x00\x08z\x7f\t.";

    (void)state;
    expect_plain(clear, sizeof(clear) - 1, "BdsDxe\r\nGRUB");
    expect_plain(title, sizeof(title) - 1, "abcd");
    expect_plain(odd, sizeof(odd) - 1, "xyz\t.");
    /* A sequence without an end does not swallow what comes in later lines. */
    expect_plain("\x1b]0;no end\nKernel", 17, "Kernel");
}

static void registers_tell_firmware_from_a_system(void **state)
{
    (void)state;
    assert_false(registers_show_system(""));
    assert_false(registers_show_system("CPU#0\r\nEAX=0000aa55 EIP=00007c1f EFL=00000246 CPL=0 II=0"));
    /* OVMF runs with 64 bits, in memory that is there. */
    assert_false(
        registers_show_system("RIP=000000003fe9e9c9 RFL=00000246 [---Z-P-] CPL=0 II=0 CR0=80000033"));
    assert_true(registers_show_system("RIP=ffffffffa8a17a0b RFL=00000246 [---Z-P-] CPL=0 II=0"));
    assert_true(registers_show_system("RIP=000000003fe9e9c9 CPL=0\r\nCPU#1\r\nRIP=ffff800000000000 CPL=0"));
    assert_true(registers_show_system("RIP=000055d0a1b2c3d4 RFL=00000246 CPL=3"));
}

/* ---- Firmware ---------------------------------------------------------------------------------------------- */

static enum sw_firmware choose(const char *text)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *disk = sw_json_parse(text, strlen(text), "evidence", &err);

    assert_non_null(disk);
    return sw_firmware_choose(disk);
}

#define LOADER "\"esp\":[{\"files\":[{\"path\":\"/EFI/boot/bootx64.efi\",\"machine\":\"x86_64\"}]}]"

static void uefi_is_for_what_it_alone_can_start(void **state)
{
    (void)state;
    assert_int_equal(choose("{}"), SW_FIRMWARE_BIOS);
    assert_int_equal(choose("{\"table\":{\"boot_code\":true},\"partitions\":[{\"active\":true}]}"),
                     SW_FIRMWARE_BIOS);
    assert_int_equal(
        choose("{\"table\":{\"boot_code\":false},\"partitions\":[{\"role\":\"esp\"}]," LOADER "}"),
        SW_FIRMWARE_UEFI);
    /* Boot code of a protective MBR starts nothing where there is no place for what it loads. */
    assert_int_equal(
        choose("{\"table\":{\"boot_code\":true},\"partitions\":[{\"role\":\"esp\"}]," LOADER "}"),
        SW_FIRMWARE_UEFI);
    assert_int_equal(
        choose("{\"table\":{\"boot_code\":true},\"partitions\":[{\"role\":\"bios-boot\"}]," LOADER "}"),
        SW_FIRMWARE_BIOS);
    /* A loader of another machine is none. */
    assert_int_equal(
        choose("{\"table\":{\"boot_code\":false},\"esp\":[{\"files\":[{\"path\":\"/EFI/BOOT/BOOTX64.EFI\","
               "\"machine\":\"arm64\"}]}]}"),
        SW_FIRMWARE_BIOS);
    assert_int_equal(
        choose("{\"esp\":[{\"fault\":\"no FAT\"},{\"files\":7}],\"partitions\":\"none\",\"table\":[]}"),
        SW_FIRMWARE_BIOS);
}

/* ---- The seed ---------------------------------------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    if (folder_guest->ops->put(folder_guest, name, text, strlen(text),
                               0644 | SW_PUT_OVERWRITE | SW_PUT_PARENTS, &err) < 0)
        fail_msg("%s", err.text);
}

static void expect_file(const char *name, const char *want)
{
    char *bytes = NULL;
    struct sw_err err = {.code = SW_OK};
    size_t len;

    if (folder_guest->ops->get(folder_guest, name, 1 << 16, &bytes, &len, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(bytes, want);
    free(bytes);
}

static enum sw_file_kind kind_of(const char *name)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_stat st;

    if (folder_guest->ops->stat(folder_guest, name, false, &st, &err) < 0)
        fail_msg("%s", err.text);
    return st.kind;
}

static struct sw_seed plant(enum sw_init want)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_seed seed;

    if (sw_seed_plant(folder_guest, &seed, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(seed.init, want);
    return seed;
}

static void take_away(const struct sw_seed *seed)
{
    struct sw_err err = {.code = SW_OK};

    if (sw_seed_remove(folder_guest, seed, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(kind_of("/etc/slipway-runner"), SW_FILE_NONE);
    /* As when a system does not go down once it was taken out, and its disk is kept. */
    if (sw_seed_remove(folder_guest, seed, &err) < 0)
        fail_msg("once more: %s", err.text);
}

static void where_no_init_is_known_nothing_is_put(void **state)
{
    struct sw_seed seed = plant(SW_INIT_OTHER);

    (void)state;
    assert_int_equal(kind_of("/etc/slipway-runner"), SW_FILE_NONE);
    take_away(&seed);
}

static void a_line_of_inittab_comes_and_goes_without_a_trace(void **state)
{
    static const char before[] = "::sysinit:/etc/rc\nttyS0::respawn:/sbin/getty ttyS0";
    struct sw_err err = {.code = SW_OK};
    struct sw_seed seed;

    (void)state;
    write_file("/etc/inittab", before);
    seed = plant(SW_INIT_INITTAB);
    assert_int_equal(kind_of("/etc/slipway-runner/runner"), SW_FILE_REGULAR);
    /* Somebody adds to the file while the runner is in it. */
    assert_int_equal(
        folder_guest->ops->put(folder_guest, "/etc/inittab", "# later\n", 8, SW_PUT_APPEND, &err), 0);
    take_away(&seed);
    expect_file("/etc/inittab", "::sysinit:/etc/rc\nttyS0::respawn:/sbin/getty ttyS0\n# later\n");
    assert_int_equal(folder_guest->ops->remove(folder_guest, "/etc/inittab", SW_REMOVE_FILE, &err), 0);
}

static void a_unit_comes_and_goes_without_a_trace(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_seed seed;

    (void)state;
    write_file("/usr/lib/systemd/systemd", "");
    seed = plant(SW_INIT_SYSTEMD);
    assert_int_equal(kind_of("/etc/systemd/system/slipway-runner.service"), SW_FILE_REGULAR);
    assert_int_equal(kind_of("/etc/systemd/system/basic.target.wants/slipway-runner.service"), SW_FILE_LINK);
    take_away(&seed);
    assert_int_equal(kind_of("/etc/systemd/system/slipway-runner.service"), SW_FILE_NONE);
    assert_int_equal(kind_of("/etc/systemd/system/basic.target.wants"), SW_FILE_NONE);
    assert_int_equal(folder_guest->ops->remove(folder_guest, "/usr/lib/systemd", SW_REMOVE_TREE, &err), 0);
}

static void a_folder_of_links_that_others_use_stays(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_seed seed;

    (void)state;
    write_file("/usr/lib/systemd/systemd", "");
    write_file("/etc/systemd/system/basic.target.wants/other.service", "x");
    seed = plant(SW_INIT_SYSTEMD);
    take_away(&seed);
    assert_int_equal(kind_of("/etc/systemd/system/basic.target.wants/other.service"), SW_FILE_REGULAR);
    assert_int_equal(folder_guest->ops->remove(folder_guest, "/usr/lib/systemd", SW_REMOVE_TREE, &err), 0);
}

static void a_windows_is_refused(void **state)
{
    struct sw_guest windows = {.platform = SW_WINDOWS};
    struct sw_err err = {.code = SW_OK};
    struct sw_seed seed;

    (void)state;
    assert_int_equal(sw_seed_plant(&windows, &seed, &err), -1);
    assert_int_equal(err.code, SW_REFUSED);
}

/* ---- The runner as a service -------------------------------------------------------------------------------- */

struct service {
    struct client client;
    pid_t pid;
};

/* The runner as a process of this machine. */
static void service_start(struct service *service)
{
    static const char nonce_hex[] = "000102030405060708090a0b0c0d0e0f";
    uint8_t nonce[RUNNER_NONCE_BYTES];
    struct sw_err err = {.code = SW_OK};
    int program = memfd_create("runner", MFD_CLOEXEC), pair[2];
    size_t len;
    const unsigned char *bytes = sw_runner_program(&len);

    for (unsigned i = 0; i < RUNNER_NONCE_BYTES; i++)
        nonce[i] = (uint8_t)i;
    assert_int_equal(write(program, bytes, len), (ssize_t)len);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    service->pid = fork();
    if (service->pid == 0) {
        char fd[16];
        char *const argv[] = {(char *)"runner", (char *)"--booted-fd", fd, (char *)(uintptr_t)nonce_hex,
                              NULL};

        snprintf(fd, sizeof(fd), "%d", dup(pair[1]));
        fexecve(program, argv, environ);
        _exit(127);
    }
    close(program);
    close(pair[1]);
    client_init(&service->client, pair[0]);
    if (client_hello(&service->client, nonce, &err) < 0)
        fail_msg("%s", err.text);
}

static void service_stop(struct service *service)
{
    struct sw_err err = {.code = SW_OK};
    int status;

    assert_int_equal(client_bye(&service->client, &err), 0);
    assert_int_equal(waitpid(service->pid, &status, 0), service->pid);
    assert_int_equal(status, 0);
    close(service->client.fd);
}

static struct sw_guest_exit service_run(struct service *service, const char *script, int64_t timeout_ms,
                                        struct ran *ran)
{
    const char *const argv[] = {"bash", "-c", script, NULL};
    const struct sw_guest_run run = {
        .argv = argv, .timeout_ms = timeout_ms, .output = ran_output, .ctx = ran};
    struct sw_err err = {.code = SW_OK};

    if (service->client.base.ops->run(&service->client.base, &run, &ran->end, &err) < 0)
        fail_msg("%s", err.text);
    return ran->end;
}

static void in_a_booted_system_a_step_sees_what_is_there(void **state)
{
    struct service service;
    struct ran ran = {.out_bytes = 0};
    char host[64] = "", own[512];

    (void)state;
    assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
    service_start(&service);
    service_run(&service, "hostname; readlink /proc/self/ns/mnt /proc/self/ns/pid", 10000, &ran);
    service_stop(&service);
    snprintf(own, sizeof(own), "%s\n", host);
    assert_memory_equal(ran.out.data, own, strlen(own));
    own[readlink("/proc/self/ns/mnt", own, sizeof(own) - 1)] = '\0';
    assert_non_null(strstr(ran.out.data, own));
    ran_free(&ran);
}

/* What a step leaves in the background and in sessions of its own ends; others live. */
static void a_step_ends_with_all_that_it_started_and_nothing_else(void **state)
{
    struct service service;
    struct ran ran = {.out_bytes = 0};
    pid_t other = fork(), first = 0, second = 0;
    struct sw_guest_exit end;

    (void)state;
    if (other == 0) {
        pause();
        _exit(0);
    }
    service_start(&service);
    end = service_run(&service,
                      "sleep 1000 & a=$!; (setsid sleep 1001 >/dev/null 2>&1 & echo $! >&2); echo $a; exit 3",
                      10000, &ran);
    assert_int_equal(end.kind, SW_EXIT_STATUS);
    assert_int_equal(end.value, 3);
    first = (pid_t)atoi(ran.out.data);
    second = (pid_t)atoi(ran.err.data);
    assert_true(first > 1 && second > 1);
    assert_int_equal(kill(first, 0), -1);
    assert_int_equal(kill(second, 0), -1);
    assert_int_equal(kill(other, 0), 0);
    service_stop(&service);
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    ran_free(&ran);
}

static void a_step_over_its_time_is_ended_and_the_next_one_runs(void **state)
{
    struct service service;
    struct ran late = {.out_bytes = 0}, next = {.out_bytes = 0};

    (void)state;
    service_start(&service);
    assert_int_equal(service_run(&service, "trap '' TERM; sleep 1000 & wait", 300, &late).kind,
                     SW_EXIT_TIMEOUT);
    assert_int_equal(service_run(&service, "echo on", 10000, &next).value, 0);
    assert_string_equal(next.out.data, "on\n");
    service_stop(&service);
    ran_free(&late);
    ran_free(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_stop_is_known_by_its_line),
        cmocka_unit_test(what_only_looks_like_it_is_nothing),
        cmocka_unit_test(terminal_sequences_leave_no_trace_however_they_are_cut),
        cmocka_unit_test(registers_tell_firmware_from_a_system),
        cmocka_unit_test(uefi_is_for_what_it_alone_can_start),
        cmocka_unit_test(where_no_init_is_known_nothing_is_put),
        cmocka_unit_test(a_line_of_inittab_comes_and_goes_without_a_trace),
        cmocka_unit_test(a_unit_comes_and_goes_without_a_trace),
        cmocka_unit_test(a_folder_of_links_that_others_use_stays),
        cmocka_unit_test(a_windows_is_refused),
        cmocka_unit_test(in_a_booted_system_a_step_sees_what_is_there),
        cmocka_unit_test(a_step_ends_with_all_that_it_started_and_nothing_else),
        cmocka_unit_test(a_step_over_its_time_is_ended_and_the_next_one_runs),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
