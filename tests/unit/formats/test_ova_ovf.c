/* OVF envelopes: files, disks and units, and text that is none or means harm. */
#include "formats/ova/ovf.h"
#include "tests/unit/formats/ova_make.h"

static void assert_refused(const char *text, enum sw_code code, const char *part)
{
    struct ovf ovf;
    struct sw_err err = {0};

    assert_failed(ovf_parse(text, strlen(text), "x.ova", &ovf, &err), err, code, part);
    assert_null(ovf.files);
    assert_null(ovf.disks);
}

static void files_and_disks_are_read_in_their_order(void **state)
{
    static const char text[] =
        OVF_HEAD "<References><File ovf:href='a.vmdk' ovf:id='f1' ovf:size='12'/>"
                 "<File ovf:href='b.iso' ovf:id='f2' ovf:compression='gzip' ovf:chunkSize='7'/></References>"
                 "<DiskSection><Info>x</Info><Disk ovf:diskId='d2' ovf:fileRef='f1' ovf:capacity='8'"
                 " ovf:capacityAllocationUnits='byte * 2^30' ovf:format='http://x#streamOptimized'/>"
                 "<Disk ovf:diskId='d1' ovf:capacity='512' ovf:parentRef='d2'/></DiskSection>" OVF_TAIL;
    struct ovf ovf;
    struct sw_err err = {0};

    (void)state;
    assert_ok(ovf_parse(text, strlen(text), "x.ova", &ovf, &err), err);
    assert_int_equal(ovf.nr_files, 2);
    assert_int_equal(ovf.nr_disks, 2);
    assert_string_equal(ovf.files[0].href, "a.vmdk");
    assert_string_equal(ovf.files[0].size, "12");
    assert_null(ovf.files[0].compression);
    assert_string_equal(ovf.files[1].compression, "gzip");
    assert_string_equal(ovf.files[1].chunk_size, "7");
    assert_string_equal(ovf.disks[0].id, "d2");
    assert_string_equal(ovf.disks[0].units, "byte * 2^30");
    assert_string_equal(ovf.disks[0].format, "http://x#streamOptimized");
    assert_ptr_equal(ovf_file(&ovf, ovf.disks[0].file_ref), &ovf.files[0]);
    assert_null(ovf.disks[1].file_ref);
    assert_string_equal(ovf.disks[1].parent_ref, "d2");
    ovf_free(&ovf);
}

static void prefixes_other_namespaces_and_bare_attributes_do_not_matter(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf<o:Envelope xmlns:o='http://schemas.dmtf.org/ovf/envelope/2' xmlns:v='http://vbox'>"
        "<v:References><o:File o:id='no' o:href='no'/></v:References>"
        "<o:References><o:File id='f' o:href='a&amp;b.vmdk' v:href='no' v:chunkSize='1'/><v:File/></o:References>"
        "<o:VirtualSystem><o:DiskSection><o:Disk o:fileRef='no'/></o:DiskSection></o:VirtualSystem>"
        "<o:DiskSection><o:Disk fileRef='f' v:parentRef='no'><o:Disk o:fileRef='no'/></o:Disk></o:DiskSection>"
        "</o:Envelope>";
    struct ovf ovf;
    struct sw_err err = {0};

    (void)state;
    assert_ok(ovf_parse(text, strlen(text), "x.ova", &ovf, &err), err);
    assert_int_equal(ovf.nr_files, 1);
    assert_int_equal(ovf.nr_disks, 1);
    assert_string_equal(ovf.files[0].href, "a&b.vmdk");
    assert_null(ovf.files[0].chunk_size);
    assert_string_equal(ovf.disks[0].file_ref, "f");
    assert_null(ovf.disks[0].parent_ref);
    ovf_free(&ovf);
}

static void what_is_no_envelope_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused("", SW_INTEGRITY, "no element found (line 1)");
    assert_refused("\n\nhello", SW_INTEGRITY, "not well-formed");
    assert_refused("<a/>", SW_INTEGRITY, "does not begin with an Envelope");
    assert_refused("<Envelope/>", SW_INTEGRITY, "does not begin with an Envelope");
    assert_refused("<Envelope xmlns='http://www.vmware.com/schema/ovf/1/envelope'/>", SW_INTEGRITY,
                   "does not begin with an Envelope");
    assert_refused(OVF_HEAD "\n<References>", SW_INTEGRITY, "(line 3)");
    assert_refused(OVF_HEAD "&other;" OVF_TAIL, SW_INTEGRITY, "undefined entity");
}

static void dtds_and_with_them_entities_are_refused(void **state)
{
    (void)state;
    assert_refused("<!DOCTYPE Envelope [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" OVF_TAIL, SW_INTEGRITY,
                   "has a DTD");
    assert_refused("<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x'>\n<a/>", SW_INTEGRITY, "has a DTD");
    assert_refused("<!DOCTYPE a [<!ENTITY a '1'><!ENTITY b '&a;&a;&a;'>]><a>&b;</a>", SW_INTEGRITY,
                   "has a DTD");
}

static void ids_that_are_missing_doubled_or_dangling_are_refused(void **state)
{
    (void)state;
    assert_refused(OVF_HEAD "<References><File ovf:href='a'/></References>" OVF_TAIL, SW_INTEGRITY,
                   "file 1 has no id or no href");
    assert_refused(OVF_HEAD "<References><File ovf:id='a'/></References>" OVF_TAIL, SW_INTEGRITY,
                   "file 1 has no id or no href");
    assert_refused(OVF_HEAD "<References><File ovf:id='a' ovf:href='a'/>"
                            "<File ovf:id='a' ovf:href='b'/></References>" OVF_TAIL,
                   SW_INTEGRITY, "two files with the id 'a'");
    assert_refused(OVF_HEAD "<DiskSection><Disk ovf:fileRef='a'/></DiskSection>" OVF_TAIL, SW_INTEGRITY,
                   "disk 1 refers to the file 'a', which it does not list");
}

