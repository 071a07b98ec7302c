/* The strict YAML reader keeps source text and places, and refuses what could hide or grow. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/recipe/component.h"

/* A parsed text; end with done(). */
struct parsed {
    struct sw_diags diags;
    struct sw_doc doc;
    const struct sw_node *root;
};

static void parse(struct parsed *p, const char *text, size_t len)
{
    struct sw_err err = {0};

    *p = (struct parsed){.doc = {.file = "doc.yml", .diags = &p->diags}};
    assert_ok(sw_doc_parse(&p->doc, text, len, &p->root, &err), err);
}

static void done(struct parsed *p)
{
    sw_arena_free(p->doc.arena);
    sw_diags_free(&p->diags);
}

static void assert_refused(const char *text, size_t len, const char *want)
{
    struct parsed p;
    char *got;

    parse(&p, text, len);
    got = faults_text(&p.diags, "doc.yml");
    if (strstr(got, want) == NULL)
        fail_msg("'%s' is not in '%s'", want, got);
    free(got);
    done(&p);
}

#define REFUSED(text, want) assert_refused(text, sizeof(text) - 1, want)

static void scalars_keep_their_source_text(void **state)
{
    struct parsed p;
    static const char text[] = "a: 0777\nb: 1.0\nc: yes\nb2: 0x1F\ne: 2001-01-01\nf: 1e3\n";
    static const char *const want[] = {"0777", "1.0", "yes", "0x1F", "2001-01-01", "1e3"};

    (void)state;
    parse(&p, text, sizeof(text) - 1);
    assert_non_null(p.root);
    assert_int_equal(p.root->n, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(p.root->items[i]->text, want[i]);
    done(&p);
}

static void places_are_lines_and_columns_in_characters(void **state)
{
    static const char text[] = "name: \xc3\xa9t\xc3\xa9\nlist:\n  - {k\xc3\xa9y: value}\n";
    const struct sw_node *entry;
    struct parsed p;

    (void)state;
    parse(&p, text, sizeof(text) - 1);
    entry = sw_node_get(p.root, "list")->items[0];
    assert_int_equal(entry->line, 3);
    assert_int_equal(entry->column, 5);
    assert_int_equal(entry->items[0]->line, 3);
    assert_int_equal(entry->items[0]->column, 11);
    done(&p);
}

static void assert_place(const struct sw_node *node, size_t offset, size_t line, size_t column)
{
    struct sw_place place = {0};

    sw_place_move(&place, node, offset);
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
}

static void a_place_inside_of_a_text_is_found(void **state)
{
    static const char text[] =
        "a:\n  b: |\n      first\n\n        {{ x }}\n  c: 'is {{ y }}'\n  d: \"\\t{{ z }}\"\n";
    const struct sw_node *a, *b;
    struct sw_place place = {0};
    struct parsed p;

    (void)state;
    parse(&p, text, sizeof(text) - 1);
    a = sw_node_get(p.root, "a");
    b = sw_node_get(a, "b");
    assert_place(b, 0, 3, 7);
    assert_place(b, (size_t)(strstr(b->text, "{{") - b->text), 5, 9);
    assert_place(sw_node_get(a, "c"), 3, 6, 10);
    /* An escape makes the text shorter than its source: the scalar's own place is all that is known. */
    assert_place(sw_node_get(a, "d"), 1, 7, 6);
    /* In two moves as in one. */
    sw_place_move(&place, b, 3);
    assert_int_equal(place.line, 3);
    assert_int_equal(place.column, 10);
    sw_place_move(&place, b, b->len - 1);
    assert_int_equal(place.line, 5);
    assert_int_equal(place.column, 16);
    done(&p);
}

/* As Windows' editors and PowerShell write files. */
static void a_byte_order_mark_is_no_text(void **state)
{
    static const char text[] = "\xef\xbb\xbfname: a\nb: c\n";
    struct parsed p;

    (void)state;
    parse(&p, text, sizeof(text) - 1);
    assert_non_null(p.root);
    assert_int_equal(p.root->n, 2);
    assert_string_equal(p.root->keys[0]->text, "name");
    assert_int_equal(p.root->keys[0]->column, 1);
    done(&p);
    REFUSED("\xef\xbb\xbf", "the file is empty");
    REFUSED("\xef\xbb\xbf\xef\xbb\xbfname: a\nb: c\n", "not valid YAML");
    REFUSED("\xef\xbb", "UTF-8");
}

static void json_is_read_with_its_surrogate_pairs(void **state)
{
    static const char text[] =
        "{\"a\": \"\\ud83d\\ude00 \\/ \\u00e9\",\n\t\"b\": [1, null, \"\\\\ud83d\\\\ude00\"]}";
    struct parsed p;

    (void)state;
    parse(&p, text, sizeof(text) - 1);
    assert_non_null(p.root);
    assert_int_equal(p.diags.n, 0);
    assert_string_equal(sw_node_get(p.root, "a")->text, "\xf0\x9f\x98\x80 / \xc3\xa9");
    assert_true(sw_node_is_null(sw_node_get(p.root, "b")->items[1]));
    assert_string_equal(sw_node_get(p.root, "b")->items[2]->text, "\\ud83d\\ude00");
    done(&p);
}

static void aliases_repeat_a_node(void **state)
{
    static const char text[] = "a: &x {k: v}\nb: [*x, *x]\n";
    struct parsed p;

    (void)state;
    parse(&p, text, sizeof(text) - 1);
    assert_ptr_equal(sw_node_get(p.root, "b")->items[0], sw_node_get(p.root, "a"));
    assert_ptr_equal(sw_node_get(p.root, "b")->items[1], sw_node_get(p.root, "a"));
    done(&p);
}

static void what_could_mislead_is_refused(void **state)
{
    (void)state;
    REFUSED("a: 1\nb: 2\na: 3\n", "3:1: the key 'a' is there twice (first at line 1)");
    REFUSED("{\"a\": 1, \"a\": 1}", "1:10: the key 'a' is there twice");
    REFUSED("a: !Ref b\n", "1:4: the tag '!Ref' is refused");
    REFUSED("a: !!str b\n", "the tag 'tag:yaml.org,2002:str' is refused");
    REFUSED("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3: merge keys ('<<') are refused");
    REFUSED("a: 1\n---\nb: 2\n", "2:1: a second document ('---') in the same file");
    REFUSED("[a]: b\n", "1:1: a key must be a text");
    REFUSED("", "0:0: the file is empty");
    REFUSED("# nothing\n", "0:0: the file is empty");
    REFUSED("a: *b\n", "1:4: no anchor is named 'b'");
}

static void all_faults_of_a_file_are_told_at_once(void **state)
{
    (void)state;
    REFUSED("a: !x 1\na: !y 2\n", "1:4: the tag '!x'");
    REFUSED("a: !x 1\na: !y 2\n", "2:1: the key 'a' is there twice");
    REFUSED("a: !x 1\na: !y 2\n", "2:4: the tag '!y'");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    REFUSED("ab: \xff\n", "1:5: not valid YAML");
    REFUSED("a: 1\nb: \xc3(\n", "2:5: not valid YAML: invalid trailing UTF-8 octet");
    REFUSED("a: \xed\xa0\x80\n", "not valid YAML");
    REFUSED("a: x\0y\n", "not valid YAML: control characters are not allowed");
    REFUSED("a: \"x\\0y\"\n", "1:4: a text with a NUL character");
    REFUSED("a:\n\tb: 1\n", "2:1: not valid YAML");
    REFUSED("\xff\xfe"
            "a\0:\0",
            "not valid YAML");
    REFUSED("a: 'x\n", "not valid YAML");
}

static void a_billion_laughs_end_early(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_buf_puts(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n", &err), err);
    for (int i = 1; i < 12; i++)
        assert_ok(sw_buf_printf(&text, &err, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i,
                                i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1),
                  err);
    assert_refused(text.data, text.len, "the aliases of this document grow it beyond 100000 values");
    sw_buf_free(&text);
}

static void aliases_of_a_large_text_end_early(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_buf_puts(&text, "a: &a ", &err), err);
    for (int i = 0; i < 500000; i++)
        assert_ok(sw_buf_puts(&text, "x", &err), err);
    assert_ok(sw_buf_puts(&text, "\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", &err), err);
    assert_refused(text.data, text.len, "or 4194304 bytes");
    sw_buf_free(&text);
}

static void an_alias_inside_of_itself_is_refused(void **state)
{
    (void)state;
    REFUSED("a: &x [1, *x]\n", "1:11: an alias inside of what it stands for");
}

static char *repeat(const char *piece, size_t times)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};

    for (size_t i = 0; i < times; i++)
        assert_ok(sw_buf_puts(&text, piece, &err), err);
    return sw_buf_steal(&text);
}

