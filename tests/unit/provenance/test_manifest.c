/* Manifests are canonical, signed before they are parsed, and hostile ones are refused with the field's name. */
#include "tests/unit/provenance/lab.h"

#include <sys/stat.h>

static const char hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static int open_text(const char *text, struct sw_err *err)
{
    struct sw_manifest *manifest = NULL;
    int rc;

    lab_write("m.json", text, strlen(text));
    rc = sw_manifest_open("m.json", NULL, &manifest, err);
    sw_manifest_free(manifest);
    return rc;
}

/* head and the fields of one output. */
static int open_output(const char *fields, struct sw_err *err)
{
    char text[4096];

    snprintf(
        text, sizeof(text),
        "{\"manifestVersion\":1,\"slipway\":\"1\",\"created\":\"2026-01-02T03:04:05Z\",\"outputs\":[{%s}]}",
        fields);
    return open_text(text, err);
}

static void what_is_written_is_canonical_and_reads_back(void **state)
{
    struct sw_err err = {0};
    struct sw_manifest *manifest = NULL;
    struct sw_trust *trust;
    struct sw_buf text = {0};
    uint8_t *bytes = lab_pattern(3 * LAB_MIB + 5);

    (void)state;
    lab_write("a.vmdk", bytes, 3 * LAB_MIB + 5);
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    lab_sign(lab_output("a.vmdk", SW_CHUNK_BYTES), "manifest.json");
    unsetenv("SOURCE_DATE_EPOCH");
    assert_ok(sw_read_file("manifest.json", 1 << 20, &text, &err), err);
    assert_non_null(strstr(
        text.data, "{\"created\":\"2023-11-14T22:13:20Z\",\"manifestVersion\":1,\"outputs\":[{\"bytes\":"
                   "3145733,\"chunkBytes\":67108864,\"chunks\":[\""));
    trust = lab_trust();
    assert_ok(sw_manifest_open(".", trust, &manifest, &err), err);
    assert_int_equal(manifest->nr_files, 1);
    assert_string_equal(manifest->files[0].name, "a.vmdk");
    assert_int_equal(manifest->files[0].digests.bytes, 3 * LAB_MIB + 5);
    assert_string_equal(manifest->created, "2023-11-14T22:13:20Z");
    assert_non_null(strstr(manifest->signer, "key.pub"));
    sw_manifest_free(manifest);
    sw_trust_free(trust);
    sw_buf_free(&text);
    free(bytes);
}

static void a_byte_more_or_less_and_it_is_not_signed(void **state)
{
    struct sw_err err = {0};
    struct sw_manifest *manifest = NULL;
    struct sw_trust *trust;
    struct sw_buf text = {0};

    (void)state;
    lab_write("b.raw", "b", 1);
    lab_sign(lab_output("b.raw", SW_CHUNK_BYTES), "b.manifest.json");
    trust = lab_trust();
    assert_ok(sw_read_file("b.manifest.json", 1 << 20, &text, &err), err);
    for (size_t i = 0; i < text.len; i += 11) {
        text.data[i] ^= 1;
        lab_write("b.manifest.json", text.data, text.len);
        assert_failed(sw_manifest_open("b.manifest.json", trust, &manifest, &err), err, SW_INTEGRITY,
                      "no trusted key made the signature");
        text.data[i] ^= 1;
    }
    lab_write("b.manifest.json", text.data, text.len);
    assert_int_equal(unlink("b.manifest.sig"), 0);
    assert_failed(sw_manifest_open("b.manifest.json", trust, &manifest, &err), err, SW_INTEGRITY,
                  "is not signed: there is no 'b.manifest.sig'");
    lab_write("b.manifest.sig", text.data, 200);
    assert_failed(sw_manifest_open("b.manifest.json", trust, &manifest, &err), err, SW_INTEGRITY,
                  "at most 128 are allowed");
    assert_int_equal(unlink("b.manifest.sig") + mkfifo("b.manifest.sig", 0600), 0);
    assert_failed(sw_manifest_open("b.manifest.json", trust, &manifest, &err), err, SW_INTEGRITY,
                  "no regular file");
    sw_trust_free(trust);
    sw_buf_free(&text);
}

