/* Replies as trees, and what is refused of them. */
#include "tests/unit/testing.h"

#include "src/base/buf.h"
#include "src/cloud/xml.h"

static void reads_elements_text_and_entities(void **state)
{
    static const char text[] =
        "<?xml version=\"1.0\"?><a xmlns=\"urn:x\"><b>1<c>in</c>2 &amp; &#x20AC;</b><b>second</b><e/></a>";
    struct sw_err err = {.code = SW_OK};
    struct xml_node *root = xml_parse(text, sizeof(text) - 1, &err);

    (void)state;
    assert_non_null(root);
    assert_string_equal(root->name, "a");
    assert_string_equal(xml_text(root, "b"), "12 & \xe2\x82\xac");
    assert_string_equal(xml_text(xml_child(root, "b"), "c"), "in");
    assert_string_equal(xml_text(root, "e"), "");
    assert_string_equal(xml_text(root, "none"), "");
    assert_string_equal(xml_text(xml_child(root, "none"), "x"), "");
    xml_free(root);
}

static void refuses(const char *text, size_t len, const char *why)
{
    struct sw_err err = {.code = SW_OK};

    assert_null(xml_parse(text, len, &err));
    assert_failed(-1, err, SW_REMOTE, why);
}

static void refuses_what_is_damaged_or_dangerous(void **state)
{
    static const char bomb[] = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
    static const char file[] = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>";
    static const char half[] = "<a><b>text";

    (void)state;
    refuses(bomb, sizeof(bomb) - 1, "has a DTD");
    refuses(file, sizeof(file) - 1, "has a DTD");
    refuses(half, sizeof(half) - 1, "no element found");
    refuses("", 0, "no element found");
    refuses("<a></b>", 7, "mismatched tag");
    refuses("<a>\0</a>", 8, "not well-formed");
}

static void refuses_what_is_deep_long_or_large(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf text = {0};

    (void)state;
    for (int i = 0; i <= XML_MAX_DEPTH; i++)
        assert_ok(sw_buf_puts(&text, "<a>", &err), err);
    refuses(text.data, text.len, "nested too deep");
    text.len = 0;
    assert_ok(sw_buf_puts(&text, "<a>", &err), err);
    for (int i = 0; i <= XML_MAX_NODES; i++)
        assert_ok(sw_buf_puts(&text, "<b/>", &err), err);
    refuses(text.data, text.len, "too many elements");
    refuses(text.data, XML_MAX_BYTES + 1UL, "larger than");
    sw_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_elements_text_and_entities),
        cmocka_unit_test(refuses_what_is_damaged_or_dangerous),
        cmocka_unit_test(refuses_what_is_deep_long_or_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
