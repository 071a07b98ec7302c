/* Partition tables: what is in them, and what is wrong with them. The disks are those of the fuzz corpus. */
#include "tests/unit/testing.h"

#include "src/disk/partition.h"

#define CORPUS SLIPWAY_SOURCE "/tests/fuzz/corpus/partition/"

static struct part_table table;

static void look(const char *name)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;
    struct sw_image *img = NULL;
    struct span disk;
    char path[512];

    snprintf(path, sizeof(path), CORPUS "%s", name);
    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, "raw", NULL, &img, &err), err);
    disk = span_disk(img);
    assert_ok(part_read(&disk, &table, &err), err);
    sw_image_close(img);
}

static bool has_fault(const char *kind)
{
    for (size_t i = 0; i < table.nr_faults; i++)
        if (strcmp(table.faults[i].kind, kind) == 0)
            return true;
    return false;
}

static void an_mbr_has_its_partitions_flags_and_boot_code(void **state)
{
    (void)state;
    look("mbr");
    assert_int_equal(table.kind, PART_TABLE_MBR);
    assert_true(table.boot_code);
    assert_int_equal(table.nr_parts, 2);
    assert_int_equal(table.nr_faults, 0);
    assert_true(table.parts[0].active);
    assert_int_equal(table.parts[0].start_bytes, 8 * 512);
    assert_int_equal(table.parts[1].role, PART_ESP);
}

static void logical_partitions_begin_at_5_and_follow_their_chain(void **state)
{
    (void)state;
    look("logical");
    assert_int_equal(table.nr_faults, 0);
    assert_int_equal(table.nr_parts, 3);
    assert_int_equal(table.parts[1].number, 5);
    assert_int_equal(table.parts[1].start_bytes, 17 * 512);
    assert_int_equal(table.parts[2].number, 6);
    assert_int_equal(table.parts[2].start_bytes, 25 * 512);
    look("logical-loop");
    assert_true(has_fault("loop"));
}

static void a_gpt_has_names_roles_and_two_sound_copies(void **state)
{
    (void)state;
    look("gpt");
    assert_int_equal(table.kind, PART_TABLE_GPT);
    assert_true(table.primary.sound && table.backup.sound);
    assert_int_equal(table.nr_faults, 0);
    assert_int_equal(table.sector_bytes, 512);
    assert_int_equal(table.nr_parts, 3);
    assert_int_equal(table.parts[0].role, PART_BIOS_BOOT);
    assert_int_equal(table.parts[1].role, PART_ESP);
    assert_string_equal(table.parts[2].name, "root");
    assert_int_equal(table.parts[2].size_bytes, 47 * 512);
    assert_false(table.hybrid);
}

static void a_gpt_of_large_sectors_and_a_hybrid_one_are_told(void **state)
{
    (void)state;
    look("gpt-4096");
    assert_int_equal(table.kind, PART_TABLE_GPT);
    assert_int_equal(table.sector_bytes, 4096);
    assert_int_equal(table.nr_parts, 3);
    look("gpt-hybrid");
    assert_true(table.hybrid);
    assert_int_equal(table.nr_parts, 3);
}

static void where_one_copy_is_damaged_the_other_counts(void **state)
{
    (void)state;
    look("gpt-backup-only");
    assert_true(has_fault("header"));
    assert_int_equal(table.nr_parts, 3);
    look("gpt-entries-damaged");
    assert_true(has_fault("header"));
    assert_non_null(strstr(table.primary.why, "entries"));
    assert_int_equal(table.nr_parts, 3);
    look("gpt-both-damaged");
    assert_true(has_fault("header") && has_fault("backup"));
    assert_int_equal(table.nr_parts, 0);
}

static void entries_that_overlap_or_lead_past_the_end_are_named(void **state)
{
    (void)state;
    look("mbr-overlap");
    assert_true(has_fault("overlap"));
    assert_non_null(strstr(table.faults[0].text, "partition 2"));
    look("mbr-past-end");
    assert_true(has_fault("past-end"));
    look("gpt-wrong-entries");
    assert_true(has_fault("empty") && has_fault("past-end") && has_fault("outside-usable"));
}

static void a_name_never_holds_control_bytes(void **state)
{
    (void)state;
    look("gpt-wrong-entries");
    assert_null(strchr(table.parts[2].name, '\x1b'));
    assert_non_null(strstr(table.parts[2].name, "[31m"));
}

static void an_mbr_that_protects_nothing_is_a_fault(void **state)
{
    (void)state;
    look("mbr-protects-nothing");
    assert_int_equal(table.kind, PART_TABLE_MBR);
    assert_int_equal(table.nr_parts, 0);
    assert_true(has_fault("header"));
    look("mbr-empty");
    assert_int_equal(table.nr_faults, 0);
    assert_int_equal(table.nr_parts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_mbr_has_its_partitions_flags_and_boot_code),
        cmocka_unit_test(logical_partitions_begin_at_5_and_follow_their_chain),
        cmocka_unit_test(a_gpt_has_names_roles_and_two_sound_copies),
        cmocka_unit_test(a_gpt_of_large_sectors_and_a_hybrid_one_are_told),
        cmocka_unit_test(where_one_copy_is_damaged_the_other_counts),
        cmocka_unit_test(entries_that_overlap_or_lead_past_the_end_are_named),
        cmocka_unit_test(a_name_never_holds_control_bytes),
        cmocka_unit_test(an_mbr_that_protects_nothing_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
