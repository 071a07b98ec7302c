/* The log of written blocks: what counts after a kill, and what never does. */
#include "tests/unit/testing.h"

#include "src/base/digest.h"
#include "src/import/block_log.h"

#include <fcntl.h>

#define SNAPSHOT "snap-0123456789abcdef0"

static void open_log(struct block_log *log, const char *snapshot)
{
    struct sw_err err = {.code = SW_OK};

    *log = (struct block_log){.fd = -1};
    assert_ok(block_log_open(log, "blocks", snapshot, &err), err);
}

static void note(struct block_log *log, uint32_t index)
{
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[SW_EBS_DIGEST];

    memset(digest, (int)(index % 251) + 1, sizeof(digest));
    assert_ok(block_log_note(log, index, digest, &err), err);
}

static bool has(const struct block_log *log, uint32_t index)
{
    struct sw_err err = {.code = SW_OK};
    bool found;

    assert_ok(block_log_find(log, index, &found, NULL, &err), err);
    return found;
}

static uint64_t count(const struct block_log *log, uint8_t linear[SW_EBS_DIGEST])
{
    struct sw_err err = {.code = SW_OK};
    uint64_t blocks;
    bool any;

    assert_ok(block_log_sum(log, &blocks, linear, &err), err);
    assert_ok(block_log_any(log, &any, &err), err);
    assert_int_equal(any, blocks > 0);
    return blocks;
}

static void overwrite(off_t at, const char *bytes, size_t len)
{
    int fd = open("blocks", O_WRONLY);

    assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
    close(fd);
}

static void blocks_noted_in_any_order_are_summed_in_ascending_order(void **state)
{
    static const uint32_t order[] = {90000, 2, 0, 134217727};
    struct sw_err err = {.code = SW_OK};
    uint8_t digests[4][SW_EBS_DIGEST], linear[SW_EBS_DIGEST], want[SW_SHA256_BYTES];
    struct block_log log;

    (void)state;
    unlink("blocks");
    open_log(&log, SNAPSHOT);
    for (size_t i = 0; i < 4; i++)
        note(&log, order[i]);
    block_log_close(&log);
    open_log(&log, SNAPSHOT);
    memset(digests[0], 1, SW_EBS_DIGEST);
    memset(digests[1], 3, SW_EBS_DIGEST);
    memset(digests[2], 90000 % 251 + 1, SW_EBS_DIGEST);
    memset(digests[3], 134217727 % 251 + 1, SW_EBS_DIGEST);
    assert_ok(sw_sha256(digests, sizeof(digests), want, &err), err);
    assert_int_equal(count(&log, linear), 4);
    assert_memory_equal(linear, want, sizeof(want));
    assert_true(has(&log, 90000) && has(&log, 134217727) && has(&log, 0));
    assert_false(has(&log, 1) || has(&log, 90001));
    block_log_close(&log);
}

static void records_of_another_snapshot_do_not_count(void **state)
{
    uint8_t linear[SW_EBS_DIGEST];
    struct block_log log;

    (void)state;
    unlink("blocks");
    open_log(&log, SNAPSHOT);
    note(&log, 5);
    block_log_close(&log);
    open_log(&log, "snap-0123456789abcdef1");
    assert_false(has(&log, 5));
    assert_int_equal(count(&log, linear), 0);
    block_log_close(&log);
}

static void torn_damaged_and_moved_records_do_not_count(void **state)
{
    uint8_t linear[SW_EBS_DIGEST];
    struct block_log log;
    char record[40];
    int fd;

    (void)state;
    unlink("blocks");
    open_log(&log, SNAPSHOT);
    for (uint32_t i = 0; i < 4; i++)
        note(&log, i);
    block_log_close(&log);
    fd = open("blocks", O_RDONLY);
    assert_int_equal(pread(fd, record, sizeof(record), 40), sizeof(record));
    close(fd);
    overwrite(7, "X", 1);
    overwrite(2 * 40, record, sizeof(record));
    assert_int_equal(truncate("blocks", 3 * 40 + 39), 0);
    open_log(&log, SNAPSHOT);
    assert_false(has(&log, 0) || has(&log, 2) || has(&log, 3));
    assert_true(has(&log, 1));
    assert_int_equal(count(&log, linear), 1);
    note(&log, 3);
    assert_true(has(&log, 3));
    assert_int_equal(count(&log, linear), 2);
    block_log_close(&log);
}

static void a_journal_that_names_no_snapshot_is_refused(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct block_log log = {.fd = -1};

    (void)state;
    assert_failed(block_log_open(&log, "blocks", "../../etc/passwd", &err), err, SW_INTEGRITY,
                  "'../../etc/passwd' is no id of a snapshot");
    block_log_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_noted_in_any_order_are_summed_in_ascending_order),
        cmocka_unit_test(records_of_another_snapshot_do_not_count),
        cmocka_unit_test(torn_damaged_and_moved_records_do_not_count),
        cmocka_unit_test(a_journal_that_names_no_snapshot_is_refused),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
