/* A shell in a plain chroot, with a user at a terminal or at a pipe; and a runner that lies. */
#include "src/base/clock.h"
#include "src/guest/client.h"
#include "tests/unit/guest/folder.h"
#include "tests/unit/guest/user.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* ---- Pipes ------------------------------------------------------------------------------------------------- */

/* A shell whose input is a file, and whose outputs are. */
struct piped {
    struct sw_guest_exit end;
    struct sw_err err;
    int rc;
    char out[4096], err_out[4096];
};

static void read_back(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    close(fd);
}

static int temporary(void)
{
    int fd = memfd_create("slipway-shell", MFD_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static struct piped shell_reads(const char *const *argv, const void *input, size_t len)
{
    struct piped piped = {.rc = -1};
    struct sw_guest_shell ask = {.argv = argv, .in = temporary(), .out = temporary(), .err = temporary()};

    assert_int_equal(write(ask.in, input, len), len);
    lseek(ask.in, 0, SEEK_SET);
    piped.rc = folder_guest->ops->shell(folder_guest, &ask, &piped.end, &piped.err);
    close(ask.in);
    read_back(ask.out, piped.out, sizeof(piped.out));
    read_back(ask.err, piped.err_out, sizeof(piped.err_out));
    return piped;
}

static struct piped shell_is_told(const char *text)
{
    return shell_reads(NULL, text, strlen(text));
}

static void expect_status(const struct piped *piped, int status)
{
    if (piped->rc < 0)
        fail_msg("%s", piped->err.text);
    assert_int_equal(piped->end.kind, SW_EXIT_STATUS);
    assert_int_equal(piped->end.value, status);
}

/* The stream is still in step. */
static void expect_usable(void)
{
    struct sw_guest_stat st;
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(folder_guest->ops->stat(folder_guest, "/etc", true, &st, &err), 0);
    assert_int_equal(st.kind, SW_FILE_DIR);
    expect_script("echo on", 0, "on\n");
}

static void commands_are_read_from_a_pipe_to_its_end(void **state)
{
    struct piped piped = shell_is_told("cat /etc/os-release\necho to-err >&2\n");

    (void)state;
    expect_status(&piped, 0);
    assert_string_equal(piped.out, "ID=tiny\n");
    assert_string_equal(piped.err_out, "to-err\n");
    expect_usable();
}

static void the_exit_status_and_a_signal_are_kept(void **state)
{
    struct piped piped = shell_is_told("exit 7\n");

    (void)state;
    expect_status(&piped, 7);
    piped = shell_is_told("kill -KILL $$\n");
    assert_int_equal(piped.rc, 0);
    assert_int_equal(piped.end.kind, SW_EXIT_SIGNAL);
    assert_int_equal(piped.end.value, SIGKILL);
    expect_usable();
}

static void a_login_shell_has_a_home_and_leaves_no_history(void **state)
{
    struct piped piped =
        shell_is_told("pwd; echo $HOME $TERM; shopt -q login_shell && echo login; echo \"<$HISTFILE>\"");

    (void)state;
    expect_status(&piped, 0);
    assert_string_equal(piped.out, "/root\n/root dumb\nlogin\n<>\n");
}

static void a_command_has_its_words_as_they_are(void **state)
{
    const char *const argv[] = {"printf", "%s|", "a b", "$HOME", "", NULL};
    const char *const none[] = {"/opt/none", NULL};
    struct piped piped = shell_reads(argv, "", 0);

    (void)state;
    expect_status(&piped, 0);
    assert_string_equal(piped.out, "a b|$HOME||");
    piped = shell_reads(none, "", 0);
    assert_int_equal(piped.rc, 0);
    assert_int_equal(piped.end.kind, SW_EXIT_NOEXEC);
    assert_int_equal(piped.end.value, ENOENT);
    assert_string_equal(piped.end.text, "/opt/none");
    expect_usable();
}

/* Many times what may be on its way. */
static void input_beyond_the_window_arrives_whole(void **state)
{
    const char *const argv[] = {"/bin/sh", "-c", "sleep 0.3; md5sum; wc -c", NULL};
    const char *const sum[] = {"md5sum", NULL};
    enum { BYTES = 3 << 20 };
    SW_AUTO_FREE char *input = malloc(BYTES);
    struct piped slow, fast;

    (void)state;
    assert_non_null(input);
    for (size_t i = 0; i < BYTES; i++)
        input[i] = (char)(i * 7 + i / 251);
    slow = shell_reads(argv, input, BYTES);
    fast = shell_reads(sum, input, BYTES);
    expect_status(&slow, 0);
    expect_status(&fast, 0);
    assert_memory_equal(slow.out, fast.out, 32);
    assert_string_equal(slow.out + strlen(fast.out), "0\n");
}

static void a_program_that_reads_nothing_leaves_the_stream_in_step(void **state)
{
    const char *const deaf[] = {"/bin/sh", "-c", "exec <&-; sleep 0.3; echo deaf", NULL};
    const char *const brief[] = {"true", NULL};
    enum { BYTES = 1 << 20 };
    SW_AUTO_FREE char *input = calloc(1, BYTES);
    struct piped piped;

    (void)state;
    assert_non_null(input);
    piped = shell_reads(deaf, input, BYTES);
    expect_status(&piped, 0);
    assert_string_equal(piped.out, "deaf\n");
    for (int i = 0; i < 20; i++) {
        piped = shell_reads(brief, input, BYTES);
        expect_status(&piped, 0);
    }
    expect_usable();
}

static void what_a_shell_leaves_running_dies_with_it(void **state)
{
    struct piped piped = shell_is_told("setsid sleep 987 >/dev/null 2>&1 & nohup sleep 987 & exit 0\n");

    (void)state;
    expect_status(&piped, 0);
    expect_script("ps | grep -c '[s]leep 987'", 1, "0\n");
}

static void never_lost(void *ctx, struct sw_err *err)
{
    (void)ctx;
    fail_msg("%s", err->text);
}

static void a_reader_that_goes_away_is_an_error_but_no_lost_appliance(void **state)
{
    struct sw_guest_shell ask = {.in = open("/dev/null", O_RDONLY), .err = STDERR_FILENO};
    const char *const argv[] = {"yes", NULL};
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_exit end;
    int out[2];

    (void)state;
    assert_int_equal(pipe(out), 0);
    close(out[0]);
    signal(SIGPIPE, SIG_IGN);
    ask.out = out[1];
    ask.argv = argv;
    ((struct client *)folder_guest)->lost = never_lost;
    assert_int_equal(folder_guest->ops->shell(folder_guest, &ask, &end, &err), -1);
    assert_int_equal(err.code, SW_FAILED);
    assert_int_equal(err.sys, EPIPE);
    assert_string_equal(err.text, "cannot write to standard output: Broken pipe");
    assert_int_equal(folder_guest->ops->shell(folder_guest, &ask, &end, &err), -1);
    assert_string_equal(err.text, "cannot write to standard output: Broken pipe");
    close(out[1]);
    close(ask.in);
    folder_reopen(NULL, 0);
    expect_usable();
}

/* ---- A user at a terminal ---------------------------------------------------------------------------------- */

static void a_user_has_a_terminal_of_the_same_size_and_kind(void **state)
{
    struct user user;

    (void)state;
    setenv("TERM", "xterm-256color", 1);
    sit_down(&user, folder_guest, NULL);
    type(&user, "echo $((6*7)) $TERM; stty size; tty; test -t 2 && echo all; exit 5\n");
    await_text(&user, "42 xterm-256color\r\n37 101\r\n/dev/pts/0\r\nall\r\n");
    get_up(&user);
    assert_int_equal(user.rc, 0);
    assert_int_equal(user.end.kind, SW_EXIT_STATUS);
    assert_int_equal(user.end.value, 5);
    expect_usable();
}

static void a_kind_of_terminal_with_odd_letters_is_dumb(void **state)
{
    static const char *const kinds[] = {
        "a b", "$(reboot)", "x\nLD_PRELOAD=/x",
        "",    "../xterm",  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    const char *const argv[] = {"/bin/sh", "-c", "echo \"<$TERM>\"", NULL};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++) {
        struct user user;

        setenv("TERM", kinds[i], 1);
        sit_down(&user, folder_guest, argv);
        await_text(&user, "<dumb>\r\n");
        get_up(&user);
        assert_int_equal(user.rc, 0);
    }
    setenv("TERM", "xterm", 1);
}

static void keys_come_one_by_one_and_control_c_is_the_programs(void **state)
{
    /* What it says it says once the terminal is its own, so the key reaches it and not the shell. */
    static const char keys[] = "sh -c 'echo 6*7=$((6*7)); exec sleep 500'\n";
    struct user user;

    (void)state;
    sit_down(&user, folder_guest, NULL);
    await_text(&user, "# ");
    assert_true(is_raw(&user));
    for (size_t i = 0; keys[i] != '\0'; i++)
        type(&user, (const char[]){keys[i], '\0'});
    await_text(&user, "6*7=42\r\n");
    type(&user, "\003");
    await_text(&user, "# ");
    type(&user, "echo stat=$?\n");
    /* Not before it reads keys again: until then an end of input is the terminal's, which drops it. */
    await_text(&user, "stat=130\r\n");
    await_text(&user, "# ");
    type(&user, "\004");
    get_up(&user);
    assert_int_equal(user.rc, 0);
    assert_int_equal(user.end.kind, SW_EXIT_STATUS);
}

static void a_new_size_reaches_the_program(void **state)
{
    const char *const argv[] = {
        "/bin/bash", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.1; done", NULL};
    const struct winsize size = {.ws_col = 222, .ws_row = 55};
    struct user user;

    (void)state;
    sit_down(&user, folder_guest, argv);
    await_text(&user, "ready");
    assert_int_equal(ioctl(user.master, TIOCSWINSZ, &size), 0);
    assert_int_equal(kill(getpid(), SIGWINCH), 0);
    await_text(&user, "55 222");
    get_up(&user);
    assert_int_equal(user.rc, 0);
}

static void three_escapes_end_whatever_runs(void **state)
{
    const char *const argv[] = {"/bin/bash", "-c",
                                "trap '' INT TERM HUP; stty raw -echo; echo ready; sleep 600", NULL};
    struct user user;

    (void)state;
    sit_down(&user, folder_guest, argv);
    await_text(&user, "ready");
    /* Two, and something else, and two: not three in a row. */
    type(&user, "\x1d\x1dx\x1d\x1d");
    assert_false(read_more(&user, 700));
    usleep(2500000);
    type(&user, "\x1d");
    assert_false(read_more(&user, 300));
    assert_int_equal(pthread_tryjoin_np(user.thread, NULL), EBUSY);
    type(&user, "x\x1d\x1d\x1d");
    get_up(&user);
    assert_int_equal(user.rc, 0);
    assert_int_equal(user.end.kind, SW_EXIT_SIGNAL);
    expect_script("ps | grep -c '[s]leep 600'", 1, "0\n");
}

/* What the runner says beside the program ends in a return too. */
static void what_needs_a_booted_system_is_said_on_the_terminal(void **state)
{
    const char *const argv[] = {"/bin/sh", "-c", "systemctl start nginx; echo $?", NULL};
    struct user user;

    (void)state;
    expect_script("printf '#!/bin/sh\\nexit 0\\n' >/usr/bin/systemctl; chmod +x /usr/bin/systemctl", 0, "");
    sit_down(&user, folder_guest, argv);
    await_text(&user, "'systemctl start nginx' needs a booted system, and this image is not running\r\n");
    await_text(&user, "1\r\n");
    get_up(&user);
    assert_int_equal(user.rc, 0);
    expect_script("rm /usr/bin/systemctl", 0, "");
}

static void a_flood_does_not_keep_the_keys_away(void **state)
{
    struct user user;

    (void)state;
    sit_down(&user, folder_guest, NULL);
    type(&user, "yes flood\n");
    await_text(&user, "flood\r\nflood\r\n");
    type(&user, "\003");
    type(&user, "echo $((30+3))\n");
    for (int64_t until = sw_monotonic_ns() + INT64_C(60000000000); strstr(user.seen, "33\r\n") == NULL;) {
        if (user.len > sizeof(user.seen) / 2) {
            memmove(user.seen, user.seen + user.len - 16, 17);
            user.len = 16;
        }
        read_more(&user, 100);
        assert_true(sw_monotonic_ns() < until);
    }
    type(&user, "exit\n");
    get_up(&user);
    assert_int_equal(user.rc, 0);
}

static void a_terminal_that_goes_away_ends_the_program(void **state)
{
    const char *const argv[] = {"/bin/sh", "-c", "echo ready; exec sleep 600", NULL};
    struct user user;

    (void)state;
    sit_down(&user, folder_guest, argv);
    await_text(&user, "ready");
    close(user.master);
    assert_int_equal(pthread_join(user.thread, NULL), 0);
    close(user.slave);
    assert_true(user.rc < 0 || user.end.kind == SW_EXIT_SIGNAL);
    if (user.rc < 0)
        folder_reopen(NULL, 0);
    expect_script("ps | grep -c '[s]leep 600'", 1, "0\n");
}

/* It is the guest's, and the guest may have made anything of it. */
static void a_guest_without_terminals_is_told_and_hangs_nobody(void **state)
{
    static const char *const scripts[] = {"umount /dev/pts && rm /dev/ptmx",
                                          "umount /dev/pts && rm /dev/ptmx && mkfifo /dev/ptmx",
                                          "umount /dev/pts && rm /dev/ptmx && echo x >/dev/ptmx"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(scripts); i++) {
        struct user user;

        expect_script(scripts[i], 0, "");
        sit_down(&user, folder_guest, NULL);
        get_up(&user);
        assert_int_equal(user.rc, 0);
        assert_int_equal(user.end.kind, SW_EXIT_NOEXEC);
        assert_string_equal(user.end.text, "a pseudo-terminal in the guest");
        folder_reopen(NULL, 0);
    }
}

static void rename_in_guest(const char *from, const char *to)
{
    char before[160], after[160];

    snprintf(before, sizeof(before), "%s%s", folder_path, from);
    snprintf(after, sizeof(after), "%s%s", folder_path, to);
    assert_int_equal(rename(before, after), 0);
}

static void an_image_without_bash_gives_its_sh_and_without_that_says_so(void **state)
{
    struct piped piped;

    (void)state;
    rename_in_guest("/usr/bin/bash", "/usr/bin/bash.away");
    piped = shell_is_told("echo $0\n");
    expect_status(&piped, 0);
    assert_string_equal(piped.out, "/bin/sh\n");
    rename_in_guest("/usr/bin/sh", "/usr/bin/sh.away");
    piped = shell_is_told("echo $0\n");
    rename_in_guest("/usr/bin/bash.away", "/usr/bin/bash");
    rename_in_guest("/usr/bin/sh.away", "/usr/bin/sh");
    assert_int_equal(piped.rc, 0);
    assert_int_equal(piped.end.kind, SW_EXIT_NOEXEC);
    assert_non_null(strstr(piped.end.text, "neither bash nor /bin/sh"));
    expect_usable();
}

/* ---- A runner that lies ------------------------------------------------------------------------------------ */

struct rig {
    struct client client;
    int far_end;
};

static void rig_open(struct rig *rig)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    rig->far_end = pair[1];
    client_init(&rig->client, pair[0]);
    rig->client.silence_ms = 500;
    rig->client.grace_ms = 500;
}

static void rig_close(struct rig *rig)
{
    close(rig->client.fd);
    close(rig->far_end);
}

static void rig_say(const struct rig *rig, uint32_t frame, const void *payload, uint32_t len)
{
    unsigned char header[RUNNER_HEADER_BYTES];

    wire_put_u32(header, len);
    wire_put_u32(header + 4, frame);
    assert_int_equal(send(rig->far_end, header, sizeof(header), MSG_NOSIGNAL), sizeof(header));
    if (payload != NULL && len > 0)
        assert_int_equal(send(rig->far_end, payload, len, MSG_NOSIGNAL), len);
}

/* What the runner says is an end of the connection, and of the terminal's being raw. */
static void expect_lost(uint32_t frame, const void *payload, uint32_t len, const char *part)
{
    struct user user;
    struct rig rig;

    rig_open(&rig);
    sit_down(&user, &rig.client.base, NULL);
    for (int i = 0; i < 600 && !is_raw(&user); i++)
        usleep(1000);
    rig_say(&rig, frame, payload, len);
    get_up(&user);
    assert_int_equal(user.rc, -1);
    if (strstr(user.err.text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, user.err.text);
    assert_true(rig.client.broken);
    rig_close(&rig);
}

static void frames_that_make_no_sense_end_it(void **state)
{
    (void)state;
    expect_lost(RUNNER_TAKEN, "\1\0\0\0", 4, "took more input than there was");
    expect_lost(RUNNER_TAKEN, "\377\377\377\377", 4, "took more input than there was");
    expect_lost(RUNNER_TAKEN, "\0\0", 2, "took more input");
    expect_lost(RUNNER_HELLO, "x", 1, "makes no sense");
    expect_lost(RUNNER_OK, NULL, 0, "makes no sense");
    expect_lost(RUNNER_DATA, "x", 1, "makes no sense");
    expect_lost(4711, NULL, 0, "type 4711");
    expect_lost(RUNNER_EXIT, "\0\0\0\0", 4, "makes no sense");
    expect_lost(RUNNER_EXIT, "\t\0\0\0\0\0\0\0\0\0\0\0", 12, "makes no sense");
    expect_lost(RUNNER_STDOUT, NULL, RUNNER_CHUNK_BYTES + 1, "more than");
    expect_lost(RUNNER_STDOUT, NULL, UINT32_MAX, "more than");
    /* A frame without its end is silence. */
    expect_lost(RUNNER_STDOUT, "abc", 0, "said nothing");
    expect_lost(RUNNER_STDOUT, NULL, 100, "said nothing");
}

static void a_stream_that_closes_gives_the_terminal_back(void **state)
{
    struct user user;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    sit_down(&user, &rig.client.base, NULL);
    for (int i = 0; i < 600 && !is_raw(&user); i++)
        usleep(1000);
    shutdown(rig.far_end, SHUT_RDWR);
    get_up(&user);
    assert_int_equal(user.rc, -1);
    assert_non_null(strstr(user.err.text, "broke"));
    rig_close(&rig);
}

static void a_refusal_is_the_guests_and_not_the_streams(void **state)
{
    const unsigned char fail[12] = {22};
    struct user user;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    sit_down(&user, &rig.client.base, NULL);
    rig_say(&rig, RUNNER_FAIL, fail, sizeof(fail));
    get_up(&user);
    assert_int_equal(user.rc, -1);
    assert_int_equal(user.err.code, SW_GUEST);
    assert_false(rig.client.broken);
    rig_close(&rig);
}

/* It goes on saying things and takes no notice of being told to end. */
static void a_runner_that_does_not_end_is_left(void **state)
{
    struct user user;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    sit_down(&user, &rig.client.base, NULL);
    for (int i = 0; i < 600 && !is_raw(&user); i++)
        usleep(1000);
    type(&user, "\x1d\x1d\x1d");
    for (int i = 0; i < 600 && !rig.client.broken; i++) {
        unsigned char header[RUNNER_HEADER_BYTES] = {0};

        wire_put_u32(header + 4, RUNNER_ALIVE);
        if (send(rig.far_end, header, sizeof(header), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        usleep(100000);
    }
    get_up(&user);
    assert_int_equal(user.rc, -1);
    assert_non_null(strstr(user.err.text, "did not end the shell"));
    rig_close(&rig);
}

/* The runner takes nothing, whatever is typed: no more than the window leaves this process. */
static void input_stops_at_the_window(void **state)
{
    struct sw_guest_shell ask = {
        .in = open("/dev/zero", O_RDONLY), .out = STDOUT_FILENO, .err = STDERR_FILENO};
    static char seen[4 * RUNNER_INPUT_BYTES];
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_exit end;
    struct rig rig;
    size_t got = 0;
    ssize_t n;

    (void)state;
    rig_open(&rig);
    assert_int_equal(rig.client.base.ops->shell(&rig.client.base, &ask, &end, &err), -1);
    assert_non_null(strstr(err.text, "said nothing"));
    while ((n = recv(rig.far_end, seen, sizeof(seen), MSG_DONTWAIT)) > 0)
        got += (size_t)n;
    assert_true(got > RUNNER_INPUT_BYTES);
    assert_true(got < RUNNER_INPUT_BYTES + 1024);
    close(ask.in);
    rig_close(&rig);
}

/* Somebody who pipes commands to a guest has not given it the terminal that the result is shown on. */
static void no_escape_reaches_a_terminal_that_the_guest_does_not_have(void **state)
{
    static const char *const parts[] = {
        "one\n", "\033]0;evil\007", "\302",          "\2335;1H",    "\342", "\200",
        "\256",  "\303\251 \302",   "\251 \342\200", "\224 tab\t.", "\r\b", "\342\201"};
    const unsigned char exit_0[12] = {0};
    struct user user;
    struct rig rig;

    (void)state;
    terminal_open(&user);
    rig_open(&rig);
    user.ask =
        (struct sw_guest_shell){.in = open("/dev/null", O_RDONLY), .out = user.slave, .err = user.slave};
    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++)
        rig_say(&rig, RUNNER_STDOUT, parts[i], (uint32_t)strlen(parts[i]));
    rig_say(&rig, RUNNER_STDERR, "\033[2J", 4);
    rig_say(&rig, RUNNER_EXIT, exit_0, sizeof(exit_0));
    assert_int_equal(rig.client.base.ops->shell(&rig.client.base, &user.ask, &user.end, &user.err), 0);
    await_text(&user,
               "one\r\n\\x1b]0;evil\\x07\\xc2\\x9b5;1H\\xe2\\x80\\xae\303\251 \302\251 \342\200\224 tab");
    await_text(&user, ".\\x0d\\x08\\x1b[2J");
    close(user.ask.in);
    close(user.master);
    close(user.slave);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_read_from_a_pipe_to_its_end),
        cmocka_unit_test(the_exit_status_and_a_signal_are_kept),
        cmocka_unit_test(a_login_shell_has_a_home_and_leaves_no_history),
        cmocka_unit_test(a_command_has_its_words_as_they_are),
        cmocka_unit_test(input_beyond_the_window_arrives_whole),
        cmocka_unit_test(a_program_that_reads_nothing_leaves_the_stream_in_step),
        cmocka_unit_test(what_a_shell_leaves_running_dies_with_it),
        cmocka_unit_test(a_reader_that_goes_away_is_an_error_but_no_lost_appliance),
        cmocka_unit_test(a_user_has_a_terminal_of_the_same_size_and_kind),
        cmocka_unit_test(a_kind_of_terminal_with_odd_letters_is_dumb),
        cmocka_unit_test(keys_come_one_by_one_and_control_c_is_the_programs),
        cmocka_unit_test(a_new_size_reaches_the_program),
        cmocka_unit_test(three_escapes_end_whatever_runs),
        cmocka_unit_test(what_needs_a_booted_system_is_said_on_the_terminal),
        cmocka_unit_test(a_flood_does_not_keep_the_keys_away),
        cmocka_unit_test(a_terminal_that_goes_away_ends_the_program),
        cmocka_unit_test(a_guest_without_terminals_is_told_and_hangs_nobody),
        cmocka_unit_test(an_image_without_bash_gives_its_sh_and_without_that_says_so),
        cmocka_unit_test(frames_that_make_no_sense_end_it),
        cmocka_unit_test(a_stream_that_closes_gives_the_terminal_back),
        cmocka_unit_test(a_refusal_is_the_guests_and_not_the_streams),
        cmocka_unit_test(a_runner_that_does_not_end_is_left),
        cmocka_unit_test(input_stops_at_the_window),
        cmocka_unit_test(no_escape_reaches_a_terminal_that_the_guest_does_not_have),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
