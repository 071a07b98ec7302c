/* The journal: what is written is read back, what is damaged is refused, a torn line costs one part only. */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/import/upload.h"

#include <fcntl.h>

static void open_ok(struct import_journal *journal)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(journal_open("state", "https://s3/lab/key", journal, &err), err);
}

static void reads_back_what_it_wrote(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct import_journal journal;
    struct import_state *s = &journal.state;

    (void)state;
    open_ok(&journal);
    assert_int_equal(s->stage, IMPORT_NEW);
    s->stage = IMPORT_RUNNING;
    s->input = (struct import_identity){1, UINT64_C(1) << 60, 3, 4, 5};
    s->part_bytes = 8 << 20;
    s->attempt = 2;
    s->upload_id = strdup("a+/=\"<");
    strcpy(s->mark, "00112233445566778899aabbccddeeff");
    s->task = (struct sw_ec2_task){true, "import-ami-1", "deleted", "", "", "ClientError: \xc3\xbc"};
    assert_ok(journal_save(&journal, &err), err);
    journal_close(&journal);
    open_ok(&journal);
    assert_int_equal(s->stage, IMPORT_RUNNING);
    assert_true(s->input.file_bytes == UINT64_C(1) << 60 && s->input.mtime_ns == 5);
    assert_int_equal(s->attempt, 2);
    assert_string_equal(s->upload_id, "a+/=\"<");
    assert_string_equal(s->mark, "00112233445566778899aabbccddeeff");
    assert_string_equal(s->task.message, "ClientError: \xc3\xbc");
    journal_close(&journal);
}

static void damage(const char *path, const char *text, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    struct import_journal journal;

    assert_ok(sw_write_file(path, text, strlen(text), 0600, &err), err);
    assert_failed(journal_open("state", "https://s3/lab/key", &journal, &err), err, SW_INTEGRITY, why);
    assert_non_null(strstr(err.text, "remove it to start anew"));
    journal_close(&journal);
}

static void refuses_a_damaged_file(void **state)
{
    struct import_journal journal;
    SW_AUTO_FREE char *path = NULL;

    (void)state;
    open_ok(&journal);
    path = strdup(journal.path);
    journal_close(&journal);
    damage(path, "", "");
    damage(path, "{\"stage\": \"upl", "");
    damage(path, "[]", "'stage'");
    damage(path, "{\"stage\": \"flying\"}", "'stage'");
    damage(path, "{\"stage\": \"new\", \"input\": {\"size_bytes\": -1}}", "'size_bytes'");
    damage(
        path,
        "{\"stage\": \"new\", \"input\": {\"size_bytes\": 1, \"file_bytes\": 1, \"device\": 1, \"inode\": 1, "
        "\"mtime_ns\": 1}, \"mark\": \"0011223344556677889900aabbccddeeff0011\"}",
        "'mark'");
    assert_int_equal(unlink(path), 0);
}

static void one_process_at_a_time(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct import_journal first, second;

    (void)state;
    open_ok(&first);
    assert_failed(journal_open("state", "https://s3/lab/key", &second, &err), err, SW_FAILED,
                  "another slipway");
    journal_close(&second);
    assert_ok(journal_open("state", "https://s3/lab/other", &second, &err), err);
    journal_close(&second);
    journal_close(&first);
}

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void append(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_APPEND);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void parts_survive_a_torn_line_and_foreign_ones(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct import_journal journal;
    struct import_part one = {.part = {2, 10, "etag-2"}, .sha256 = SHA};
    struct import_part *parts;
    size_t n;

    (void)state;
    open_ok(&journal);
    strcpy(journal.state.mark, "aa");
    assert_ok(journal_note_part(&journal, &one, &err), err);
    append(journal.parts_path, "bb 1 10 " SHA " other-upload\naa 9 10 " SHA " beyond\naa 1 9 " SHA " size\n"
                               "aa 1 10 short etag\naa 1 10 " SHA " e surplus\naa 3 5 " SHA " to");
    journal_close(&journal);
    open_ok(&journal);
    strcpy(journal.state.mark, "aa");
    one.part = (struct sw_s3_part){1, 10, "etag-1"};
    assert_ok(journal_note_part(&journal, &one, &err), err);
    parts = upload_plan(25, 10, &n, &err);
    assert_int_equal(n, 3);
    assert_ok(journal_read_parts(&journal, parts, n, &err), err);
    assert_string_equal(parts[0].part.etag, "etag-1");
    assert_string_equal(parts[1].part.etag, "etag-2");
    assert_string_equal(parts[1].sha256, SHA);
    free(parts);
    journal_close(&journal);
}

static void a_part_counts_when_log_and_list_agree(void **state)
{
    struct sw_s3_part items[] = {{1, 10, "a"}, {2, 9, "b"}, {3, 5, "x"}, {9, 5, "y"}};
    struct sw_s3_parts listed = {.items = items, .n = 4};
    struct sw_err err = {.code = SW_OK};
    struct import_part *parts;
    size_t n;

    (void)state;
    parts = upload_plan(35, 10, &n, &err);
    assert_int_equal(n, 4);
    assert_int_equal(parts[3].part.size_bytes, 5);
    strcpy(parts[0].sha256, SHA);
    strcpy(parts[0].part.etag, "a");
    strcpy(parts[1].sha256, SHA);
    strcpy(parts[1].part.etag, "b");
    strcpy(parts[2].part.etag, "x");
    upload_match(parts, n, &listed);
    assert_true(parts[0].done);
    assert_false(parts[1].done || parts[2].done || parts[3].done);
    free(parts);
}

static void parts_stay_below_what_s3_takes(void **state)
{
    struct sw_err err = {.code = SW_OK};
    size_t n;

    (void)state;
    assert_int_equal(sw_import_part_bytes(1), 8 << 20);
    for (uint64_t size = 1; size < UINT64_C(50) << 40; size = size * 3 + 1)
        assert_in_range((size + sw_import_part_bytes(size) - 1) / sw_import_part_bytes(size), 1, 9000);
    assert_null(upload_plan(0, 8 << 20, &n, &err));
    assert_null(upload_plan(UINT64_C(10001) * (5 << 20), 5 << 20, &n, &err));
    assert_non_null(strstr(err.text, "10001 parts"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(refuses_a_damaged_file),
        cmocka_unit_test(one_process_at_a_time),
        cmocka_unit_test(parts_survive_a_torn_line_and_foreign_ones),
        cmocka_unit_test(a_part_counts_when_log_and_list_agree),
        cmocka_unit_test(parts_stay_below_what_s3_takes),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
