/* VHDX's log: what it writes is seen without it being written, and one that cannot be replayed is an error. */
#include "tests/unit/formats/vhdx_edit.h"

#define MIB    ((uint64_t)EDIT_MIB)
#define SECTOR ((uint64_t)VHDX_LOG_SECTOR)

/* A write of an entry: a page filled with fill, or zeros where zeros is their length. */
struct write {
    uint64_t off, zeros;
    uint8_t fill;
};

static const uint8_t guid[16] = {1, 2, 3};

/* An entry at a sector of the log, around its end; a data sector's first 8 and last 4 bytes lie in its descriptor. */
static void put_entry(struct mem_file *file, unsigned sector, unsigned tail, uint64_t sequence,
                      const struct write *writes, unsigned n)
{
    unsigned front = (n + 2 + 127) / 128, sectors = front;
    uint8_t *entry = calloc(front + n, SECTOR);

    for (unsigned i = 0; i < n; i++) {
        uint8_t *at = entry + 64 + i * 32, *data = entry + sectors * SECTOR;

        le64_put(at + 16, writes[i].off);
        le64_put(at + 24, sequence);
        memcpy(at, writes[i].zeros ? "zero" : "desc", 4);
        le64_put(at + 8, writes[i].zeros);
        if (writes[i].zeros != 0)
            continue;
        memset(data, writes[i].fill, SECTOR);
        memset(at + 8, writes[i].fill, 8);
        memset(at + 4, writes[i].fill, 4);
        memcpy(data, "data", 4);
        le32_put(data + 4, (uint32_t)(sequence >> 32));
        le32_put(data + SECTOR - 4, (uint32_t)sequence);
        sectors++;
    }
    memcpy(entry, "loge", 4);
    le32_put(entry + 8, (uint32_t)(sectors * SECTOR));
    le32_put(entry + 12, (uint32_t)(tail * SECTOR));
    le64_put(entry + 16, sequence);
    le32_put(entry + 24, n);
    memcpy(entry + 32, guid, 16);
    le64_put(entry + 48, file->len);
    le64_put(entry + 56, file->len);
    edit_fix(entry, sectors * SECTOR);
    for (unsigned i = 0; i < sectors; i++)
        memcpy(file->bytes + EDIT_LOG + (sector + i) % 256 * SECTOR, entry + i * SECTOR, SECTOR);
    free(entry);
}

static void set_guid(struct mem_file *file)
{
    for (int i = 1; i <= 2; i++)
        memcpy(file->bytes + i * VHDX_HEADER_AT + 48, guid, 16);
    edit_fix_headers(file);
}

static uint8_t *make(struct mem_file *file)
{
    uint8_t *disk = edit_disk();

    edit_make(file, disk);
    set_guid(file);
    return disk;
}

static void finish(struct mem_file *file, uint8_t *disk)
{
    free(file->bytes);
    free(disk);
}

static void refix_entry(struct mem_file *file, unsigned sector)
{
    uint8_t *entry = file->bytes + EDIT_LOG + sector * SECTOR;

    uint32_t len = le32_get(entry + 8);

    edit_fix(entry, len <= MIB - sector * SECTOR ? len : 2 * SECTOR);
}

static void data_and_zero_descriptors_are_laid_over_the_file(void **state)
{
    static const struct write writes[] = {{.off = 4 * MIB + 4096, .fill = 0xaa},
                                          {.off = 5 * MIB, .zeros = 3 * 4096},
                                          {.off = 5 * MIB + 4096, .fill = 0xbb}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file), *before = malloc(file.len);
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    put_entry(&file, 3, 3, 7, writes, 3);
    memcpy(before, file.bytes, file.len);
    memset(disk + 4096, 0xaa, 4096);
    memset(disk + 2 * MIB, 0, 3 * 4096);
    memset(disk + 2 * MIB + 4096, 0xbb, 4096);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    assert_memory_equal(before, file.bytes, file.len);
    assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, NULL, &img, &err), err);
    assert_int_equal(img->nr_warnings, 1);
    assert_non_null(strstr(img->warnings[0], "its log is replayed"));
    sw_image_close(img);
    free(before);
    finish(&file, disk);
}