static void an_old_signature_does_not_stay_beside_a_new_manifest(void **state)
{
    struct sw_err err = {0};
    json_t *manifest;

    (void)state;
    lab_write("c.raw", "c", 1);
    lab_sign(lab_output("c.raw", SW_CHUNK_BYTES), "c.json");
    assert_true(sw_path_exists("c.sig"));
    manifest = json_pack("{s:[o]}", "outputs", lab_output("c.raw", SW_CHUNK_BYTES));
    assert_ok(sw_manifest_write(manifest, "c.json", NULL, &err), err);
    json_decref(manifest);
    assert_false(sw_path_exists("c.sig"));
    assert_ok(sw_manifest_remove("c.json", &err), err);
    assert_false(sw_path_exists("c.json"));
    assert_ok(sw_manifest_remove("c.json", &err), err);
}

static void fields_of_the_wrong_kind_are_named(void **state)
{
    static const struct {
        const char *fields, *says;
    } cases[] = {
        {"\"file\":\"a\",\"bytes\":-1", "'bytes' is no number"},
        {"\"file\":\"a\",\"bytes\":1.5", "'bytes' is no number"},
        {"\"file\":\"a\",\"bytes\":99999999999999999999", "too big integer"},
        {"\"file\":\"a\",\"bytes\":1e999", "real number overflow"},
        {"\"file\":\"a\",\"bytes\":\"1\"", "'bytes' is no number"},
        {"\"file\":\"../a\",\"bytes\":1", "'file' is no name"},
        {"\"file\":\"/etc/passwd\",\"bytes\":1", "'file' is no name"},
        {"\"file\":\"a/b\",\"bytes\":1", "'file' is no name"},
        {"\"file\":\"..\",\"bytes\":1", "'file' is no name"},
        {"\"file\":\"\",\"bytes\":1", "'file' is no name"},
        {"\"file\":\"a\\n\",\"bytes\":1", "'file' is no name"},
        {"\"file\":7,\"bytes\":1", "'file' is no name"},
        {"\"file\":\"a\",\"keys\":\"../k\"", "'keys' is no name"},
        {"\"file\":\"a\",\"file\":\"b\"", "duplicate object key"},
        {"\"file\":\"a\\u0000b\"", "\\u0000"},
        {"\"file\":\"a\xff\"", "unable to decode byte 0xff"},
        {"\"file\":\"a\",\"bytes\":1,\"chunkBytes\":0", "'chunkBytes' 0 is no power of two"},
        {"\"file\":\"a\",\"bytes\":1,\"chunkBytes\":67108865", "is no power of two"},
        {"\"file\":\"a\",\"bytes\":1,\"chunkBytes\":4096", "is no power of two from 1048576"},
        {"\"file\":\"a\",\"bytes\":1,\"chunkBytes\":4611686018427387904", "is no power of two"},
        {"\"file\":\"a\",\"bytes\":1,\"chunkBytes\":1048576",
         "'chunks' has 0 digests; a file of 1 bytes has 1"},
        {"\"file\":\"a\",\"bytes\":1048577,\"chunkBytes\":1048576,\"chunks\":[\"\"]",
         "of 1048577 bytes has 2"},
        {"\"file\":\"a\",\"bytes\":1,\"chunkBytes\":1048576,\"chunks\":[1]", "'chunks' 0 is no SHA-256"},
        {"\"file\":\"a\",\"bytes\":1,\"chunkBytes\":1048576,\"chunks\":[\"00\"]", "'chunks' 0 is no SHA-256"},
        {"\"file\":\"a\",\"bytes\":9223372036854775807,\"chunkBytes\":1048576,\"chunks\":[]",
         "has 8796093022208"},
        {"\"file\":\"a\",\"bytes\":0,\"chunkBytes\":1048576,\"chunks\":[]", "'sha256' is no SHA-256"},
    };
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_failed(open_output(cases[i].fields, &err), err, SW_INTEGRITY, cases[i].says);
}

