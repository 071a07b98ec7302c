/* Listing tars of every dialect, and what an OVA's may not be. */
#include "formats/ova/tar.h"
#include "tests/unit/formats/ova_make.h"

static struct archive a;
static const uint8_t filler[(64 << 10) + 1];

static int list(struct tar *tar, struct sw_err *err)
{
    struct sw_in *in = mem_in(a.bytes, a.len);
    int rc = tar_list(in, tar, err);

    sw_in_close(in);
    return rc;
}

static void assert_refused(enum sw_code code, const char *part)
{
    struct tar tar = {.n = 0};
    struct sw_err err = {0};

    assert_failed(list(&tar, &err), err, code, part);
    assert_null(tar.members);
}

static void members_are_listed_with_their_places(void **state)
{
    struct tar tar;
    struct sw_err err = {0};

    (void)state;
    a.len = 0;
    add_text(&a, "a.ovf", "hello");
    add(&a, "empty", NULL, 0);
    add(&a, "./b.vmdk", filler, 1025);
    end(&a);
    assert_ok(list(&tar, &err), err);
    assert_int_equal(tar.n, 3);
    assert_true(tar.ended);
    assert_string_equal(tar.members[0].name, "a.ovf");
    assert_int_equal(tar.members[0].data, 512);
    assert_int_equal(tar.members[0].size_bytes, 5);
    assert_int_equal(tar.members[1].at, 1024);
    assert_ptr_equal(tar_find(&tar, "b.vmdk"), &tar.members[2]);
    assert_int_equal(tar.members[2].size_bytes, 1025);
    assert_null(tar_find(&tar, "c"));
    tar_free(&tar);
}

static void a_binary_size_and_an_old_regular_type_are_read(void **state)
{
    struct tar tar;
    struct tar_header *header;
    struct sw_err err = {0};

    (void)state;
    a.len = 0;
    header = add_typed(&a, "a", '\0', "abc", 3);
    memcpy(header->size, "\x80\0\0\0\0\0\0\0\0\0\0\3", 12);
    memcpy(header->magic, "ustar  ", 8);
    sum_header(header);
    end(&a);
    assert_ok(list(&tar, &err), err);
    assert_int_equal(tar.members[0].size_bytes, 3);
    tar_free(&tar);
}

static void long_names_and_pax_say_what_the_next_member_is(void **state)
{
    static const char gnu[] = "a-name-that-gnu-tar-keeps-in-a-member-of-its-own.vmdk";
    static const char pax[] = "20 path=a disk.vmdk\n10 size=7\n16 mtime=1.5e99\n";
    struct tar tar;
    struct tar_header *header;
    struct sw_err err = {0};

    (void)state;
    a.len = 0;
    add_typed(&a, "pax_global_header", 'g', "11 path=x\n\n", 11);
    add_typed(&a, "././@LongLink", 'L', gnu, sizeof(gnu));
    add_text(&a, "cut", "abc");
    add_typed(&a, "PaxHeader", 'x', pax, strlen(pax));
    header = add(&a, "cut", "abcdefg", 7);
    memcpy(header->size, "00000000000", 12);
    sum_header(header);
    add_text(&a, "last", "abcd");
    end(&a);
    assert_ok(list(&tar, &err), err);
    assert_int_equal(tar.n, 3);
    assert_string_equal(tar.members[0].name, gnu);
    assert_string_equal(tar.members[1].name, "a disk.vmdk");
    assert_int_equal(tar.members[1].size_bytes, 7);
    assert_string_equal(tar.members[2].name, "last");
    assert_int_equal(tar.members[2].size_bytes, 4);
    tar_free(&tar);
}

