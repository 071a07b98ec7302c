/* The server against clients that are good, strange and hostile. */
#include "tests/unit/testing.h"

#include "slipway/nbd.h"
#include "src/base/buf.h"
#include "src/base/endian.h"
#include "src/base/fs.h"
#include "src/nbd/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

enum { DISK_BYTES = 3 << 20 };

#define SOCKET_PATH "private/s.sock"

static struct sw_image *disk;
static uint8_t *bytes; /* of the disk */
static struct sw_nbd *server;

static void start(void)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_nbd_start(disk, SOCKET_PATH, "disk", &server, &err), err);
}

static void stop(void)
{
    sw_nbd_stop(server);
    server = NULL;
    assert_int_equal(access(SOCKET_PATH, F_OK), -1);
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* False when the server hung up before all of it came. */
static bool get(int fd, void *buf, size_t len)
{
    return len == 0 || recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

/* What cannot be sent was hung up on. */
static void put(int fd, const void *buf, size_t len)
{
    (void)!send(fd, buf, len, MSG_NOSIGNAL);
}

static int greet(uint32_t flags)
{
    int fd = dial();
    uint8_t head[18], answer[4];

    assert_true(get(fd, head, sizeof(head)));
    assert_memory_equal(head, "NBDMAGICIHAVEOPT", 16);
    assert_int_equal(be16_get(head + 16), NBD_FLAG_FIXED | NBD_FLAG_NO_ZEROES);
    be32_put(answer, flags);
    put(fd, answer, sizeof(answer));
    return fd;
}

static void send_option(int fd, uint32_t option, const void *data, uint32_t len)
{
    uint8_t head[16];

    be64_put(head, NBD_OPTION_MAGIC);
    be32_put(head + 8, option);
    be32_put(head + 12, len);
    put(fd, head, sizeof(head));
    put(fd, data, len);
}

/* The type of the reply; its data goes to data (of 1024 bytes). */
static uint32_t get_reply(int fd, uint8_t *data, uint32_t *len)
{
    uint8_t head[20];

    assert_true(get(fd, head, sizeof(head)));
    assert_true(be64_get(head) == NBD_REPLY_MAGIC);
    *len = be32_get(head + 16);
    assert_true(*len <= 1024);
    assert_true(get(fd, data, *len));
    return be32_get(head + 12);
}

static uint32_t go_reply(int fd, const char *name)
{
    uint8_t data[1024];
    uint32_t len = (uint32_t)strlen(name), type;

    be32_put(data, len);
    memcpy(data + 4, name, len);
    be16_put(data + 4 + len, 0);
    send_option(fd, NBD_OPT_GO, data, len + 6);
    type = get_reply(fd, data, &len);
    if (type != NBD_REP_INFO)
        return type;
    assert_int_equal(len, 12);
    assert_int_equal(be64_get(data + 2), DISK_BYTES);
    assert_true((be16_get(data + 10) & NBD_EXPORT_READ_ONLY) != 0);
    while ((type = get_reply(fd, data, &len)) == NBD_REP_INFO)
        continue;
    return type;
}

static int connected(void)
{
    int fd = greet(NBD_FLAG_FIXED | NBD_FLAG_NO_ZEROES);

    assert_int_equal(go_reply(fd, "disk"), NBD_REP_ACK);
    return fd;
}

static void request(int fd, uint16_t type, uint64_t off, uint32_t len)
{
    uint8_t head[28] = {0};

    be32_put(head, NBD_REQUEST_MAGIC);
    be16_put(head + 6, type);
    be64_put(head + 8, off ^ len);
    be64_put(head + 16, off);
    be32_put(head + 24, len);
    put(fd, head, sizeof(head));
}

/* The error of the answer, or UINT32_MAX when the server hung up. */
static uint32_t answer(int fd, uint64_t handle)
{
    uint8_t head[16];

    if (!get(fd, head, sizeof(head)))
        return UINT32_MAX;
    assert_int_equal(be32_get(head), NBD_SIMPLE_MAGIC);
    assert_true(be64_get(head + 8) == handle);
    return be32_get(head + 4);
}

static void assert_reads(int fd, uint64_t off, uint32_t len)
{
    uint8_t *got = malloc(len);

    request(fd, NBD_CMD_READ, off, len);
    assert_int_equal(answer(fd, off ^ len), 0);
    assert_true(get(fd, got, len));
    assert_memory_equal(got, bytes + off, len);
    free(got);
}

static void assert_hung_up(int fd)
{
    char byte;

    while (recv(fd, &byte, 1, 0) > 0)
        continue;
    close(fd);
}

static void a_client_reads_what_the_image_holds(void **state)
{
    int fd;

    (void)state;
    start();
    fd = connected();
    assert_reads(fd, 0, 512);
    assert_reads(fd, 1, 1);
    assert_reads(fd, 12345, 1 << 20);
    assert_reads(fd, DISK_BYTES - 1, 1);
    assert_reads(fd, 0, DISK_BYTES);
    request(fd, NBD_CMD_FLUSH, 0, 0);
    assert_int_equal(answer(fd, 0), 0);
    request(fd, NBD_CMD_DISC, 0, 0);
    assert_hung_up(fd);
    stop();
}

static void several_clients_read_at_once(void **state)
{
    int fds[SW_NBD_CLIENTS_MAX], more;
    char byte;

    (void)state;
    start();
    for (size_t i = 0; i < SW_NBD_CLIENTS_MAX; i++)
        fds[i] = connected();
    for (size_t i = 0; i < SW_NBD_CLIENTS_MAX; i++)
        request(fds[i], NBD_CMD_READ, i, 1 << 20);
    /* One too many is hung up on. */
    more = dial();
    assert_int_equal(recv(more, &byte, 1, 0), 0);
    close(more);
    for (size_t i = 0; i < SW_NBD_CLIENTS_MAX; i++) {
        uint8_t *got = malloc(1 << 20);

        assert_int_equal(answer(fds[i], i ^ (1 << 20)), 0);
        assert_true(get(fds[i], got, 1 << 20));
        assert_memory_equal(got, bytes + i, 1 << 20);
        free(got);
        close(fds[i]);
    }
    /* Their places are free again, sooner or later. */
    for (unsigned i = 0; i < 200; i++) {
        uint8_t head[18];

        more = dial();
        if (get(more, head, sizeof(head))) {
            close(more);
            stop();
            return;
        }
        close(more);
        usleep(10000);
    }
    fail_msg("no place became free");
}

static void requests_out_of_bounds_are_refused_and_the_client_goes_on(void **state)
{
    static const struct {
        uint64_t off;
        uint32_t len;
    } rows[] = {
        {0, 0},
        {DISK_BYTES, 1},
        {DISK_BYTES - 1, 2},
        {UINT64_MAX, 1},
        {UINT64_MAX, UINT32_MAX},
        {0, UINT32_MAX},
        {UINT64_MAX - 511, 512},
        {0, SW_NBD_READ_MAX + 1},
    };
    int fd;

    (void)state;
    start();
    fd = connected();
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        request(fd, NBD_CMD_READ, rows[i].off, rows[i].len);
        assert_int_equal(answer(fd, rows[i].off ^ rows[i].len), NBD_EINVAL);
    }
    for (uint16_t type = 4; type < 12; type++) {
        request(fd, type, 0, 512);
        assert_int_equal(answer(fd, 512), NBD_EINVAL);
    }
    assert_reads(fd, 4096, 4096);
    close(fd);
    stop();
}

static void a_write_is_taken_in_and_refused(void **state)
{
    uint8_t *payload = calloc(1, 100000);
    int fd;

    (void)state;
    start();
    fd = connected();
    request(fd, NBD_CMD_WRITE, 0, 100000);
    put(fd, payload, 100000);
    assert_int_equal(answer(fd, 100000), NBD_EPERM);
    assert_reads(fd, 0, 100000);
    request(fd, NBD_CMD_WRITE, 0, UINT32_MAX);
    assert_hung_up(fd);
    free(payload);
    stop();
}

static void wrong_magic_ends_the_connection(void **state)
{
    uint8_t junk[28];
    int fd;

    (void)state;
    start();
    memset(junk, 'x', sizeof(junk));
    fd = greet(NBD_FLAG_FIXED);
    put(fd, junk, sizeof(junk));
    assert_hung_up(fd);
    fd = connected();
    put(fd, junk, sizeof(junk));
    assert_hung_up(fd);
    /* Flags that nobody knows, and the old handshake. */
    fd = greet(0xff00);
    assert_hung_up(fd);
    fd = greet(0);
    assert_hung_up(fd);
    fd = connected();
    assert_reads(fd, 0, 512);
    close(fd);
    stop();
}

static void options_are_answered_one_by_one(void **state)
{
    uint8_t data[1024];
    uint32_t len;
    int fd;

    (void)state;
    start();
    fd = greet(NBD_FLAG_FIXED);
    for (uint32_t option = 8; option < 12; option++) {
        send_option(fd, option, "abc", 3);
        assert_int_equal(get_reply(fd, data, &len), NBD_REP_ERR_UNSUP);
    }
    send_option(fd, 5, NULL, 0); /* TLS */
    assert_int_equal(get_reply(fd, data, &len), NBD_REP_ERR_UNSUP);
    send_option(fd, NBD_OPT_LIST, NULL, 0);
    assert_int_equal(get_reply(fd, data, &len), NBD_REP_SERVER);
    assert_int_equal(len, 8);
    assert_memory_equal(data + 4, "disk", 4);
    assert_int_equal(get_reply(fd, data, &len), NBD_REP_ACK);
    send_option(fd, NBD_OPT_LIST, "x", 1);
    assert_int_equal(get_reply(fd, data, &len), NBD_REP_ERR_INVALID);
    assert_int_equal(go_reply(fd, "dis"), NBD_REP_ERR_UNKNOWN);
    assert_int_equal(go_reply(fd, "disk2"), NBD_REP_ERR_UNKNOWN);
    assert_int_equal(go_reply(fd, ""), NBD_REP_ACK);
    assert_reads(fd, 0, 512);
    close(fd);
    stop();
}

static void lengths_in_options_are_not_believed(void **state)
{
    static const uint8_t lies[][16] = {
        {0xff, 0xff, 0xff, 0xff, 0, 0},
        {0, 0, 0, 200, 0, 0},
        {0, 0, 0, 1, 'd', 0xff, 0xff},
        {0, 0, 0, 0, 0, 9},
        {0, 0, 0, 2, 'd'},
    };
    const uint32_t lens[] = {6, 6, 7, 6, 5};
    uint8_t data[1024], head[16];
    uint32_t len;
    int fd;

    (void)state;
    start();
    fd = greet(NBD_FLAG_FIXED);
    for (size_t i = 0; i < SW_ARRAY_LEN(lies); i++) {
        send_option(fd, NBD_OPT_GO, lies[i], lens[i]);
        assert_int_equal(get_reply(fd, data, &len), NBD_REP_ERR_INVALID);
    }
    send_option(fd, NBD_OPT_INFO, NULL, 0);
    assert_int_equal(get_reply(fd, data, &len), NBD_REP_ERR_INVALID);
    /* An option of 4 GiB. */
    be64_put(head, NBD_OPTION_MAGIC);
    be32_put(head + 8, NBD_OPT_GO);
    be32_put(head + 12, UINT32_MAX);
    put(fd, head, sizeof(head));
    assert_hung_up(fd);
    /* One after the other without end. */
    fd = greet(NBD_FLAG_FIXED);
    for (unsigned i = 0; i < 1000; i++)
        send_option(fd, 77, NULL, 0);
    assert_hung_up(fd);
    stop();
}

static void the_old_way_to_choose_an_export_works(void **state)
{
    uint8_t head[134];
    int fd;

    (void)state;
    start();
    fd = greet(NBD_FLAG_FIXED);
    send_option(fd, NBD_OPT_EXPORT_NAME, "disk", 4);
    assert_true(get(fd, head, sizeof(head)));
    assert_int_equal(be64_get(head), DISK_BYTES);
    assert_reads(fd, 512, 1024);
    close(fd);
    fd = greet(NBD_FLAG_FIXED | NBD_FLAG_NO_ZEROES);
    send_option(fd, NBD_OPT_EXPORT_NAME, "other", 5);
    assert_hung_up(fd);
    stop();
}

static void half_a_request_and_a_client_that_does_not_read_hold_nobody_up(void **state)
{
    int half, slow, good;

    (void)state;
    start();
    half = connected();
    put(half, "\x25\x60\x95", 3);
    slow = connected();
    for (unsigned i = 0; i < 40; i++)
        request(slow, NBD_CMD_READ, 0, DISK_BYTES);
    good = connected();
    assert_reads(good, 4096, 1 << 20);
    close(good);
    /* The end comes at once, whoever is still there. */
    stop();
    assert_hung_up(half);
    assert_hung_up(slow);
}

static int broken_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    (void)img;
    (void)buf;
    (void)len;
    return off < 4096 ? 0 : sw_fail(err, SW_INTEGRITY, "frame %llu is damaged", (unsigned long long)off);
}

