/* A copy that stops after any number of blocks goes on to the same bytes, in every format. */
#include "slipway/progress.h"
#include "src/copy/journal.h"
#include "tests/formats/disks.h"
#include "tests/unit/files.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

enum { DISK_BYTES = (34 << 20) + 1536 };

static const struct sw_resume at_each_block = {.program = "test", .every_ms = 0};
static const struct sw_resume never = {.program = "test", .every_ms = 86400000};

/* Raises a signal once so many blocks are put. */
struct stopper {
    struct sw_progress base;
    unsigned after, ticks;
    int signal;
};

static void stop(struct sw_progress *self, uint64_t done_bytes, uint64_t total_bytes)
{
    struct stopper *stopper = (struct stopper *)self;

    if (done_bytes > total_bytes)
        abort();
    if (stopper->ticks++ == stopper->after)
        raise(stopper->signal);
}

/* Data of every kind: text, noise, zeros that are stored, more than one table of grains or clusters. */
static void make_source(void)
{
    static const struct span spans[] = {
        {0, 200 << 10}, {3 << 20, 300 << 10}, {9 << 20, 130 << 10}, {(33 << 20) + 512, 70000}};
    uint32_t noise[32768], seed = 1;
    int fd;

    make_raw("src", DISK_BYTES, spans, SW_ARRAY_LEN(spans));
    for (size_t i = 0; i < SW_ARRAY_LEN(noise); i++)
        noise[i] = seed = seed * 1664525 + 1013904223;
    fd = open("src", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, noise, sizeof(noise), 5 << 20), sizeof(noise));
    memset(noise, 0, sizeof(noise));
    assert_int_equal(pwrite(fd, noise, sizeof(noise), 7 << 20), sizeof(noise));
    assert_int_equal(pwrite(fd, "end", 3, DISK_BYTES - 3), 3);
    close(fd);
}

struct result {
    int rc;
    struct sw_copy_stats stats;
    struct sw_err err;
};

static struct result copy_once(const struct target *target, uint32_t unit_bytes, unsigned jobs,
                               const struct sw_resume *resume, struct sw_progress *progress)
{
    struct result result = {.rc = 0};
    struct sw_copy copy = {.format = target->format, .jobs = jobs, .resume = resume, .progress = progress};

    copy.create = (struct sw_create_opts){
        .subformat = target->subformat, .unit_bytes = unit_bytes, .epoch = 1700000000};
    copy.src = open_image("src", "raw");
    assert_true(sw_copy_can_resume(&copy));
    assert_ok(sw_out_open_partial("dst", 0600, &copy.out, &result.err), result.err);
    result.rc = sw_copy_image(&copy, &result.stats, &result.err);
    if (result.rc == 0)
        result.rc = sw_out_commit(copy.out, &result.err);
    sw_out_close(copy.out);
    sw_image_close(copy.src);
    return result;
}

/* The copy in a process of its own, which the signal ends; true when it came to the end all the same. */
static bool copy_stopped(const struct target *target, uint32_t unit_bytes, struct stopper *stopper,
                         const struct sw_resume *resume)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        struct result result;

        sw_catch_signals();
        result = copy_once(target, unit_bytes, 1 + stopper->after % 3, resume, &stopper->base);
        _exit(result.rc == 0 ? 0 : result.err.code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (stopper->signal == SIGKILL && WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return false;
    }
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0)
        assert_int_equal(WEXITSTATUS(status), SW_INTERRUPTED);
    return WEXITSTATUS(status) == 0;
}

static void assert_goes_on(const struct target *target, uint32_t unit_bytes, unsigned after,
                           const struct result *whole)
{
    struct result result = copy_once(target, unit_bytes, 1 + after % 2, &never, NULL);

    assert_ok(result.rc, result.err);
    assert_same_files("whole", "dst");
    assert_int_equal(result.stats.read_bytes, whole->stats.read_bytes);
    assert_int_equal(result.stats.data_bytes, whole->stats.data_bytes);
    assert_int_equal(result.stats.zero_bytes, whole->stats.zero_bytes);
    assert_int_equal(result.stats.stored_bytes, whole->stats.stored_bytes);
    assert_false(sw_path_exists(".dst.partial"));
    assert_false(sw_path_exists(".dst.journal"));
    assert_int_equal(unlink("dst"), 0);
}

/* signal INT: the last check-point is taken on the way out. KILL: what the one after the last block says counts. */
static void stop_everywhere(const struct target *target, uint32_t unit_bytes, int signal, unsigned step)
{
    struct stopper counter = {.base = {.tick = stop}, .after = UINT_MAX};
    struct result whole = copy_once(target, unit_bytes, 2, &never, &counter.base);
    const struct sw_resume *resume = signal == SIGKILL ? &at_each_block : &never;
    unsigned nr_stopped = 0;

    print_message("%s %s %u\n", target->format->name, target->subformat ? target->subformat : "", unit_bytes);
    assert_ok(whole.rc, whole.err);
    assert_int_equal(rename("dst", "whole"), 0);
    for (unsigned after = 0; after < counter.ticks; after += step) {
        struct stopper stopper = {.base = {.tick = stop}, .after = after, .signal = signal};

        /* Where all is planned before the signal comes, the copy comes to its end. */
        if (copy_stopped(target, unit_bytes, &stopper, resume)) {
            assert_same_files("whole", "dst");
            continue;
        }
        nr_stopped++;
        /* The first tick comes before any block; where several write, a kill may come before a check-point. */
        if (signal != SIGKILL || after % 3 == 0)
            assert_int_equal(sw_path_exists(".dst.journal"), after > 0);
        assert_int_equal(sw_path_exists(".dst.partial"), after > 0 || signal == SIGKILL);
        assert_goes_on(target, unit_bytes, after, &whole);
    }
    assert_in_range(nr_stopped, 2, counter.ticks);
    assert_int_equal(unlink("whole"), 0);
    (void)unlink("dst");
}

