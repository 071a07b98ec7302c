/* Two runs of the same changes, at different moments, read as one file system that e2fsck has nothing to say of. */
#include "tests/unit/ext/ext_case.h"

/* Makes parent.img, and a.img and b.img: what two runs of the same steps leave. */
static void make_runs(const char *options, unsigned size_mib)
{
    RUN("rm -rf *.img tree; mkdir -p tree/etc tree/many; echo one >tree/etc/one; seq 1 3000 >tree/etc/numbers; "
        "for i in $(seq 1 30); do echo $i >tree/many/$i; done; "
        "E2FSPROGS_FAKE_TIME=1600000000 mke2fs -q -F -E hash_seed=00000000-0000-0000-0000-000000000001 "
        "-U 00000000-0000-0000-0000-000000000002 %s -d tree parent.img %uM; "
        "printf 'write tree/etc/numbers new\\nmkdir folder\\nwrite tree/etc/one folder/one\\nrm etc/one\\nrm many/7\\n"
        "mkdir folder/deep\\nsymlink folder/link /etc/numbers\\nwrite tree/many/3 many/again\\n' >steps; "
        "cp --sparse=always parent.img a.img; E2FSPROGS_FAKE_TIME=1700000500 debugfs -w -f steps a.img "
        ">said 2>&1; cp --sparse=always a.img b.img",
        options, size_mib);
    stir("a.img", "parent.img", 1);
    stir("b.img", "parent.img", 2);
    RUN("if cmp -s a.img b.img; then exit 1; fi; e2fsck -fn a.img >said 2>&1 || { cat said; exit 1; }");
}

static void assert_runs_agree(void)
{
    show("a.img", "parent.img", "a.shown.img");
    show("b.img", "parent.img", "b.shown.img");
    RUN("cmp a.shown.img b.shown.img; e2fsck -fn a.shown.img >said 2>&1 || { cat said; exit 1; }");
    RUN("debugfs -R 'cat /new' a.shown.img 2>/dev/null | cmp - tree/etc/numbers; "
        "debugfs -R 'cat /folder/one' a.shown.img 2>/dev/null | grep -qx one; "
        "debugfs -R 'cat /many/again' a.shown.img 2>/dev/null | grep -qx 3; "
        "! debugfs -R 'cat /etc/one' a.shown.img 2>/dev/null | grep -q .");
}

static const struct {
    const char *options;
    unsigned size_mib;
} kinds[] = {
    {"-t ext4", 64},
    {"-t ext4 -O ^metadata_csum", 64},
    {"-t ext4 -O ^metadata_csum,uninit_bg", 64},
    {"-t ext4 -O ^64bit", 64},
    {"-t ext4 -O metadata_csum_seed", 64},
    {"-t ext4 -b 1024", 32},
    {"-t ext4 -b 4096 -I 128", 64},
    {"-t ext4 -I 1024", 64},
    {"-t ext4 -O inline_data", 64},
    {"-t ext4 -O bigalloc -C 16384", 64},
    {"-t ext4 -O ^has_journal", 64},
    {"-t ext4 -O ^flex_bg", 300},
    {"-t ext4 -O meta_bg,^resize_inode", 300},
    {"-t ext4 -O encrypt,verity,casefold,ea_inode", 64},
    {"-t ext4 -O ^64bit,^extents", 64},
    {"-t ext3", 64},
    {"-t ext2", 64},
};

static void two_runs_read_the_same_for_every_kind_of_file_system(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++) {
        print_message("         %s\n", kinds[i].options);
        make_runs(kinds[i].options, kinds[i].size_mib);
        assert_runs_agree();
    }
}

static void a_layer_that_changes_nothing_reads_as_the_one_beneath_it(void **state)
{
    (void)state;
    make_runs("-t ext4", 64);
    show("a.img", "parent.img", "first.img");
    /* The overlay goes on with what the run has left, not with what was shown of it. */
    show("a.img", "first.img", "second.img");
    RUN("cmp first.img second.img");
    /* And a build that begins at the first layer goes on with that. */
    show("first.img", "first.img", "third.img");
    RUN("cmp first.img third.img");
}

