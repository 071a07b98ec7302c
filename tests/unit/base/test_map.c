/* Windows show what the file has; what it has no more reads as zeros, is told, and ends nobody. */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/base/map.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { FILE_BYTES = 5 * 4096 + 100, CUT = 2 * 4096 };

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 256 + 1);
}

static struct sw_in *open_file(const char *name)
{
    uint8_t bytes[FILE_BYTES];
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = byte_at(i);
    assert_ok(sw_write_file(name, bytes, sizeof(bytes), 0600, &err), err);
    assert_ok(sw_in_open_file(name, &in, &err), err);
    return in;
}

static void a_window_shows_what_is_there_at_any_offset(void **state)
{
    const struct {
        uint64_t off;
        size_t len;
    } windows[] = {{0, FILE_BYTES}, {0, 1}, {4096, 4096}, {4095, 2}, {5000, 7000}, {FILE_BYTES - 1, 1}};
    struct sw_in *in = open_file("whole");

    (void)state;
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        struct sw_map map;

        assert_int_equal(sw_map_begin(&map, in, windows[i].off, windows[i].len), 0);
        assert_int_equal(map.len, windows[i].len);
        for (size_t k = 0; k < map.len; k++)
            assert_int_equal(map.bytes[k], byte_at(windows[i].off + k));
        assert_int_equal(sw_map_end(&map), 0);
    }
    sw_in_close(in);
}

static void there_is_no_window_beyond_the_end_or_of_what_is_no_file(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = open_file("whole"), *bytes = NULL;
    struct sw_in wrapped = *in;
    struct sw_in_ops ops = *in->ops;
    struct sw_map map;

    (void)state;
    assert_int_equal(sw_map_begin(&map, in, FILE_BYTES - 10, 11), -1);
    assert_int_equal(sw_map_begin(&map, in, UINT64_MAX, 2), -1);
    assert_int_equal(sw_map_begin(&map, in, 0, 0), -1);
    assert_ok(sw_in_open_bytes("bytes", 5, "memory", &bytes, &err), err);
    assert_int_equal(sw_map_begin(&map, bytes, 0, 5), -1);
    wrapped.ops = &ops; /* who has its own way of reading is asked for it */
    assert_int_equal(sw_map_begin(&map, &wrapped, 0, 5), -1);
    sw_in_close(bytes);
    sw_in_close(in);
}

/* In a thread of its own as well: a fault is the thread's that has the window. */
static void *read_a_cut_file(void *name)
{
    struct sw_in *in = open_file(name);
    struct sw_map map;

    assert_int_equal(sw_map_begin(&map, in, 100, FILE_BYTES - 100), 0);
    assert_int_equal(map.bytes[0], byte_at(100));
    assert_int_equal(truncate(name, CUT), 0);
    for (size_t i = 0; i < map.len; i++)
        assert_int_equal(map.bytes[i], i + 100 < CUT ? byte_at(i + 100) : 0);
    assert_int_equal(sw_map_end(&map), -1);
    assert_int_equal(sw_map_begin(&map, in, 0, CUT), 0);
    assert_int_equal(map.bytes[CUT - 1], byte_at(CUT - 1));
    assert_int_equal(sw_map_end(&map), 0);
    sw_in_close(in);
    return NULL;
}

static void a_file_that_is_cut_meanwhile_reads_as_zeros_and_is_told(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, read_a_cut_file, "cut by another"), 0);
    (void)read_a_cut_file("cut");
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Touches a page that is nobody's window. */
static void touch_another(const struct sw_in *in)
{
    const volatile uint8_t *page = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, in->fd, 0);
    struct sw_map map;

    (void)signal(SIGBUS, SIG_DFL); /* what a sanitizer may have put there */
    if (sw_map_begin(&map, in, 0, CUT) == 0 && truncate("other", CUT) == 0 && page[CUT] == 0)
        _exit(0);
    _exit(1);
}

static void a_fault_elsewhere_ends_the_process_as_ever(void **state)
{
    struct sw_in *in = open_file("other");
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0)
        touch_another(in);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    sw_in_close(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_elsewhere_ends_the_process_as_ever),
        cmocka_unit_test(a_window_shows_what_is_there_at_any_offset),
        cmocka_unit_test(there_is_no_window_beyond_the_end_or_of_what_is_no_file),
        cmocka_unit_test(a_file_that_is_cut_meanwhile_reads_as_zeros_and_is_told),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