/* text around n times piece. */
static char *repeat(const char *before, const char *piece, size_t n, const char *after)
{
    size_t len = strlen(piece);
    char *text = malloc(strlen(before) + n * len + strlen(after) + 1), *at = stpcpy(text, before);

    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, piece);
    stpcpy(at, after);
    return text;
}

static void depth_numbers_and_lengths_are_bounded(void **state)
{
    char *deep = repeat(OVF_HEAD, "<a>", OVF_DEPTH_MAX, "");
    char *files = repeat(OVF_HEAD "<References>", "<File/>", OVF_FILES_MAX + 1, "</References>" OVF_TAIL);
    char *disks = repeat(OVF_HEAD "<DiskSection>", "<Disk/>", OVF_DISKS_MAX + 1, "</DiskSection>" OVF_TAIL);
    char *name = repeat(OVF_HEAD "<References><File ovf:href='", "a", 1025, "'/></References>" OVF_TAIL);
    char *large = repeat(OVF_HEAD, " ", OVF_MAX_BYTES, OVF_TAIL);

    (void)state;
    assert_refused(deep, SW_INTEGRITY, "deeper than 64");
    assert_refused(files, SW_INTEGRITY, "more than 512 files");
    assert_refused(disks, SW_INTEGRITY, "more than 256 disks");
    assert_refused(name, SW_INTEGRITY, "longer than 1024 bytes");
    assert_refused(large, SW_REFUSED, "more than 4 MiB");
    free(deep);
    free(files);
    free(disks);
    free(name);
    free(large);
}

static void units_are_read_by_their_grammar(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } cases[] = {
        {NULL, 1},
        {"byte", 1},
        {" Bytes ", 1},
        {"byte * 2^30", UINT64_C(1) << 30},
        {"byte*2^0", 1},
        {"byte * 10^9", 1000000000},
        {"byte * 1024 * 2 ^ 10", 1 << 20},
        {"byte * 2^63", UINT64_C(1) << 63},
        {"KB", 1 << 10},
        {"MegaBytes", 1 << 20},
        {"gb", 1 << 30},
        {"TeraBytes", UINT64_C(1) << 40},
    };
    static const char *const wrong[] = {"",
                                        "bit",
                                        "2^30",
                                        "byte *",
                                        "byte 2",
                                        "byte * 2^",
                                        "byte * 2^64",
                                        "byte * 10^20",
                                        "byte * -2",
                                        "byte * 1^5",
                                        "byte * 0",
                                        "byte * 2^3^3",
                                        "byte * 2^40 * 2^40",
                                        "EB",
                                        "byte * 2^030x"};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ovf_units(cases[i].text, &value), 0);
        assert_true(value == cases[i].value);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (ovf_units(wrong[i], &value) == 0)
            fail_msg("'%s' was taken for a unit", wrong[i]);
}

static void numbers_that_64_bits_do_not_hold_are_refused(void **state)
{
    static const char *const wrong[] = {
        "", " ", "-1", "+1", "1.5", "0x10", "1e9", "18446744073709551616", "${size}"};
    uint64_t value;

    (void)state;
    assert_int_equal(ovf_number(" 18446744073709551615\n", &value), 0);
    assert_true(value == UINT64_MAX);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(ovf_number(wrong[i], &value), -1);
}

static void what_is_written_is_read_back(void **state)
{
    const struct ovf_machine machine = {.name = "web-1.0",
                                        .cpus = 4,
                                        .memory_mib = 2048,
                                        .capacity_bytes = 8589934592,
                                        .file_bytes = 123,
                                        .populated_bytes = 65536};
    SW_AUTO_BUF struct sw_buf text = {0};
    struct ovf ovf;
    struct sw_err err = {0};

    (void)state;
    assert_ok(ovf_write(&machine, &text, &err), err);
    assert_ok(ovf_parse(text.data, text.len, "x.ova", &ovf, &err), err);
    assert_int_equal(ovf.nr_files, 1);
    assert_int_equal(ovf.nr_disks, 1);
    assert_string_equal(ovf.files[0].href, "web-1.0-disk1.vmdk");
    assert_string_equal(ovf.files[0].size, "123");
    assert_string_equal(ovf.disks[0].capacity, "8589934592");
    assert_string_equal(ovf.disks[0].file_ref, ovf.files[0].id);
    assert_non_null(strstr(text.data, "<rasd:VirtualQuantity>4</rasd:VirtualQuantity>"));
    assert_non_null(strstr(text.data, "<rasd:VirtualQuantity>2048</rasd:VirtualQuantity>"));
    ovf_free(&ovf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_disks_are_read_in_their_order),
        cmocka_unit_test(prefixes_other_namespaces_and_bare_attributes_do_not_matter),
        cmocka_unit_test(what_is_no_envelope_is_refused_with_its_line),
        cmocka_unit_test(dtds_and_with_them_entities_are_refused),
        cmocka_unit_test(ids_that_are_missing_doubled_or_dangling_are_refused),
        cmocka_unit_test(depth_numbers_and_lengths_are_bounded),
        cmocka_unit_test(units_are_read_by_their_grammar),
        cmocka_unit_test(numbers_that_64_bits_do_not_hold_are_refused),
        cmocka_unit_test(what_is_written_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
