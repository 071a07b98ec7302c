/* What is not clean, not known or not whole is left as it is, and never an error; no bytes lead anywhere else. */
#include "tests/unit/ext/ext_case.h"

static void make_pair(const char *options)
{
    RUN("rm -rf *.img tree; mkdir -p tree/folder; seq 1 3000 >tree/folder/numbers; "
        "E2FSPROGS_FAKE_TIME=1600000000 mke2fs -q -F -b 1024 -U 00000000-0000-0000-0000-000000000002 %s "
        "-d tree parent.img 16M; cp parent.img a.img; printf 'mkdir new\\nwrite tree/folder/numbers new/x\\n' >steps; "
        "debugfs -w -f steps a.img >said 2>&1",
        options);
    stir("a.img", "parent.img", 3);
}

static void poke(const char *path, long at, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "r+b");

    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static const struct {
    const char *options, *change, *why;
} refused[] = {
    {"-t ext4", "debugfs -w -R 'feature needs_recovery' a.img", "not unmounted cleanly"},
    {"-t ext4", "debugfs -w -R 'ssv state 0' a.img", "not unmounted cleanly"},
    {"-t ext4", "debugfs -w -R 'ssv last_orphan 12' a.img", "not unmounted cleanly"},
    {"-t ext4", "debugfs -w -R 'ssv state 3' a.img", "it has errors"},
    {"-t ext4", "debugfs -w -R 'ssv error_count 1' a.img", "it has errors"},
    {"-t ext4 -O mmp", "true", "guarded against being mounted twice"},
    {"-t ext4", "debugfs -w -R 'feature FEATURE_I31' a.img", "features that libext2fs does not know"},
    {"-t ext4", "debugfs -w -R 'feature FEATURE_R31' a.img", "features that libext2fs does not know"},
    {"-t ext4 -O ^metadata_csum", "debugfs -w -R 'ssv blocks_count 99999999' a.img", "larger than its place"},
};

static void what_is_not_clean_or_not_known_is_left_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(refused); i++) {
        const char *why;

        make_pair(refused[i].options);
        if (strcmp(refused[i].change, "true") != 0)
            assert_string_equal(refusal("a.img", "parent.img"), "");
        RUN("%s >said 2>&1", refused[i].change);
        why = refusal("a.img", "parent.img");
        if (strstr(why, refused[i].why) == NULL)
            fail_msg("%s: '%s', not '%s'", refused[i].change, why, refused[i].why);
    }
}

static void a_file_system_that_is_left_reads_as_it_is(void **state)
{
    struct pass pass;
    struct sw_err err = {.code = SW_OK};
    static uint8_t bytes[2][1 << 20];

    (void)state;
    make_pair("-t ext4");
    RUN("debugfs -w -R 'ssv state 0' a.img >said 2>&1");
    pass = open_pass("a.img", "parent.img");
    for (uint64_t off = 0; off < pass.now->size_bytes; off += sizeof(bytes[0])) {
        assert_ok(sw_image_pread(sw_ext_now(pass.ext), bytes[0], sizeof(bytes[0]), off, &err), err);
        assert_ok(sw_image_pread(pass.now, bytes[1], sizeof(bytes[1]), off, &err), err);
        assert_memory_equal(bytes[0], bytes[1], sizeof(bytes[0]));
    }
    close_pass(&pass);
}

/* The inode of /new, which the layer made: the byte of its table. */
static long inode_at(const char *path)
{
    FILE *said;
    unsigned long block = 0, offset = 0;
    char line[256];

    RUN("debugfs -R 'imap %s' a.img >said 2>/dev/null", path);
    said = fopen("said", "r");
    assert_non_null(said);
    while (fgets(line, sizeof(line), said) != NULL)
        (void)!sscanf(line, "\tlocated at block %lu, offset %lx", &block, &offset);
    fclose(said);
    assert_true(block > 0);
    return (long)(block * 1024 + offset);
}

static void sums_that_are_wrong_are_not_made_right(void **state)
{
    (void)state;
    make_pair("-t ext4");
    poke("a.img", inode_at("/new") + 4, "\x01\x02", 2);
    assert_non_null(strstr(refusal("a.img", "parent.img"), "is damaged"));
    make_pair("-t ext4");
    RUN("at=$(debugfs -R 'blocks /new' a.img 2>/dev/null | tr -d ' '); [ \"$at\" -gt 0 ]; "
        "printf 'X' | dd of=a.img bs=1 seek=$((at * 1024 + 8)) conv=notrunc status=none");
    assert_non_null(strstr(refusal("a.img", "parent.img"), "a block of inode"));
    make_pair("-t ext4");
    RUN("at=$(dumpe2fs a.img 2>/dev/null | sed -n 's/.*Inode bitmap at \\([0-9]*\\).*/\\1/p' | head -n 1); "
        "printf '\\0' | dd of=a.img bs=1 seek=$((at * 1024)) conv=notrunc status=none");
    assert_non_null(strstr(refusal("a.img", "parent.img"), "inode bitmap is wrong"));
}