static void depth_size_and_counts_are_bounded(void **state)
{
    char *deep = repeat("[", 10000), *wide = repeat("- a\n", 120000),
         *large = repeat("abcdefghijklmno ", 70000);
    char *blocks = repeat("- ", 10000), *anchors = repeat("- &a b\n", 101);

    (void)state;
    assert_refused(deep, strlen(deep), "1:65: nested deeper than 64 levels");
    assert_refused(blocks, strlen(blocks), "1:129: nested deeper than 64 levels");
    assert_refused(wide, strlen(wide), "more than 100000 values in one document");
    assert_refused(large, strlen(large), "0:0: larger than 1048576 bytes");
    assert_refused(anchors, strlen(anchors), "101:3: more than 100 anchors");
    free(deep);
    free(blocks);
    free(wide);
    free(large);
    free(anchors);
}

static void a_map_of_very_many_keys_is_refused(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};

    (void)state;
    for (int i = 0; i < 1001; i++)
        assert_ok(sw_buf_printf(&text, &err, "k%d: v\n", i), err);
    assert_refused(text.data, text.len, "1001:1: more than 1000 keys in one map");
    sw_buf_free(&text);
}

static void sixty_four_levels_are_fine(void **state)
{
    char *open = repeat("[", 64), *close = repeat("]", 64);
    char text[129];
    struct parsed p;

    (void)state;
    snprintf(text, sizeof(text), "%s%s", open, close);
    parse(&p, text, strlen(text));
    assert_non_null(p.root);
    assert_int_equal(p.diags.n, 0);
    done(&p);
    free(open);
    free(close);
}