static void the_second_layer_is_the_same_over_the_overlay_and_over_the_first_layer(void **state)
{
    (void)state;
    make_runs("-t ext4", 64);
    show("a.img", "parent.img", "first.img");
    RUN("printf 'mkdir folder/more\\nwrite tree/etc/numbers folder/more/x\\nrm new\\n' >steps; "
        "cp first.img fresh.img; cp a.img going.img; "
        "for disk in fresh going; do debugfs -w -f steps $disk.img >said 2>&1; done");
    stir("fresh.img", "first.img", 7);
    stir("going.img", "a.img", 8);
    show("fresh.img", "first.img", "fresh.shown.img");
    show("going.img", "first.img", "going.shown.img");
    RUN("e2fsck -fn fresh.shown.img >said 2>&1 || { cat said; exit 1; }; cmp fresh.shown.img going.shown.img");
}

static void what_no_layer_changed_is_left_alone(void **state)
{
    (void)state;
    make_runs("-t ext4", 64);
    show("parent.img", "parent.img", "same.img");
    RUN("cmp parent.img same.img");
}

static void times_before_the_epoch_are_kept(void **state)
{
    (void)state;
    make_runs("-t ext4", 64);
    RUN("debugfs -w -R 'sif /new mtime @1234567890' a.img >said 2>&1");
    show("a.img", "parent.img", "shown.img");
    RUN("debugfs -R 'stat /new' shown.img 2>/dev/null >said; grep -q 'mtime: 0x499602d2' said; "
        "grep -q 'ctime: 0x6553f100:00000000' said; grep -q 'crtime: 0x6553f100:00000000' said");
}

static void free_blocks_hold_nothing_that_was_written_in_between(void **state)
{
    (void)state;
    make_runs("-t ext4", 64);
    RUN("printf 'a secret that was there for a while' >secret; "
        "printf 'write secret secret\\nrm secret\\n' >steps; debugfs -w -f steps a.img >said 2>&1; "
        "grep -q 'a secret that was' a.img");
    show("a.img", "parent.img", "shown.img");
    RUN("! grep -q 'a secret that was' shown.img");
}

/* Steps of debugfs on the disk now, whose text of that name was in the parent. */
static void assert_gone(const char *options, const char *steps)
{
    make_runs(options, 64);
    RUN("for i in $(seq 400); do printf 'a secret that was there for a while, line %%s\\n' $i; done >secret; "
        "printf 'write secret secret\\n' >steps; debugfs -w -f steps parent.img >said 2>&1; "
        "grep -q 'a secret that was' parent.img; cp --sparse=always parent.img a.img; "
        "printf '%s' >steps; debugfs -w -f steps a.img >said 2>&1; e2fsck -fn a.img >said 2>&1",
        steps);
    show("a.img", "parent.img", "shown.img");
    RUN("if grep -q 'a secret that was' shown.img; then exit 1; fi; e2fsck -fn shown.img >said 2>&1 || { cat said; exit 1; }");
    /* Whether a build goes on or begins there. */
    show("a.img", "shown.img", "again.img");
    RUN("cmp shown.img again.img");
}

static void what_the_parent_has_and_was_deleted_is_gone_for_every_kind_of_file_system(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++)
        if (kinds[i].size_mib == 64)
            assert_gone(kinds[i].options, "rm secret\\n");
}

static void blocks_that_were_freed_and_reserved_again_hold_nothing(void **state)
{
    (void)state;
    assert_gone("-t ext4", "rm secret\\nwrite /dev/null later\\nfallocate later 0 9000\\n");
    /* The blocks of the secret are in use again, and not written. */
    RUN("at=$(grep -obUa 'a secret that was' a.img | head -n 1 | cut -d: -f1); "
        "debugfs -R \"testb $((at / 4096))\" a.img 2>/dev/null | grep -q 'marked in use'; "
        "debugfs -R 'ex later' a.img 2>/dev/null | grep -q Uninit");
}

static void blocks_in_use_are_never_taken_for_free(void **state)
{
    (void)state;
    make_runs("-t ext4", 64);
    show("a.img", "parent.img", "shown.img");
    RUN("rm -rf one two; mkdir one two; debugfs -R 'rdump / one' a.img >said 2>&1; "
        "debugfs -R 'rdump / two' shown.img >said 2>&1; diff -r --no-dereference one two");
}