static void a_journal_in_which_something_waits_is_left(void **state)
{
    (void)state;
    make_pair("-t ext4");
    RUN("at=$(debugfs -R 'bmap <8> 0' a.img 2>/dev/null); "
        "printf '\\0\\0\\0\\1' | dd of=a.img bs=1 seek=$((at * 1024 + 28)) conv=notrunc status=none");
    assert_non_null(strstr(refusal("a.img", "parent.img"), "its journal is not empty"));
}

static void a_parents_journal_that_is_no_good_becomes_an_empty_one(void **state)
{
    (void)state;
    make_pair("-t ext4");
    RUN("debugfs -w -R 'feature needs_recovery' parent.img >said 2>&1; cp a.img b.img");
    stir("b.img", "parent.img", 9);
    RUN("debugfs -w -R 'ssv mtime 0' b.img >said 2>&1");
    show("a.img", "parent.img", "a.shown.img");
    show("b.img", "parent.img", "b.shown.img");
    RUN("cmp a.shown.img b.shown.img; e2fsck -fn a.shown.img >said 2>&1 || { cat said; exit 1; }");
}

static void another_file_system_in_the_place_of_the_parents_is_normalised_by_itself(void **state)
{
    (void)state;
    make_pair("-t ext4");
    RUN("cp a.img b.img; head -c 16M /dev/urandom >noise.img; truncate -s 1M short.img");
    stir("b.img", "parent.img", 9);
    show("a.img", "noise.img", "a.shown.img");
    RUN("e2fsck -fn a.shown.img >said 2>&1 || { cat said; exit 1; }");
    show("a.img", "short.img", "b.shown.img");
    RUN("cmp a.shown.img b.shown.img");
}

/* Without sums nothing tells that bytes are wrong, and all of them are met. */
static void any_damage_ends_and_can_be_read(void **state)
{
    enum { DAMAGES = 400, WITHIN = 600 * 1024 };
    unsigned seed = 5;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    make_pair("-t ext4 -O ^metadata_csum");
    RUN("cp a.img whole.img");
    for (unsigned i = 0; i < DAMAGES; i++) {
        struct pass pass;
        uint8_t bytes[4096];

        for (unsigned k = 0; k <= i % 5; k++) {
            uint8_t value[4];

            for (unsigned j = 0; j < sizeof(value); j++)
                value[j] = (uint8_t)((seed = seed * 1103515245u + 12345u) >> 16);
            poke("a.img", 1024 + (long)((seed >> 4) % (i % 2 == 0 ? WITHIN : 8192)), value, sizeof(value));
        }
        pass = open_pass("a.img", "parent.img");
        assert_ok(sw_image_pread(sw_ext_now(pass.ext), bytes, sizeof(bytes), 1 << 20, &err), err);
        close_pass(&pass);
        if (i % 8 == 7)
            RUN("cp whole.img a.img");
    }
}

static void a_disk_that_cannot_be_read_is_an_error(void **state)
{
    struct sw_image *img, *parent;
    struct sw_ext *ext = NULL;
    struct sw_err err = {.code = SW_OK};
    struct sw_ext_ask ask;

    (void)state;
    make_pair("-t ext4");
    img = open_raw("a.img");
    parent = open_raw("parent.img");
    ask = (struct sw_ext_ask){.now = img, .top = img, .parent = parent, .epoch = EPOCH};
    RUN("truncate -s 0 a.img");
    assert_int_not_equal(sw_ext_open(&ask, &ext, &err), 0);
    assert_true(err.text[0] != '\0');
    sw_image_close(img);
    sw_image_close(parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_clean_or_not_known_is_left_as_it_is),
        cmocka_unit_test(a_file_system_that_is_left_reads_as_it_is),
        cmocka_unit_test(sums_that_are_wrong_are_not_made_right),
        cmocka_unit_test(a_journal_in_which_something_waits_is_left),
        cmocka_unit_test(a_parents_journal_that_is_no_good_becomes_an_empty_one),
        cmocka_unit_test(another_file_system_in_the_place_of_the_parents_is_normalised_by_itself),
        cmocka_unit_test(any_damage_ends_and_can_be_read),
        cmocka_unit_test(a_disk_that_cannot_be_read_is_an_error),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