static bool next_resumable(struct target *target)
{
    while (next_target(target))
        if (target->format->save != NULL)
            return true;
    return false;
}

static void interrupted_after_any_block_it_goes_on_to_the_same_bytes(void **state)
{
    struct target target = {0};
    unsigned n = 0;

    (void)state;
    make_source();
    for (; next_resumable(&target); n++)
        stop_everywhere(&target, 0, SIGINT, 1);
    assert_in_range(n, 6, 100);
}

static void killed_after_any_block_it_goes_on_to_the_same_bytes(void **state)
{
    struct target target = {0};

    (void)state;
    make_source();
    while (next_resumable(&target))
        stop_everywhere(&target, 0, SIGKILL, 3);
}

static void clusters_of_any_size_go_on(void **state)
{
    static const uint32_t units[] = {4096, 2 << 20};
    static const char *const subformats[] = {"zstd", "plain"};

    (void)state;
    make_source();
    for (size_t i = 0; i < 4; i++) {
        struct target target = {.format = sw_format_by_name("qcow2"), .subformat = subformats[i % 2]};

        stop_everywhere(&target, units[i / 2], SIGINT, units[i / 2] == 4096 ? 41 : 2);
    }
}

/* A fresh image that takes up this state: refused, or fit to go on. True when it was taken. */
static bool try_state(const struct target *target, uint64_t point, const uint8_t *state, size_t len)
{
    struct sw_create_opts create = {
        .size_bytes = DISK_BYTES, .subformat = target->subformat, .epoch = 1700000000};
    SW_AUTO_FREE uint8_t *unit = calloc(1, 2 << 20);
    struct sw_block block = {.len = 512, .kind = SW_BLOCK_DATA, .data = unit, .coded = unit};
    struct sw_image *img = NULL;
    struct sw_out *out = NULL;
    struct sw_err err = {0};
    bool taken;

    assert_ok(sw_out_create_file("scratch", 0600, &out, &err), err);
    assert_ok(target->format->create(out, &create, &img, &err), err);
    taken = target->format->restore(img, point, state, len, &err) == 0;
    if (taken) {
        block.off = (DISK_BYTES - 1) / img->unit_bytes * img->unit_bytes;
        block.coded_len = target->format->encode != NULL ? 512 : 0;
        if (target->format->put(img, &block, &err) == 0)
            (void)!target->format->finish(img, &err);
    } else {
        assert_int_equal(err.code, SW_INTEGRITY);
        assert_non_null(strstr(err.text, "the writer's state"));
    }
    sw_image_close(img);
    sw_out_close(out);
    return taken;
}

static void damage_state(const struct target *target, const struct journal *journal)
{
    SW_AUTO_FREE uint8_t *copy = malloc(journal->state_len + 1);
    size_t taken = 0, tried = 0;

    assert_non_null(copy);
    memcpy(copy, journal->state, journal->state_len);
    copy[journal->state_len] = 0;
    assert_true(try_state(target, journal->made.point, copy, journal->state_len));
    assert_false(try_state(target, journal->made.point, copy, journal->state_len + 1));
    for (size_t at = 0; at < journal->state_len; at += at < 128 ? 1 : 997) {
        static const uint8_t flips[] = {0x01, 0x80, 0xff};

        assert_false(try_state(target, journal->made.point, copy, at));
        for (size_t i = 0; i < sizeof(flips); i++, tried++) {
            copy[at] ^= flips[i];
            taken += try_state(target, journal->made.point, copy, journal->state_len);
            copy[at] ^= flips[i];
        }
    }
    print_message("%s %s: %zu of %zu damaged states are taken\n", target->format->name,
                  target->subformat ? target->subformat : "", taken, tried);
}

static void a_damaged_state_is_refused_or_harmless(void **state)
{
    struct target target = {0};

    (void)state;
    make_source();
    while (next_resumable(&target)) {
        struct stopper stopper = {.base = {.tick = stop}, .after = 3, .signal = SIGKILL};
        AUTO_JOURNAL struct journal journal = {.source = NULL};
        struct sw_err err = {0};

        assert_false(copy_stopped(&target, 0, &stopper, &at_each_block));
        assert_int_equal(journal_read(".dst.journal", &journal, &err), 1);
        damage_state(&target, &journal);
        assert_int_equal(unlink(".dst.journal") | unlink(".dst.partial"), 0);
    }
}

/* Each stop is several syncs: in memory, where there is room for it. */
static int enter_memory(void **state)
{
    char *path = strdup("/dev/shm/slipway-test.XXXXXX");

    if (path == NULL || mkdtemp(path) == NULL || chdir(path) < 0) {
        free(path);
        return enter_empty_folder(state);
    }
    *state = path;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupted_after_any_block_it_goes_on_to_the_same_bytes),
        cmocka_unit_test(killed_after_any_block_it_goes_on_to_the_same_bytes),
        cmocka_unit_test(clusters_of_any_size_go_on),
        cmocka_unit_test(a_damaged_state_is_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, enter_memory, leave_folder);
}
