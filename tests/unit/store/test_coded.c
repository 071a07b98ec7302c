/* Encoded units come back as they were put; a file that is damaged in any way gives nothing wrong. */
#include "tests/unit/store/store_case.h"

#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/store/coded.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNITS = 40, UNIT = 64 << 10, CAP = 1000 };

/* Every fifth unit is missing, every third of the others is zeros. */
static size_t len_of(unsigned i)
{
    return i % 3 == 0 ? 0 : 20 + i * 13;
}

static void fill(uint8_t *to, unsigned i)
{
    for (size_t at = 0; at < len_of(i); at++)
        to[at] = (uint8_t)(i * 7 + at);
}

static void put_units(struct sw_coded *coded)
{
    uint8_t bytes[CAP];

    for (unsigned i = 0; i < UNITS; i++) {
        struct sw_block block = {
            .off = (uint64_t)i * UNIT, .len = UNIT, .coded = bytes, .coded_cap = CAP, .coded_len = len_of(i)};

        fill(bytes, i);
        block.kind = len_of(i) == 0 ? SW_BLOCK_ZERO : SW_BLOCK_DATA;
        if (i % 5 != 0)
            coded->put(coded, &block);
    }
}

static void write_file(const char *path)
{
    struct coded_writer *writer = NULL;
    struct sw_err err = {0};

    assert_ok(coded_writer_open(path, 1 << 20, &writer, &err), err);
    put_units(coded_writer_coded(writer));
    assert_true(coded_writer_is_good(writer));
    assert_ok(coded_writer_commit(writer, &err), err);
    coded_writer_free(writer);
}

static int open_file(const char *path, struct coded_reader **reader, struct sw_err *err)
{
    struct sw_in *in = NULL;

    assert_ok(sw_in_open_file(path, &in, err), *err);
    return coded_reader_open(in, reader, err);
}

/* Whatever it gives must be right; returns how many units it gave. */
static unsigned check_units(struct sw_coded *coded)
{
    uint8_t want[CAP], got[CAP];
    unsigned n = 0;

    for (unsigned i = 0; i < UNITS; i++) {
        struct sw_block block = {.off = (uint64_t)i * UNIT, .len = UNIT, .coded = got, .coded_cap = CAP};

        if (!coded->get(coded, &block))
            continue;
        n++;
        assert_true(i % 5 != 0);
        assert_int_equal(block.kind, len_of(i) == 0 ? SW_BLOCK_ZERO : SW_BLOCK_DATA);
        assert_int_equal(block.coded_len, len_of(i));
        fill(want, i);
        assert_memory_equal(got, want, len_of(i));
    }
    return n;
}

static void units_come_back_as_they_were_put(void **state)
{
    struct coded_reader *reader = NULL;
    struct sw_err err = {0};

    (void)state;
    write_file("whole");
    assert_ok(open_file("whole", &reader, &err), err);
    assert_int_equal(check_units(coded_reader_coded(reader)), UNITS - UNITS / 5);
    coded_reader_free(reader);
}

static void a_unit_larger_than_the_block_is_not_given(void **state)
{
    struct coded_reader *reader = NULL;
    struct sw_err err = {0};
    uint8_t room[8];
    struct sw_block block = {.off = UNIT, .len = UNIT, .coded = room, .coded_cap = sizeof(room)};

    (void)state;
    write_file("whole");
    assert_ok(open_file("whole", &reader, &err), err);
    assert_false(coded_reader_coded(reader)->get(coded_reader_coded(reader), &block));
    coded_reader_free(reader);
}

/* In place: thousands of new files would wait for the disk. */
static void flip(int fd, off_t at)
{
    char byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= (char)(1 << at % 8);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void a_flipped_bit_anywhere_gives_nothing_wrong(void **state)
{
    struct sw_err err = {0};
    struct stat st;
    int fd;

    (void)state;
    write_file("bad");
    fd = open("bad", O_RDWR | O_CLOEXEC);
    assert_int_equal(fstat(fd, &st), 0);
    for (off_t at = 0; at < st.st_size; at++) {
        struct coded_reader *reader = NULL;

        flip(fd, at);
        if (open_file("bad", &reader, &err) < 0)
            assert_int_equal(err.code, SW_INTEGRITY);
        else
            check_units(coded_reader_coded(reader));
        coded_reader_free(reader);
        flip(fd, at);
    }
    close(fd);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    struct sw_buf file = {0};
    struct sw_err err = {0};

    (void)state;
    write_file("whole");
    assert_ok(sw_read_file("whole", 1 << 20, &file, &err), err);
    for (size_t len = 0; len < file.len; len += 1 + len / 50) {
        struct coded_reader *reader = NULL;

        assert_ok(sw_write_file("bad", file.data, len, 0600, &err), err);
        assert_failed(open_file("bad", &reader, &err), err, SW_INTEGRITY, "'bad'");
    }
    sw_buf_free(&file);
}

static void a_writer_without_room_keeps_nothing(void **state)
{
    struct coded_writer *writer = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(coded_writer_open("small", 1000, &writer, &err), err);
    put_units(coded_writer_coded(writer));
    assert_false(coded_writer_is_good(writer));
    coded_writer_free(writer);
    assert_false(sw_path_exists("small"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_come_back_as_they_were_put),
        cmocka_unit_test(a_unit_larger_than_the_block_is_not_given),
        cmocka_unit_test(a_flipped_bit_anywhere_gives_nothing_wrong),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_writer_without_room_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