static void a_folders_own_entry_is_passed_over(void **state)
{
    struct tar tar;
    struct sw_err err = {0};

    (void)state;
    a.len = 0;
    add_typed(&a, "./", '5', NULL, 0);
    add_text(&a, "./a", "a");
    assert_ok(list(&tar, &err), err);
    assert_int_equal(tar.n, 1);
    assert_false(tar.ended);
    tar_free(&tar);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    static const char *const names[] = {"../a", "/a", "a/b", "..", ".", "a\\b", "./../a", "././a"};
    struct tar_header *header;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        a.len = 0;
        add_text(&a, names[i], "abc");
        assert_refused(SW_REFUSED, "not a plain name");
    }
    a.len = 0;
    header = add_text(&a, "a", "abc");
    memcpy(header->prefix, "etc", 3);
    sum_header(header);
    assert_refused(SW_REFUSED, "'etc/a'");
    a.len = 0;
    add_typed(&a, "p", 'x', "18 path=../passwd\n", 18);
    add_text(&a, "a", "abc");
    assert_refused(SW_REFUSED, "'../passwd'");
    a.len = 0;
    add_text(&a, "", "abc");
    assert_refused(SW_INTEGRITY, "empty");
    a.len = 0;
    add_text(&a, "a\x1b[2J", "abc");
    assert_refused(SW_INTEGRITY, "control characters");
}

static void what_is_no_regular_file_is_refused_by_kind(void **state)
{
    static const struct {
        char type;
        const char *kind;
    } cases[] = {{'1', "hard link"}, {'2', "symbolic link"}, {'3', "device"},        {'4', "device"},
                 {'5', "folder"},    {'6', "FIFO"},          {'S', "stored sparse"}, {'Z', "unknown kind"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a.len = 0;
        add_text(&a, "a.ovf", "x");
        add_typed(&a, "b.vmdk", cases[i].type, NULL, 0);
        assert_refused(SW_REFUSED, cases[i].kind);
    }
    a.len = 0;
    add_typed(&a, "p", 'x', "22 GNU.sparse.major=1\n", 22);
    add_text(&a, "a", "abc");
    assert_refused(SW_REFUSED, "sparse");
}

static void a_second_member_of_a_name_is_refused_with_both_places(void **state)
{
    (void)state;
    a.len = 0;
    add_text(&a, "a", "1");
    add_text(&a, "./a", "2");
    assert_refused(SW_INTEGRITY, "a second member 'a' at 1024; the first is at 0");
}

static void damaged_headers_are_refused(void **state)
{
    static const char *const sizes[] = {"99999999999",
                                        "           ",
                                        "0000000008 ",
                                        "-0000000001",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                                        "\x80\x01\0\0\0\0\0\0\0\0\0\0"};
    struct tar_header *header;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        a.len = 0;
        header = add_text(&a, "a", "abc");
        memcpy(header->size, sizes[i], 12);
        sum_header(header);
        assert_refused(SW_INTEGRITY, "header at 0 has a size that is no number");
    }
    a.len = 0;
    add_text(&a, "a", "abc");
    header = add_text(&a, "b", "abc");
    header->name[0] = 'c';
    assert_refused(SW_INTEGRITY, "header at 1024 does not match its checksum");
    header->magic[0] = 'U';
    sum_header(header);
    assert_refused(SW_INTEGRITY, "no 'ustar' magic");
}

static void a_member_beyond_the_end_is_refused(void **state)
{
    static const char *const sizes[] = {"00000002001", "77777777777",
                                        "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"};
    struct tar_header *header;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        a.len = 0;
        header = add(&a, "a", filler, 1024);
        memcpy(header->size, sizes[i], 12);
        sum_header(header);
        assert_refused(SW_INTEGRITY, "is truncated: the tar header at 0 says");
    }
    a.len = 0;
    add_text(&a, "a", "abc");
    a.len -= 600; /* within the header */
    assert_refused(SW_INTEGRITY, "truncated");
}

