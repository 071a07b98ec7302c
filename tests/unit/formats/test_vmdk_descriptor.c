/* The VMDK descriptor's text. */
#include "formats/vmdk/vmdk.h"
#include "tests/unit/testing.h"

#define GOOD \
    "# Disk DescriptorFile\nversion=1\nCID=565a9714 \nparentCID=ffffffff\ncreateType=\"streamOptimized\" \n"

static int parse(const char *text, struct vmdk_descriptor *out, struct sw_err *err)
{
    vmdk_descriptor_free(out);
    return vmdk_parse_descriptor(text, strlen(text), "x.vmdk", out, err);
}

static void the_usual_text_is_understood(void **state)
{
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor d = {.nr_lines = 0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(parse(GOOD "\nRDONLY 33554432 SPARSE \"generated-stream.vmdk\"\n#DDB\n"
                         "ddb.adapterType = \"lsilogic\"\n",
                    &d, &err),
              err);
    assert_int_equal(d.cid, 0x565a9714);
    assert_int_equal(d.parent_cid, 0xffffffff);
    assert_string_equal(d.create_type, "streamOptimized");
    assert_int_equal(d.nr_lines, 1);
    assert_int_equal(d.lines[0].sectors, 33554432);
    assert_string_equal(d.lines[0].type, "SPARSE");
    assert_string_equal(d.lines[0].name, "generated-stream.vmdk");
    assert_false(d.lines[0].has_offset || d.lines[0].no_access);
    assert_int_equal(d.lines[0].number, 7);
}

static void case_blanks_and_line_ends_do_not_matter(void **state)
{
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor d = {.nr_lines = 0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(parse("cid\t=\tDEADBEEF\r\nCREATETYPE=monolithicSparse\r\n  rw 8 sparse \"a b\"\r\n"
                    "parentFileNameHint=\"c = d.vmdk\"\r\n",
                    &d, &err),
              err);
    assert_int_equal(d.cid, 0xdeadbeef);
    assert_string_equal(d.create_type, "monolithicSparse");
    assert_int_equal(d.lines[0].sectors, 8);
    assert_string_equal(d.lines[0].name, "a b");
    assert_string_equal(d.parent_hint, "c = d.vmdk");
    assert_int_equal(d.parent_cid, 0xffffffff);
}

static void extents_of_every_kind_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *type, *name;
        uint64_t sectors, offset;
        bool has_offset, no_access;
    } cases[] = {
        {"RW 80 FLAT \"my disk-f001.vmdk\" 128", "FLAT", "my disk-f001.vmdk", 80, 128, true, false},
        {"rdonly\t80 \t VMFS\t\"x-flat.vmdk\"", "VMFS", "x-flat.vmdk", 80, 0, false, false},
        {"RW 1 ZERO", "ZERO", NULL, 1, 0, false, false},
        {"RW 1 ZERO \r", "ZERO", NULL, 1, 0, false, false},
        {"NOACCESS 9 ZERO", "ZERO", NULL, 9, 0, false, true},
        {"RW 5 FLAT bare.vmdk 0", "FLAT", "bare.vmdk", 5, 0, true, false},
        {"RW 5 FLAT \"\" 0", "FLAT", "", 5, 0, true, false},
        {"RW 9 FLAT \"\\\\.\\PhysicalDrive0\" 63 \"uuid\" 1", "FLAT", "\\\\.\\PhysicalDrive0", 9, 63, true,
         false},
        {"RW 9 VMFSSPARSE \"x \t-delta.vmdk\"", "VMFSSPARSE", "x \t-delta.vmdk", 9, 0, false, false},
    };
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor d = {.nr_lines = 0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_err err = {0};
        char text[512];

        snprintf(text, sizeof(text), GOOD "%s\n", cases[i].text);
        assert_ok(parse(text, &d, &err), err);
        assert_int_equal(d.nr_lines, 1);
        assert_string_equal(d.lines[0].type, cases[i].type);
        assert_int_equal(d.lines[0].sectors, cases[i].sectors);
        assert_int_equal(d.lines[0].offset, cases[i].offset);
        assert_int_equal(d.lines[0].has_offset, cases[i].has_offset);
        assert_int_equal(d.lines[0].no_access, cases[i].no_access);
        if (cases[i].name == NULL)
            assert_null(d.lines[0].name);
        else
            assert_string_equal(d.lines[0].name, cases[i].name);
    }
}