static void the_block_table_is_read_as_replayed(void **state)
{
    const struct write writes[] = {{.off = EDIT_BAT, .zeros = 4096}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    put_entry(&file, 0, 0, 1, writes, 1);
    memset(disk, 0, EDIT_SIZE);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    finish(&file, disk);
}

static void later_entries_win_over_earlier_ones(void **state)
{
    static const struct write first[] = {{.off = 4 * MIB, .fill = 1}, {.off = 4 * MIB + 8192, .fill = 1}};
    static const struct write second[] = {{.off = 4 * MIB, .zeros = 4 * 4096}};
    static const struct write third[] = {{.off = 4 * MIB + 4096, .fill = 3}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    put_entry(&file, 10, 10, 20, first, 2);
    put_entry(&file, 13, 10, 21, second, 1);
    put_entry(&file, 14, 10, 22, third, 1);
    memset(disk, 0, 4 * 4096);
    memset(disk + 4096, 3, 4096);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    finish(&file, disk);
}

/* Entries before the head's tail are in the file already. */
static void only_entries_from_the_tail_on_are_replayed(void **state)
{
    static const struct write first[] = {{.off = 4 * MIB, .fill = 1}};
    static const struct write second[] = {{.off = 4 * MIB + 4096, .fill = 2}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    put_entry(&file, 0, 0, 5, first, 1);
    put_entry(&file, 2, 2, 6, second, 1);
    memset(disk + 4096, 2, 4096);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    finish(&file, disk);
}

static void an_entry_goes_around_the_end_of_the_log(void **state)
{
    static const struct write writes[] = {{.off = 4 * MIB, .fill = 8}, {.off = 4 * MIB + 8192, .fill = 9}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    put_entry(&file, 254, 254, UINT64_C(0x1234567890), writes, 2);
    memset(disk, 8, 4096);
    memset(disk + 8192, 9, 4096);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    finish(&file, disk);
}

/* More descriptors than the first sector holds: 126, then 128. */
static void descriptors_go_on_in_further_sectors(void **state)
{
    struct write writes[130];
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    for (unsigned i = 0; i < 130; i++) {
        writes[i] = (struct write){.off = 4 * MIB + i * SECTOR, .fill = (uint8_t)(i + 1)};
        memset(disk + i * SECTOR, (int)i + 1, SECTOR);
    }
    put_entry(&file, 0, 0, 1, writes, 130);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    finish(&file, disk);
}

/* A writer that is stopped in the middle of an entry has not begun to write what it holds. */
static void a_torn_last_entry_ends_the_sequence_before_it(void **state)
{
    static const struct write first[] = {{.off = 4 * MIB, .fill = 1}};
    static const struct write second[] = {{.off = 4 * MIB + 4096, .fill = 2}};

    (void)state;
    for (unsigned torn = 0; torn < 3; torn++) {
        struct mem_file file = {0};
        uint8_t *disk = make(&file);

        put_entry(&file, 0, 0, 5, first, 1);
        put_entry(&file, 2, 0, 6, second, 1);
        if (torn == 0) /* its data sector is an old one's */
            le32_put(file.bytes + EDIT_LOG + 4 * SECTOR - 4, 4);
        else if (torn == 1)
            memset(file.bytes + EDIT_LOG + 3 * SECTOR + 2048, 0, 1024);
        else
            memset(file.bytes + EDIT_LOG + 2 * SECTOR, 0, SECTOR);
        memset(disk, 1, 4096);
        assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
        finish(&file, disk);
    }
}

static void of_two_sequences_the_newer_one_is_active(void **state)
{
    static const struct write old[] = {{.off = 4 * MIB, .fill = 1}};
    static const struct write young[] = {{.off = 4 * MIB + 4096, .fill = 2}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    put_entry(&file, 0, 0, 50, young, 1);
    put_entry(&file, 100, 100, 20, old, 1);
    memset(disk + 4096, 2, 4096);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    finish(&file, disk);
}

/* One byte or field of the only entry, made wrong (its checksum right again where fix is set). */
static void a_log_without_a_whole_sequence_is_refused(void **state)
{
    static const struct {
        unsigned at, value;
        bool fix;
    } edits[] = {
        {4, 0x12345678, false}, /* checksum */
        {0, 0x12345678, true},  /* signature */
        {8, 0, true},           /* length */
        {8, 4096, true},        {8, 3 * 4096, true},    {8, 8195, false},
        {8, 2 << 20, false},    {12, 5 * 4096, true},                   /* tail */
        {12, 1 << 20, true},    {12, 100, true},        {16, 0, true},  /* sequence */
        {16, 8, true},          {24, 0, true},                          /* count */
        {24, 2, true},          {24, UINT32_MAX, true}, {32, 99, true}, /* the log's identifier */
        {64, 0x99999999, true},                                         /* descriptor's signature */
        {64 + 24, 8, true},     {4096, 0, true},                        /* data sector's */
        {4096 + 4, 1, true},    {8188, 8, true},        {6000, 1, false},
    };
    static const struct write writes[] = {{.off = 4 * MIB, .fill = 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct mem_file file = {0};
        uint8_t *disk = make(&file);

        put_entry(&file, 0, 0, 7, writes, 1);
        le32_put(file.bytes + EDIT_LOG + edits[i].at, edits[i].value);
        if (edits[i].fix)
            refix_entry(&file, 0);
        assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "no sequence of entries that is whole");
        finish(&file, disk);
    }
}

static void an_empty_log_that_is_said_to_be_in_use_is_refused(void **state)
{
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "log of 1048576 bytes at 1048576 is not empty");
    for (int i = 1; i <= 2; i++)
        le32_put(file.bytes + i * VHDX_HEADER_AT + 68, 0);
    edit_fix_headers(&file);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "log length 0");
    for (int i = 1; i <= 2; i++)
        le16_put(file.bytes + i * VHDX_HEADER_AT + 64, 1);
    edit_fix_headers(&file);
    assert_refused(file.bytes, file.len, NULL, SW_REFUSED, "log version 1");
    finish(&file, disk);
}

static void writes_where_no_replay_may_write_are_refused(void **state)
{
    static const struct write writes[] = {
        {.off = 4 * MIB + 512, .fill = 1},
        {.off = 7 * MIB, .fill = 1},
        {.off = 0, .fill = 1},
        {.off = VHDX_HEADER_AT, .zeros = 4096},
        {.off = EDIT_LOG + 40960, .fill = 1},
        {.off = MIB - 4096, .zeros = 8192},
        {.off = 4 * MIB, .zeros = 4 * MIB},
        {.off = 4 * MIB, .zeros = UINT64_MAX - 4095},
        {.off = UINT64_MAX - 4095, .zeros = 4096},
        {.off = 4 * MIB, .zeros = 100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        struct mem_file file = {0};
        uint8_t *disk = make(&file);

        put_entry(&file, 0, 0, 7, &writes[i], 1);
        assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "where no replay may write");
        finish(&file, disk);
    }
}

static void a_file_shorter_than_what_was_flushed_is_truncated(void **state)
{
    static const struct write writes[] = {{.off = 4 * MIB, .fill = 1}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    put_entry(&file, 0, 0, 7, writes, 1);
    le64_put(file.bytes + EDIT_LOG + 48, file.len + 1);
    refix_entry(&file, 0);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "flushed file offset 7340033");
    finish(&file, disk);
}

/* The new block was given its place, and the file was not yet as long: it is zeros, but for what the log writes. */
static void the_file_is_as_long_as_the_replay_makes_it(void **state)
{
    const struct write writes[] = {{.off = EDIT_BAT, .fill = 0}, {.off = 7 * MIB + 4096, .fill = 0x77}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file), *page;

    (void)state;
    put_entry(&file, 0, 0, 7, writes, 2);
    page = file.bytes + EDIT_LOG + SECTOR;
    memcpy(page + 8, file.bytes + EDIT_BAT + 8, SECTOR - 12);
    memcpy(file.bytes + EDIT_LOG + 64 + 8, file.bytes + EDIT_BAT, 8);
    le64_put(page + 8, 7 * MIB | 6); /* block 1 */
    le64_put(file.bytes + EDIT_LOG + 56, 8 * MIB);
    refix_entry(&file, 0);
    memset(disk + MIB + 4096, 0x77, 4096);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    le64_put(file.bytes + EDIT_LOG + 56, 8 * MIB - 1);
    refix_entry(&file, 0);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "ends after the file");
    finish(&file, disk);
}

static void a_file_longer_than_any_disk_needs_is_refused(void **state)
{
    static const struct write writes[] = {{.off = 4 * MIB, .fill = 1}};
    struct mem_file file = {0};
    uint8_t *disk = make(&file);

    (void)state;
    put_entry(&file, 0, 0, 7, writes, 1);
    le64_put(file.bytes + EDIT_LOG + 56, UINT64_MAX);
    refix_entry(&file, 0);
    assert_refused(file.bytes, file.len, NULL, SW_REFUSED, "at most 140737488355328 are read");
    finish(&file, disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_and_zero_descriptors_are_laid_over_the_file),
        cmocka_unit_test(the_block_table_is_read_as_replayed),
        cmocka_unit_test(later_entries_win_over_earlier_ones),
        cmocka_unit_test(only_entries_from_the_tail_on_are_replayed),
        cmocka_unit_test(an_entry_goes_around_the_end_of_the_log),
        cmocka_unit_test(descriptors_go_on_in_further_sectors),
        cmocka_unit_test(a_torn_last_entry_ends_the_sequence_before_it),
        cmocka_unit_test(of_two_sequences_the_newer_one_is_active),
        cmocka_unit_test(a_log_without_a_whole_sequence_is_refused),
        cmocka_unit_test(an_empty_log_that_is_said_to_be_in_use_is_refused),
        cmocka_unit_test(writes_where_no_replay_may_write_are_refused),
        cmocka_unit_test(a_file_shorter_than_what_was_flushed_is_truncated),
        cmocka_unit_test(the_file_is_as_long_as_the_replay_makes_it),
        cmocka_unit_test(a_file_longer_than_any_disk_needs_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