static void damaged_extensions_are_refused(void **state)
{
    static const char *const records[] = {
        "x",          "99999999 path=a\n", "9 path=ab\n",
        "11 path=ab", "7 path\n",          "8 path=\n",
        "9 size=x\n", "8 size=\n",         "30 size=18446744073709551616\n\n",
        "0 \n"};

    (void)state;
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        a.len = 0;
        add_typed(&a, "p", 'x', records[i], strlen(records[i]));
        add_text(&a, "a", "abc");
        assert_refused(SW_INTEGRITY, "the tar header at 0");
    }
    a.len = 0;
    add_typed(&a, "p", 'x', filler, (64 << 10) + 1);
    assert_refused(SW_INTEGRITY, "larger than 64 KiB");
    a.len = 0;
    add_typed(&a, "l", 'L', filler, 300);
    memset(a.bytes + 512, 'n', 300);
    assert_refused(SW_INTEGRITY, "too long");
}

static void a_pax_size_beyond_the_end_is_refused(void **state)
{
    (void)state;
    a.len = 0;
    add_typed(&a, "p", 'x', "28 size=9223372036854775807\n", 28);
    add_text(&a, "a", "abc");
    assert_refused(SW_INTEGRITY, "says 9223372036854775807 bytes");
}

static void more_members_than_any_ova_has_are_refused(void **state)
{
    static uint8_t many[(TAR_MEMBERS_MAX + 1) * 512];
    struct tar tar;
    struct sw_err err = {0};
    struct sw_in *in;

    (void)state;
    for (int i = 0; i <= TAR_MEMBERS_MAX; i++) {
        char name[16];

        snprintf(name, sizeof(name), "%d", i);
        a.len = 0;
        add(&a, name, NULL, 0);
        memcpy(many + (size_t)i * 512, a.bytes, 512);
    }
    in = mem_in(many, sizeof(many));
    assert_failed(tar_list(in, &tar, &err), err, SW_REFUSED, "more than 1024 members");
    sw_in_close(in);
    for (size_t i = 0; i < sizeof(many); i += 512) { /* headers that say nothing */
        a.len = 0;
        add_typed(&a, "p", 'g', NULL, 0);
        memcpy(many + i, a.bytes, 512);
    }
    in = mem_in(many, sizeof(many));
    assert_ok(tar_list(in, &tar, &err), err);
    assert_int_equal(tar.n, 0);
    sw_in_close(in);
}

static void a_header_that_is_made_is_read_back(void **state)
{
    static const uint64_t sizes[] = {0, 511, (UINT64_C(1) << 33) - 1};
    struct tar_header header;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char size[13];

        tar_make_header(&header, "image.ovf", sizes[i], 1700000000);
        snprintf(size, sizeof(size), "%011llo", (unsigned long long)sizes[i]);
        assert_string_equal(header.size, size);
        assert_string_equal(header.mtime, "14524770400");
        assert_memory_equal(header.magic, "ustar\00000", 8);
        assert_string_equal(header.mode, "0000644");
        memcpy(a.bytes, &header, sizeof(header));
        sum_header((struct tar_header *)a.bytes);
        assert_int_equal(strtoul(((struct tar_header *)a.bytes)->checksum, NULL, 8),
                         strtoul(header.checksum, NULL, 8));
    }
    tar_make_header(&header, "image.ovf", UINT64_C(1) << 33, -5);
    assert_memory_equal(header.size, "\x80\0\0\0\0\0\0\2\0\0\0\0", 12);
    assert_memory_equal(header.magic, "ustar  ", 8);
    assert_string_equal(header.mtime, "00000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_listed_with_their_places),
        cmocka_unit_test(a_binary_size_and_an_old_regular_type_are_read),
        cmocka_unit_test(long_names_and_pax_say_what_the_next_member_is),
        cmocka_unit_test(a_folders_own_entry_is_passed_over),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(what_is_no_regular_file_is_refused_by_kind),
        cmocka_unit_test(a_second_member_of_a_name_is_refused_with_both_places),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(a_member_beyond_the_end_is_refused),
        cmocka_unit_test(damaged_extensions_are_refused),
        cmocka_unit_test(a_pax_size_beyond_the_end_is_refused),
        cmocka_unit_test(more_members_than_any_ova_has_are_refused),
        cmocka_unit_test(a_header_that_is_made_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
