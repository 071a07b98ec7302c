/* Manifests as other programs write them, and damaged ones. */
#include "formats/ova/manifest.h"
#include "tests/unit/testing.h"

#define HEX40  "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define HEX64  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEX128 HEX64 HEX64

static void every_algorithm_and_spacing_is_read(void **state)
{
    static const char text[] = "SHA256(a.ovf)= " HEX64 "\n"
                               "SHA1 (a disk.vmdk) = DA39A3EE5E6B4B0D3255BFEF95601890AFD80709 \r\n"
                               "\n"
                               "sha512(b (1).vmdk)=" HEX128;
    struct manifest manifest;
    const struct manifest_line *line;
    struct sw_err err = {0};

    (void)state;
    assert_ok(manifest_parse(text, strlen(text), "x.mf", &manifest, &err), err);
    assert_int_equal(manifest.n, 3);
    line = manifest_find(&manifest, "a disk.vmdk");
    assert_non_null(line);
    assert_int_equal(line->hash, SW_HASH_SHA1);
    assert_int_equal(line->digest[0], 0xda);
    line = manifest_find(&manifest, "b (1).vmdk");
    assert_non_null(line);
    assert_int_equal(line->hash, SW_HASH_SHA512);
    assert_int_equal(line->digest[63], 0x55);
    assert_null(manifest_find(&manifest, "c"));
    manifest_free(&manifest);
}

static void an_empty_manifest_has_no_lines(void **state)
{
    struct manifest manifest;
    struct sw_err err = {0};

    (void)state;
    assert_ok(manifest_parse("\n \n", 3, "x.mf", &manifest, &err), err);
    assert_int_equal(manifest.n, 0);
    manifest_free(&manifest);
}

static void damaged_lines_are_refused_by_number(void **state)
{
    static const struct {
        const char *text, *part;
        enum sw_code code;
    } cases[] = {
        {"hello\n", "line 1: it is not", SW_INTEGRITY},
        {"\n\nSHA256 a= " HEX64, "line 3: it is not", SW_INTEGRITY},
        {"SHA256)a(= " HEX64, "line 1: it is not", SW_INTEGRITY},
        {"SHA256(a) " HEX64, "no '='", SW_INTEGRITY},
        {"SHA256(a)= " HEX40, "not as many hex digits", SW_INTEGRITY},
        {"SHA256(a)= " HEX64 "0", "not as many hex digits", SW_INTEGRITY},
        {"SHA256(a)= " HEX64 " b", "not as many hex digits", SW_INTEGRITY},
        {"SHA1(a)= zz39a3ee5e6b4b0d3255bfef95601890afd80709", "not as many hex digits", SW_INTEGRITY},
        {"SHA1(a)= \n", "not as many hex digits", SW_INTEGRITY},
        {"MD5(a)= d41d8cd98f00b204e9800998ecf8427e", "'MD5' is not SHA1, SHA256 or SHA512", SW_REFUSED},
        {"(a)= " HEX40, "'' is not SHA1", SW_REFUSED},
        {"SHA1(a)= " HEX40 "\nSHA1(b)= " HEX40 "\nSHA256(a)= " HEX64, "line 3: a second digest for 'a'",
         SW_INTEGRITY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct manifest manifest;
        struct sw_err err = {0};

        assert_failed(manifest_parse(cases[i].text, strlen(cases[i].text), "x.mf", &manifest, &err), err,
                      cases[i].code, cases[i].part);
        assert_null(manifest.lines);
    }
}

static void what_is_no_text_or_too_much_is_refused(void **state)
{
    struct manifest manifest;
    struct sw_err err = {0};
    char *lines = malloc(MANIFEST_MAX_BYTES + 1);
    size_t len = 0;

    (void)state;
    assert_failed(manifest_parse("a\0b", 3, "x.mf", &manifest, &err), err, SW_INTEGRITY, "NUL");
    for (int i = 0; i <= MANIFEST_LINES_MAX; i++)
        len += (size_t)sprintf(lines + len, "SHA1(%d)= " HEX40 "\n", i);
    assert_failed(manifest_parse(lines, len, "x.mf", &manifest, &err), err, SW_INTEGRITY, "more than 1024");
    memset(lines, '\n', MANIFEST_MAX_BYTES + 1);
    assert_failed(manifest_parse(lines, MANIFEST_MAX_BYTES + 1, "x.mf", &manifest, &err), err, SW_REFUSED,
                  "more than 1 MiB");
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_and_spacing_is_read),
        cmocka_unit_test(an_empty_manifest_has_no_lines),
        cmocka_unit_test(damaged_lines_are_refused_by_number),
        cmocka_unit_test(what_is_no_text_or_too_much_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