/* Whoever fills a disk's free space with zeros, to have it small, is not told that there is something else. */
static void free_blocks_that_were_filled_with_zeros_read_so(void **state)
{
    (void)state;
    make_runs("-t ext4", 64);
    RUN("printf 'an old rest of the base' >rest; printf 'write rest rest\nrm rest\n' >steps; "
        "debugfs -w -f steps parent.img >said 2>&1; grep -q 'an old rest' parent.img; "
        "cp --sparse=always parent.img a.img");
    show("a.img", "parent.img", "shown.img");
    RUN("cmp parent.img shown.img; at=$(grep -obUa 'an old rest' a.img | head -1 | cut -d: -f1); "
        "dd if=/dev/zero of=a.img bs=1 seek=$at count=100 conv=notrunc 2>/dev/null");
    show("a.img", "parent.img", "shown.img");
    RUN("! grep -q 'an old rest' shown.img");
}

static void partitions_are_found_and_each_is_told_of(void **state)
{
    struct pass pass;

    (void)state;
    make_runs("-t ext4", 64);
    RUN("truncate -s 200M disk.img before.img; printf 'label: gpt\\nstart=2048,size=131072\\nstart=140000,size=131072\\n' "
        "| tee >(sfdisk -q before.img) | sfdisk -q disk.img; sleep 0.2; "
        "for at in 2048 140000; do dd if=a.img of=disk.img seek=$at conv=notrunc status=none; "
        "dd if=parent.img of=before.img seek=$at conv=notrunc status=none; done");
    pass = open_pass("disk.img", "before.img");
    assert_int_equal(sw_ext_count(pass.ext), 2);
    assert_int_equal(sw_ext_at(pass.ext, 1)->off_bytes, UINT64_C(140000) * 512);
    assert_true(sw_ext_at(pass.ext, 0)->done && sw_ext_at(pass.ext, 1)->done);
    close_pass(&pass);
}

static void extents_cover_the_disk_and_tell_of_what_was_changed(void **state)
{
    struct pass pass;
    struct sw_image *images[2];
    struct sw_extent extent;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    make_runs("-t ext4", 64);
    pass = open_pass("a.img", "parent.img");
    images[0] = sw_ext_now(pass.ext);
    images[1] = sw_ext_top(pass.ext);
    for (size_t i = 0; i < 2; i++) {
        uint64_t off = 0;

        while (off < images[i]->size_bytes) {
            assert_ok(sw_image_next_extent(images[i], off, &extent, &err), err);
            assert_int_equal(extent.off, off);
            assert_true(extent.len > 0 && extent.len <= images[i]->size_bytes - off);
            off += extent.len;
        }
    }
    close_pass(&pass);
}

static void the_newest_superblock_says_when_a_disk_was_made(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_image *img;
    int64_t epoch;

    (void)state;
    make_runs("-t ext4", 64);
    img = open_raw("parent.img");
    assert_ok(sw_ext_newest(img, &epoch, &err), err);
    assert_int_equal(epoch, 1600000000);
    sw_image_close(img);
    RUN("truncate -s 1M empty.img");
    img = open_raw("empty.img");
    assert_ok(sw_ext_newest(img, &epoch, &err), err);
    assert_int_equal(epoch, 0);
    sw_image_close(img);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_runs_read_the_same_for_every_kind_of_file_system),
        cmocka_unit_test(a_layer_that_changes_nothing_reads_as_the_one_beneath_it),
        cmocka_unit_test(the_second_layer_is_the_same_over_the_overlay_and_over_the_first_layer),
        cmocka_unit_test(what_no_layer_changed_is_left_alone),
        cmocka_unit_test(times_before_the_epoch_are_kept),
        cmocka_unit_test(free_blocks_hold_nothing_that_was_written_in_between),
        cmocka_unit_test(what_the_parent_has_and_was_deleted_is_gone_for_every_kind_of_file_system),
        cmocka_unit_test(blocks_that_were_freed_and_reserved_again_hold_nothing),
        cmocka_unit_test(blocks_in_use_are_never_taken_for_free),
        cmocka_unit_test(free_blocks_that_were_filled_with_zeros_read_so),
        cmocka_unit_test(partitions_are_found_and_each_is_told_of),
        cmocka_unit_test(extents_cover_the_disk_and_tell_of_what_was_changed),
        cmocka_unit_test(the_newest_superblock_says_when_a_disk_was_made),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
