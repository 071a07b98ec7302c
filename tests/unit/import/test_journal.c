/* The journal: what is written is read back, what is damaged is refused, a torn line costs one part only. */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/import/upload.h"

#include <fcntl.h>
#include <sys/stat.h>

static void open_ok(struct import_journal *journal)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(journal_open("state", "1234", "s3://lab/key", journal, &err), err);
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
    s->attempt = 2;
    s->options = json_pack("{s:s}", "bucket", "lab");
    s->lane = json_pack("{s:i}", "blocks", 7);
    s->nr_objects = 2;
    s->objects[1].stage = OBJECT_COMPLETING;
    s->objects[1].input = (struct import_identity){1, UINT64_C(1) << 60, 3, 4, 5, 6, "e0"};
    s->objects[1].part_bytes = 8 << 20;
    s->objects[1].upload_id = strdup("a+/=\"<");
    strcpy(s->objects[1].format, "VMDK");
    strcpy(s->objects[1].mark, "00112233445566778899aabbccddeeff");
    s->nr_tasks = 1;
    s->tasks[0] = (struct sw_ec2_task){.id = "import-ami-1",
                                       .status = "deleted",
                                       .message = "ClientError: \xc3\xbc",
                                       .nr_snapshots = 2,
                                       .snapshots = {"snap-1", "snap-2"}};
    assert_ok(journal_save(&journal, &err), err);
    journal_close(&journal);
    open_ok(&journal);
    assert_int_equal(s->stage, IMPORT_RUNNING);
    assert_int_equal(s->attempt, 2);
    assert_int_equal(s->nr_objects, 2);
    assert_null(s->objects[0].upload_id);
    assert_int_equal(s->objects[1].stage, OBJECT_COMPLETING);
    assert_true(s->objects[1].input.file_bytes == UINT64_C(1) << 60 && s->objects[1].input.mtime_ns == 5);
    assert_int_equal(s->objects[1].input.ctime_ns, 6);
    assert_string_equal(s->objects[1].input.encoding, "e0");
    assert_string_equal(s->objects[1].upload_id, "a+/=\"<");
    assert_string_equal(s->objects[1].mark, "00112233445566778899aabbccddeeff");
    assert_string_equal(s->tasks[0].message, "ClientError: \xc3\xbc");
    assert_int_equal(s->tasks[0].nr_snapshots, 2);
    assert_string_equal(s->tasks[0].snapshots[1], "snap-2");
    assert_int_equal(json_integer_value(json_object_get(s->lane, "blocks")), 7);
    journal_close(&journal);
}

static void damage(const char *path, const char *text, enum sw_code code, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    struct import_journal journal;

    assert_ok(sw_write_file(path, text, strlen(text), 0600, &err), err);
    assert_failed(journal_open("state", "1234", "s3://lab/key", &journal, &err), err, code, why);
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
#define HEAD                                                                                                        \
    "{\"version\": 2, \"stage\": \"sending\", \"attempt\": 1, \"updated\": 1, \"request\": \"\", \"after\": \"\", " \
    "\"region\": \"\", \"image_id\": \"\", \"options\": {}, "
    damage(path, "", SW_INTEGRITY, "");
    damage(path, "{\"stage\": \"upl", SW_INTEGRITY, "");
    damage(path, "[]", SW_INTEGRITY, "'version'");
    damage(path, "{\"version\": 2, \"stage\": \"flying\"}", SW_INTEGRITY, "'stage'");
    damage(path, HEAD "\"objects\": [], \"tasks\": 1}", SW_INTEGRITY, "'tasks'");
    damage(path, HEAD "\"objects\": [{\"stage\": \"new\", \"input\": {\"size_bytes\": -1}}], \"tasks\": []}",
           SW_INTEGRITY, "object 1: its 'size_bytes'");
    damage(path,
           HEAD "\"objects\": [{\"stage\": \"new\", \"input\": {\"size_bytes\": 1, \"file_bytes\": 1, "
                "\"device\": 1, \"inode\": 1, \"mtime_ns\": 1}, \"format\": \"RAW\", "
                "\"mark\": \"0011223344556677889900aabbccddeeff0011\"}], \"tasks\": []}",
           SW_INTEGRITY, "'mark'");
    damage(path, HEAD "\"objects\": [], \"tasks\": [], \"lane\": []}", SW_INTEGRITY, "'lane'");
    /* What an earlier or a later slipway wrote is no damage, and is not guessed at. */
    damage(path, "{\"stage\": \"importing\", \"input\": {\"size_bytes\": 1}}", SW_FAILED, "version 1");
    damage(path, "{\"version\": 3, \"stage\": \"new\"}", SW_FAILED, "version 3");
    assert_int_equal(unlink(path), 0);
}