static void an_error_of_the_image_is_told_and_kept(void **state)
{
    static const struct sw_format broken = {.name = "broken", .pread = broken_pread};
    struct sw_image image = {.format = &broken, .size_bytes = DISK_BYTES};
    struct sw_err err = {.code = SW_OK};
    uint8_t got[512];
    int fd;

    (void)state;
    assert_ok(sw_nbd_start(&image, SOCKET_PATH, "disk", &server, &err), err);
    fd = connected();
    assert_ok(sw_nbd_check(server, &err), err);
    request(fd, NBD_CMD_READ, 4096, 512);
    assert_int_equal(answer(fd, 4096 ^ 512), NBD_EIO);
    assert_failed(sw_nbd_check(server, &err), err, SW_INTEGRITY, "frame 4096 is damaged");
    request(fd, NBD_CMD_READ, 0, 512);
    assert_int_equal(answer(fd, 512), 0);
    assert_true(get(fd, got, sizeof(got)));
    close(fd);
    stop();
}

static void the_socket_must_lie_in_a_private_folder(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_nbd *none = NULL;
    char longer[200];

    (void)state;
    assert_int_equal(mkdir("open", 0755), 0);
    assert_failed(sw_nbd_start(disk, "open/s.sock", "disk", &none, &err), err, SW_REFUSED,
                  "is not a folder that is this user's alone");
    assert_int_equal(symlink("private", "link"), 0);
    assert_failed(sw_nbd_start(disk, "link/s.sock", "disk", &none, &err), err, SW_REFUSED, "'link'");
    assert_failed(sw_nbd_start(disk, "nowhere/s.sock", "disk", &none, &err), err, SW_FAILED, "'nowhere'");
    memset(longer, 'x', sizeof(longer) - 1);
    memcpy(longer, "private/", 8);
    longer[sizeof(longer) - 1] = '\0';
    assert_failed(sw_nbd_start(disk, longer, "disk", &none, &err), err, SW_USAGE, "bytes");
    /* What is there already is not taken over, nor removed. */
    assert_ok(sw_write_file("private/there", "x", 1, 0600, &err), err);
    assert_failed(sw_nbd_start(disk, "private/there", "disk", &none, &err), err, SW_FAILED, "private/there");
    assert_int_equal(access("private/there", F_OK), 0);
    assert_null(none);
}

