/* OCI documents come from anybody: what they claim is checked where it is read. */
#include "tests/unit/store/store_case.h"

#define DESCRIPTOR(type, size) \
    "{\"mediaType\":\"" type "\",\"digest\":\"sha256:" KEY_A "\",\"size\":" size "}"

static int manifest(const char *text, struct sw_err *err)
{
    struct sw_store_image image = {0};
    struct store_descriptor config;
    int rc = store_manifest_parse(text, strlen(text), &image, &config, err);

    store_image_clear(&image);
    return rc;
}

static void references_are_what_the_specification_says(void **state)
{
    static const char *const good[] = {"a", "web:1.0.0", "registry.example/web--x:1_2", "1/2@3+4"};
    static const char *const bad[] = {"", ":", "web:", "-web", "web//x", "web 1", "web---x", "we\nb", "ü"};
    char longest[300];

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(good); i++)
        assert_true(store_ref_ok(good[i]));
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++)
        assert_false(store_ref_ok(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[255] = '\0';
    assert_true(store_ref_ok(longest));
    longest[255] = 'a';
    longest[256] = '\0';
    assert_false(store_ref_ok(longest));
}

static void a_name_and_a_version_make_a_reference(void **state)
{
    static const char *const cases[][3] = {
        {"web", "1.0.0", "web:1.0.0"}, {"My Web  Server", "1.0.x", "My-Web-Server:1.0.x"},
        {"a/../b", "1", "a-b:1"},      {"__x__", "1.0.0+5", "x:1.0.0+5"},
        {"\xc3\xbc", "", "x:x"},       {"a_b.c-d", "2", "a_b.c-d:2"},
    };
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        char *ref = sw_store_ref(cases[i][0], cases[i][1], &err);

        assert_non_null(ref);
        assert_string_equal(ref, cases[i][2]);
        free(ref);
    }
}

static void an_index_that_is_none_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "{}",
                                        "{\"schemaVersion\":1,\"manifests\":[]}",
                                        "{\"schemaVersion\":2}",
                                        "{\"schemaVersion\":2,\"manifests\":[1]}",
                                        "{\"schemaVersion\":2,\"schemaVersion\":2,\"manifests\":[]}"};
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        assert_null(store_index_parse(texts[i], strlen(texts[i]), &err));
        assert_int_equal(err.code, SW_INTEGRITY);
    }
}

static void descriptors_are_checked(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"mediaType\":\"x\"}",
        "{\"mediaType\":\"x\",\"digest\":\"sha256:../../x\",\"size\":1}",
        "{\"mediaType\":\"x\",\"digest\":\"sha512:" KEY_A "\",\"size\":1}",
        "{\"mediaType\":\"x\",\"digest\":\"" KEY_A "\",\"size\":1}",
        DESCRIPTOR("x", "-1"),
        DESCRIPTOR("x", "\"1\""),
        DESCRIPTOR("x", "1.5"),
    };
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        struct store_descriptor descriptor;
        json_t *json = sw_json_parse(texts[i], strlen(texts[i]), "case", &err);

        assert_non_null(json);
        assert_failed(store_descriptor_parse(json, &descriptor, &err), err, SW_INTEGRITY, "descriptor");
        json_decref(json);
    }
}

static void a_manifest_needs_a_config_and_layers(void **state)
{
    struct sw_err err = {0};

    (void)state;
    assert_ok(manifest("{\"schemaVersion\":2,\"config\":" DESCRIPTOR("c", "1") ",\"layers\":[" DESCRIPTOR(
                           "l", "9") "]}",
                       &err),
              err);
    assert_failed(manifest("{\"schemaVersion\":2,\"layers\":[]}", &err), err, SW_INTEGRITY, "descriptor");
    assert_failed(manifest("{\"schemaVersion\":2,\"config\":" DESCRIPTOR("c", "1") "}", &err), err,
                  SW_INTEGRITY, "'layers'");
    assert_failed(manifest("{\"schemaVersion\":2,\"config\":" DESCRIPTOR("c", "1") ",\"layers\":[[]]}", &err),
                  err, SW_INTEGRITY, "layer 0");
}

static void a_manifest_with_too_many_layers_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_buf text = {0};

    (void)state;
    assert_ok(
        sw_buf_puts(&text, "{\"schemaVersion\":2,\"config\":" DESCRIPTOR("c", "1") ",\"layers\":[", &err),
        err);
    for (unsigned i = 0; i < 1025; i++)
        assert_ok(sw_buf_printf(&text, &err, "%s" DESCRIPTOR("l", "9"), i > 0 ? "," : ""), err);
    assert_ok(sw_buf_puts(&text, "]}", &err), err);
    assert_failed(manifest(text.data, &err), err, SW_INTEGRITY, "at most 1024");
    sw_buf_free(&text);
}

static void a_config_is_checked(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"virtualBytes\":0,\"planKeys\":[]}",
        "{\"virtualBytes\":9223372036854775807,\"planKeys\":[]}",
        "{\"virtualBytes\":512}",
        "{\"virtualBytes\":512,\"planKeys\":[\"x\"]}",
        "{\"virtualBytes\":512,\"planKeys\":[7]}",
    };
    static const char good[] = "{\"virtualBytes\":512,\"planKeys\":[\"" KEY_A "\"]}";
    struct sw_err err = {0};
    struct sw_layer layer = {.digest = KEY_A};
    struct sw_store_image image = {.layers = &layer, .nr_layers = 1};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++)
        assert_failed(store_config_parse(bad[i], strlen(bad[i]), &image, &err), err, SW_INTEGRITY, "config");
    assert_ok(store_config_parse(good, strlen(good), &image, &err), err);
    assert_int_equal(image.virtual_bytes, 512);
    image.nr_layers = 0;
    assert_failed(store_config_parse(good, strlen(good), &image, &err), err, SW_INTEGRITY, "layers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_what_the_specification_says),
        cmocka_unit_test(a_name_and_a_version_make_a_reference),
        cmocka_unit_test(an_index_that_is_none_is_refused),
        cmocka_unit_test(descriptors_are_checked),
        cmocka_unit_test(a_manifest_needs_a_config_and_layers),
        cmocka_unit_test(a_manifest_with_too_many_layers_is_refused),
        cmocka_unit_test(a_config_is_checked),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