static void damage_after(const char *path, const char *stage, const char *rest, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *text =
        sw_strf(&err,
                "{\"version\": 2, \"stage\": \"%s\", \"attempt\": 1, \"updated\": 1, "
                "\"request\": \"\", \"after\": \"\", \"region\": \"\", \"image_id\": \"\", "
                "\"options\": {}, %s}",
                stage, rest);

    damage(path, text, SW_INTEGRITY, why);
}

static void a_stage_without_what_it_stands_on_is_damage(void **state)
{
    struct import_journal journal;
    SW_AUTO_FREE char *path = NULL;

    (void)state;
    open_ok(&journal);
    path = strdup(journal.path);
    journal_close(&journal);
#define OBJECT(stage, mark, rest)                                                                                  \
    "\"tasks\": [], \"objects\": [{\"stage\": \"" stage                                                            \
    "\", \"input\": {\"size_bytes\": 1, \"file_bytes\": 1, "                                                       \
    "\"device\": 1, \"inode\": 1, \"mtime_ns\": 1}, \"format\": \"RAW\", \"content\": \"\", \"object_bytes\": 1, " \
    "\"mark\": \"" mark "\"" rest "}]"
#define MARK "00112233445566778899aabbccddeeff"
    damage_after(path, "sending", OBJECT("creating", "", ", \"part_bytes\": 0"),
                 "object 1: its 'part_bytes'");
    damage_after(path, "sending", OBJECT("uploading", MARK, ", \"part_bytes\": 0, \"upload_id\": \"u\""),
                 "'part_bytes'");
    damage_after(path, "sending", OBJECT("uploading", MARK, ", \"part_bytes\": 9"), "'upload_id'");
    damage_after(path, "sending", OBJECT("completing", MARK, ", \"part_bytes\": 9, \"upload_id\": \"\""),
                 "'upload_id'");
    /* Any object that has no mark would be this import's, and cancel would remove it. */
    damage_after(path, "sent", OBJECT("uploaded", "", ", \"part_bytes\": 9"), "'mark'");
    damage_after(path, "sent", OBJECT("uploaded", "0011", ", \"part_bytes\": 9"), "'mark'");
    damage_after(path, "importing", "\"objects\": [], \"tasks\": []", "'tasks'");
    damage_after(
        path, "importing",
        "\"objects\": [], \"tasks\": [{\"id\": \"\", \"status\": \"\", \"progress\": \"\", \"message\": \"\", "
        "\"image_id\": \"\"}]",
        "task 1: its 'id'");
    damage_after(path, "finishing", "\"objects\": [], \"tasks\": []", "'image_id'");
    damage_after(path, "completed", "\"objects\": [], \"tasks\": []", "'image_id'");
    assert_int_equal(unlink(path), 0);
}

static void one_process_at_a_time(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct import_journal first, second;

    (void)state;
    open_ok(&first);
    assert_failed(journal_open("state", "1234", "s3://lab/key", &second, &err), err, SW_FAILED,
                  "another slipway is importing to 's3://lab/key'");
    journal_close(&second);
    assert_ok(journal_open("state", "5678", "s3://lab/other", &second, &err), err);
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
    struct import_part one = {.part = {2, 10, "etag-2", ""}, .sha256 = SHA};
    struct import_parts parts;
    SW_AUTO_FREE char *path = NULL;

    (void)state;
    open_ok(&journal);
    path = sw_strf(&err, "%s/1234.2.parts", journal.folder);
    strcpy(journal.state.objects[1].mark, "aa");
    assert_ok(journal_note_part(&journal, 1, &one, &err), err);
    append(path, "bb 1 10 " SHA " other-upload .\naa 10001 10 " SHA " beyond .\naa 1 0 " SHA " size .\n"
                 "aa 1 10 short etag .\naa 1 10 " SHA " e surplus .\naa 3 5 " SHA " to");
    journal_close(&journal);
    open_ok(&journal);
    strcpy(journal.state.objects[1].mark, "aa");
    one.part = (struct sw_s3_part){.number = 1, .size_bytes = 10, .etag = "etag-1"};
    assert_ok(journal_note_part(&journal, 1, &one, &err), err);
    assert_ok(journal_read_parts(&journal, 1, &parts, &err), err);
    assert_int_equal(parts.n, 2);
    assert_string_equal(parts.items[0].part.etag, "etag-1");
    assert_string_equal(parts.items[1].part.etag, "etag-2");
    assert_string_equal(parts.items[1].sha256, SHA);
    free(parts.items);
    assert_ok(journal_read_parts(&journal, 0, &parts, &err), err);
    assert_int_equal(parts.n, 0);
    journal_close(&journal);
}