static void another_user_is_hung_up_on(void **state)
{
    int status = 0;
    pid_t pid;

    (void)state;
    if (geteuid() != 0)
        skip();
    start();
    pid = fork();
    if (pid == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
        int dir = open("private", O_PATH | O_DIRECTORY), fd = socket(AF_UNIX, SOCK_STREAM, 0);
        char byte;

        if (setresuid(12345, 12345, 12345) < 0 || dir < 0)
            _exit(2);
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
            _exit(recv(fd, &byte, 1, 0) > 0 ? 3 : 4);
        _exit(errno == EACCES ? 0 : 5);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    /* One that was let into the folder is known by its user. */
    assert_int_equal(chmod("private", 0777), 0);
    assert_int_equal(chmod(SOCKET_PATH, 0666), 0);
    assert_int_equal(chmod(".", 0777), 0);
    pid = fork();
    if (pid == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        char byte;

        if (setresuid(12345, 12345, 12345) < 0 ||
            connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
            _exit(2);
        _exit(recv(fd, &byte, 1, 0) > 0 ? 3 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(chmod("private", 0700), 0);
    assert_int_equal(status, 0);
    stop();
}

static int64_t cpu_ms(void)
{
    struct timespec used;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void a_client_waits_without_work_while_no_descriptor_is_left(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
    struct rlimit before, none;
    uint8_t head[18];
    int64_t used;
    int fd, next;

    (void)state;
    start();
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    next = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    used = cpu_ms();
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    usleep(400000);
    used = cpu_ms() - used;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (used > 100)
        fail_msg("%lld of 400 ms were worked", (long long)used);
    assert_true(get(fd, head, sizeof(head)));
    close(fd);
    stop();
}

static void a_uri_escapes_what_has_a_meaning(void **state)
{
    struct sw_err err = {.code = SW_OK};
    char *uri = sw_nbd_uri("disk", "/a b/?x&y%#/s.sock", &err);

    (void)state;
    assert_string_equal(uri, "nbd+unix:///disk?socket=/a%20b/%3Fx%26y%25%23/s.sock");
    free(uri);
}

/* QEMU and libnbd's tools, where they are installed. */
static void peers_read_the_same(void **state)
{
    static const char *const commands[] = {
        "qemu-img compare -f raw -F raw 'nbd+unix:///disk?socket=" SOCKET_PATH "' disk.raw >peer.log 2>&1",
        "nbdinfo --size 'nbd+unix:///disk?socket=" SOCKET_PATH
        "' >size 2>peer.log && test \"$(cat size)\" = 3145728",
        "nbdinfo --can write 'nbd+unix:///disk?socket=" SOCKET_PATH "' 2>peer.log; test $? = 2",
        "nbdcopy 'nbd+unix:///disk?socket=" SOCKET_PATH "' copy.raw 2>peer.log && cmp copy.raw disk.raw",
    };
    static const char *const programs[] = {"qemu-img", "nbdinfo", "nbdinfo", "nbdcopy"};

    (void)state;
    start();
    for (size_t i = 0; i < SW_ARRAY_LEN(commands); i++) {
        char find[64];

        snprintf(find, sizeof(find), "command -v %s >/dev/null", programs[i]);
        if (system(find) == 0 && system(commands[i]) != 0) {
            (void)!system("cat peer.log >&2");
            fail_msg("%s", commands[i]);
        }
    }
    stop();
}

static int setup(void **state)
{
    const struct sw_open_opts opts = {.parents = NULL};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;
    uint32_t x = 2463534242u;

    if (enter_empty_folder(state) < 0 || mkdir("private", 0700) < 0)
        return -1;
    bytes = malloc(DISK_BYTES);
    for (size_t i = 0; i < DISK_BYTES; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(x >> 24);
    }
    return sw_write_file("disk.raw", bytes, DISK_BYTES, 0644, &err) < 0 ||
                   sw_in_open_file("disk.raw", &in, &err) < 0 ||
                   sw_image_open(in, "raw", &opts, &disk, &err) < 0
               ? -1
               : 0;
}

static int teardown(void **state)
{
    sw_image_close(disk);
    free(bytes);
    return leave_folder(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_reads_what_the_image_holds),
        cmocka_unit_test(several_clients_read_at_once),
        cmocka_unit_test(requests_out_of_bounds_are_refused_and_the_client_goes_on),
        cmocka_unit_test(a_write_is_taken_in_and_refused),
        cmocka_unit_test(wrong_magic_ends_the_connection),
        cmocka_unit_test(options_are_answered_one_by_one),
        cmocka_unit_test(lengths_in_options_are_not_believed),
        cmocka_unit_test(the_old_way_to_choose_an_export_works),
        cmocka_unit_test(half_a_request_and_a_client_that_does_not_read_hold_nobody_up),
        cmocka_unit_test(an_error_of_the_image_is_told_and_kept),
        cmocka_unit_test(the_socket_must_lie_in_a_private_folder),
        cmocka_unit_test(another_user_is_hung_up_on),
        cmocka_unit_test(a_client_waits_without_work_while_no_descriptor_is_left),
        cmocka_unit_test(a_uri_escapes_what_has_a_meaning),
        cmocka_unit_test(peers_read_the_same),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
