/* The VMDK descriptor's text. */
#include "formats/vmdk/vmdk.h"
#include "tests/unit/testing.h"

#define GOOD \
    "# Disk DescriptorFile\nversion=1\nCID=565a9714 \nparentCID=ffffffff\ncreateType=\"streamOptimized\" \n"

static int parse(const char *text, struct vmdk_descriptor *out, struct sw_err *err)
{
    return vmdk_parse_descriptor(text, strlen(text), "x.vmdk", out, err);
}

static void the_usual_text_is_understood(void **state)
{
    struct vmdk_descriptor d;
    struct sw_err err = {0};

    (void)state;
    assert_ok(parse(GOOD "\nRDONLY 33554432 SPARSE \"generated-stream.vmdk\"\n#DDB\n"
                         "ddb.adapterType = \"lsilogic\"\n",
                    &d, &err),
              err);
    assert_int_equal(d.cid, 0x565a9714);
    assert_int_equal(d.parent_cid, 0xffffffff);
    assert_string_equal(d.create_type, "streamOptimized");
    assert_int_equal(d.nr_extents, 1);
    assert_int_equal(d.extent_sectors, 33554432);
    assert_string_equal(d.extent_type, "SPARSE");
}

static void case_blanks_and_line_ends_do_not_matter(void **state)
{
    struct vmdk_descriptor d;
    struct sw_err err = {0};

    (void)state;
    assert_ok(parse("cid\t=\tDEADBEEF\r\nCREATETYPE=monolithicSparse\r\n  rw 8 sparse \"a b\"\r\n"
                    "parentFileNameHint=\"c = d.vmdk\"\r\n",
                    &d, &err),
              err);
    assert_int_equal(d.cid, 0xdeadbeef);
    assert_string_equal(d.create_type, "monolithicSparse");
    assert_int_equal(d.extent_sectors, 8);
    assert_string_equal(d.parent_hint, "c = d.vmdk");
    assert_int_equal(d.parent_cid, 0xffffffff);
}

static void text_ends_at_the_first_nul_or_at_its_length(void **state)
{
    static const char text[] = GOOD "\0garbage";
    struct vmdk_descriptor d;
    struct sw_err err = {0};

    (void)state;
    assert_ok(vmdk_parse_descriptor(text, sizeof(text), "x.vmdk", &d, &err), err);
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
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct vmdk_descriptor d;
        struct sw_err err = {0};

        assert_failed(parse(bad[i], &d, &err), err, SW_INTEGRITY, "descriptor, line 6");
    }
}

static void texts_that_are_too_long_are_refused(void **state)
{
    char text[4096] = GOOD "parentFileNameHint=";
    struct vmdk_descriptor d;
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
        cmocka_unit_test(text_ends_at_the_first_nul_or_at_its_length),
        cmocka_unit_test(what_is_not_understood_is_refused_with_its_line),
        cmocka_unit_test(texts_that_are_too_long_are_refused),
        cmocka_unit_test(descriptors_are_known_by_their_first_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