/* A file that grew before its bytes came, when the power went. */
static void zeros_in_the_log_hide_nothing_behind_them(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct import_journal journal;
    struct import_part one = {.part = {1, 10, "etag-1", ""}, .sha256 = SHA};
    struct import_parts parts;
    SW_AUTO_FREE char *path = NULL;
    struct stat st;

    (void)state;
    open_ok(&journal);
    path = sw_strf(&err, "%s/1234.1.parts", journal.folder);
    strcpy(journal.state.objects[0].mark, "aa");
    assert_ok(journal_note_part(&journal, 0, &one, &err), err);
    journal_close(&journal);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size + 300), 0);
    open_ok(&journal);
    strcpy(journal.state.objects[0].mark, "aa");
    one.part = (struct sw_s3_part){.number = 2, .size_bytes = 10, .etag = "etag-2"};
    assert_ok(journal_note_part(&journal, 0, &one, &err), err);
    assert_ok(journal_read_parts(&journal, 0, &parts, &err), err);
    assert_int_equal(parts.n, 2);
    assert_string_equal(parts.items[0].part.etag, "etag-1");
    assert_string_equal(parts.items[1].part.etag, "etag-2");
    free(parts.items);
    journal_drop_parts(&journal, 0);
    journal_close(&journal);
}

static void a_part_counts_when_log_and_list_agree(void **state)
{
    struct sw_s3_part items[] = {{1, 10, "a", ""}, {2, 9, "b", ""}, {3, 5, "x", ""}, {9, 5, "y", ""}};
    struct import_part logged[] = {{{1, 10, "a", ""}, SHA, false},
                                   {{2, 10, "b", ""}, SHA, false},
                                   {{3, 10, "x", ""}, "", false},
                                   {{4, 10, "z", ""}, SHA, false}};
    struct sw_s3_parts listed = {.items = items, .n = 4};
    struct import_parts log = {logged, 4}, parts;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(upload_plan(35, 10, &parts, &err), err);
    assert_int_equal(parts.n, 4);
    assert_int_equal(parts.items[3].part.size_bytes, 5);
    upload_match(&parts, &log, &listed);
    assert_true(parts.items[0].done);
    assert_false(parts.items[1].done || parts.items[2].done || parts.items[3].done);
    assert_string_equal(parts.items[3].sha256, "");
    free(parts.items);
}

static void parts_stay_below_what_s3_takes(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct import_parts parts;

    (void)state;
    assert_int_equal(sw_import_part_bytes(1), 8 << 20);
    for (uint64_t size = 1; size < UINT64_C(50) << 40; size = size * 3 + 1)
        assert_in_range((size + sw_import_part_bytes(size) - 1) / sw_import_part_bytes(size), 1, 9000);
    assert_failed(upload_plan(0, 8 << 20, &parts, &err), err, SW_FAILED, "are 0 parts");
    assert_failed(upload_plan(UINT64_C(10001) * (5 << 20), 5 << 20, &parts, &err), err, SW_FAILED,
                  "10001 parts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(refuses_a_damaged_file),
        cmocka_unit_test(a_stage_without_what_it_stands_on_is_damage),
        cmocka_unit_test(one_process_at_a_time),
        cmocka_unit_test(parts_survive_a_torn_line_and_foreign_ones),
        cmocka_unit_test(zeros_in_the_log_hide_nothing_behind_them),
        cmocka_unit_test(a_part_counts_when_log_and_list_agree),
        cmocka_unit_test(parts_stay_below_what_s3_takes),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