static void there_are_at_most_4096_extents(void **state)
{
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor d = {.nr_lines = 0};
    char *text = malloc(sizeof(GOOD) + 4097 * 10), *end = text + sprintf(text, GOOD);
    struct sw_err err = {0};

    (void)state;
    for (int i = 0; i < 4096; i++)
        end += sprintf(end, "RW %d ZERO\n", i % 7 + 1);
    assert_ok(parse(text, &d, &err), err);
    assert_int_equal(d.nr_lines, 4096);
    assert_int_equal(d.lines[4095].sectors, 1);
    strcpy(end, "RW 1 ZERO");
    assert_failed(parse(text, &d, &err), err, SW_INTEGRITY, "more than 4096 extents");
    free(text);
}

static void text_ends_at_the_first_nul_or_at_its_length(void **state)
{
    static const char text[] = GOOD "\0garbage";
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor d = {.nr_lines = 0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(vmdk_parse_descriptor(text, sizeof(text), "x.vmdk", &d, &err), err);
    vmdk_descriptor_free(&d);
    assert_failed(vmdk_parse_descriptor(text, 30, "x.vmdk", &d, &err), err, SW_INTEGRITY,
                  "without a createType");
}

static void what_is_not_understood_is_refused_with_its_line(void **state)
{
    static const char *const bad[] = {
        GOOD "just words\n",
        GOOD "RW -1 FLAT \"x\" 0\n",
        GOOD "RW 0 SPARSE \"x\"\n",
        GOOD "RW 12\n",
        GOOD "RW 1x SPARSE \"x\"\n",
        GOOD "RW 99999999999999999999 SPARSE \"x\"\n",
        GOOD "CID=\n",
        GOOD "CID=123456789\n",
        GOOD "CID=xyz\n",
        GOOD "parentCID=ffffffffg",
        GOOD "RWX 12 SPARSE x\n",
        GOOD "RW 12 SPARSE \"x\n",
        GOOD "RW 12 SPARSE \"a \"b\".vmdk\"\n",
        GOOD "RW 12 SPARSE a\"b\"\n",
        GOOD "RW 12 FLAT \"x\" -1\n",
        GOOD "RW 12 FLAT \"x\" 9223372036854775808\n",
        GOOD "RW 12 FLAT \"x\" 1k\n",
        GOOD "RW 12 FLAT \"x\" \"\"\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor d = {.nr_lines = 0};
        struct sw_err err = {0};

        assert_failed(parse(bad[i], &d, &err), err, SW_INTEGRITY, "descriptor, line 6");
    }
}

static void texts_that_are_too_long_are_refused(void **state)
{
    char text[4096] = GOOD "parentFileNameHint=";
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor d = {.nr_lines = 0};
    struct sw_err err = {0};

    (void)state;
    memset(text + strlen(text), 'a', 2000);
    assert_failed(parse(text, &d, &err), err, SW_INTEGRITY, "line 6");
    assert_failed(parse("", &d, &err), err, SW_INTEGRITY, "without a createType");
}

static void descriptors_are_known_by_their_first_line(void **state)
{
    (void)state;
    assert_true(vmdk_is_descriptor((const uint8_t *)"# disk descriptorfile\n", 22));
    assert_true(vmdk_is_descriptor((const uint8_t *)"# Disk Descriptor File\n", 23));
    assert_false(vmdk_is_descriptor((const uint8_t *)"# Disk Descr", 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_text_is_understood),
        cmocka_unit_test(case_blanks_and_line_ends_do_not_matter),
        cmocka_unit_test(extents_of_every_kind_are_taken_apart),
        cmocka_unit_test(there_are_at_most_4096_extents),
        cmocka_unit_test(text_ends_at_the_first_nul_or_at_its_length),
        cmocka_unit_test(what_is_not_understood_is_refused_with_its_line),
        cmocka_unit_test(texts_that_are_too_long_are_refused),
        cmocka_unit_test(descriptors_are_known_by_their_first_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