static void texts_that_are_no_manifest_are_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "m.json:"},
        {"[]", "it is no object"},
        {"{}", "'manifestVersion' is missing"},
        {"{\"manifestVersion\":2}", "'manifestVersion' is 2"},
        {"{\"manifestVersion\":1}", "'slipway' is no version"},
        {"{\"manifestVersion\":1,\"slipway\":\"\x1b[2J\"}", "m.json:"},
        {"{\"manifestVersion\":1,\"slipway\":\"\\u001b[2J\"}", "'slipway' is no version"},
        {"{\"manifestVersion\":1,\"slipway\":\"1\",\"created\":\"yesterday\"}", "'created' is no date"},
        {"{\"manifestVersion\":1,\"slipway\":\"1\",\"created\":\"2026-01-02T03:04:05Z\"}",
         "'outputs' is no list"},
        {"{\"manifestVersion\":1,\"slipway\":\"1\",\"created\":\"2026-01-02T03:04:05Z\",\"outputs\":[]}",
         "'outputs'"},
        {"{\"manifestVersion\":1,\"slipway\":\"1\",\"created\":\"2026-01-02T03:04:05Z\",\"outputs\":[7]}",
         "no object"},
        {"{\"manifestVersion\":1}x", "end of file expected"},
    };
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_failed(open_text(cases[i].text, &err), err, SW_INTEGRITY, cases[i].says);
}

static void one_name_is_listed_once(void **state)
{
    struct sw_err err = {0};
    char text[1024], output[256];

    (void)state;
    snprintf(output, sizeof(output),
             "{\"file\":\"a\",\"bytes\":0,\"chunkBytes\":1048576,\"chunks\":[],\"sha256\":\"%s\"}", hex);
    snprintf(
        text, sizeof(text),
        "{\"manifestVersion\":1,\"slipway\":\"1\",\"created\":\"2026-01-02T03:04:05Z\",\"outputs\":[%s,%s]}",
        output, output);
    assert_failed(open_text(text, &err), err, SW_INTEGRITY, "'a' is listed twice");
}

static void neither_size_nor_depth_nor_number_of_values_takes_memory(void **state)
{
    struct sw_err err = {0};
    char *text = malloc(2 * LAB_MIB + 1);
    struct sw_manifest *manifest = NULL;
    FILE *file = fopen("big.json", "w");

    (void)state;
    assert_true(text != NULL && file != NULL);
    assert_int_equal(ftruncate(fileno(file), (off_t)1 << 40), 0);
    fclose(file);
    assert_failed(sw_manifest_open("big.json", NULL, &manifest, &err), err, SW_INTEGRITY, "at most 16777216");
    memset(text, '[', 400000);
    text[400000] = '\0';
    assert_failed(open_text(text, &err), err, SW_INTEGRITY, "maximum parsing depth");
    memset(text, ',', 2 * LAB_MIB);
    text[2 * LAB_MIB] = '\0';
    assert_failed(open_text(text, &err), err, SW_INTEGRITY, "about 2097152 values");
    free(text);
}

static void a_manifest_that_is_no_file_is_not_waited_for(void **state)
{
    struct sw_err err = {0};
    struct sw_manifest *manifest = NULL;

    (void)state;
    assert_int_equal(mkdir("out", 0755) + mkfifo("out/manifest.json", 0644), 0);
    assert_failed(sw_manifest_open("out", NULL, &manifest, &err), err, SW_INTEGRITY, "no regular file");
    assert_failed(sw_manifest_open("nowhere.json", NULL, &manifest, &err), err, SW_INTEGRITY, "cannot open");
}

static void names_follow_from_the_file(void **state)
{
    static const struct {
        const char *file, *manifest, *sig;
    } cases[] = {
        {"d/x.vmdk.sealed", "d/x.vmdk.manifest.json", "d/x.vmdk.manifest.sig"},
        {"x.vmdk", "x.vmdk.manifest.json", "x.vmdk.manifest.sig"},
        {".sealed", ".sealed.manifest.json", ".sealed.manifest.sig"},
    };
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *manifest = sw_manifest_path(cases[i].file, &err), *sig = sw_manifest_sig_path(manifest, &err);

        assert_string_equal(manifest, cases[i].manifest);
        assert_string_equal(sig, cases[i].sig);
        free(manifest);
        free(sig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_canonical_and_reads_back),
        cmocka_unit_test(a_byte_more_or_less_and_it_is_not_signed),
        cmocka_unit_test(an_old_signature_does_not_stay_beside_a_new_manifest),
        cmocka_unit_test(fields_of_the_wrong_kind_are_named),
        cmocka_unit_test(texts_that_are_no_manifest_are_refused),
        cmocka_unit_test(one_name_is_listed_once),
        cmocka_unit_test(neither_size_nor_depth_nor_number_of_values_takes_memory),
        cmocka_unit_test(a_manifest_that_is_no_file_is_not_waited_for),
        cmocka_unit_test(names_follow_from_the_file),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