static void text_of_a_document_cannot_move_the_terminals_cursor(void **state)
{
    struct sw_shown shown = sw_show("a\x1b[2J\x7f\xc2\x9b"
                                    "b\xe2\x80\xae"
                                    "c\ne");

    (void)state;
    assert_string_equal(shown.text, "a\\u{1b}[2J\\u{7f}\\u{9b}b\\u{202e}c\\ne");
    shown = sw_show("0123456789012345678901234567890123456789012345678901234567890123456789"
                    "0123456789012345678901234567890123456789");
    assert_true(strlen(shown.text) < sizeof(shown.text));
    assert_non_null(strstr(shown.text, "\xe2\x80\xa6"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_keep_their_source_text),
        cmocka_unit_test(places_are_lines_and_columns_in_characters),
        cmocka_unit_test(a_place_inside_of_a_text_is_found),
        cmocka_unit_test(a_byte_order_mark_is_no_text),
        cmocka_unit_test(json_is_read_with_its_surrogate_pairs),
        cmocka_unit_test(aliases_repeat_a_node),
        cmocka_unit_test(what_could_mislead_is_refused),
        cmocka_unit_test(all_faults_of_a_file_are_told_at_once),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_billion_laughs_end_early),
        cmocka_unit_test(aliases_of_a_large_text_end_early),
        cmocka_unit_test(an_alias_inside_of_itself_is_refused),
        cmocka_unit_test(depth_size_and_counts_are_bounded),
        cmocka_unit_test(a_map_of_very_many_keys_is_refused),
        cmocka_unit_test(sixty_four_levels_are_fine),
        cmocka_unit_test(text_of_a_document_cannot_move_the_terminals_cursor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
