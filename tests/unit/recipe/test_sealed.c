/* Components that are sealed: who they are, whom they open for, and that nothing of them is quoted. */
#include "tests/unit/recipe/recipe_case.h"

#include "slipway/envelope.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <sys/stat.h>

#define CANARY "canary-5f2c9"
#define RECIPE_HEAD \
    "name: web\nsemanticVersion: 1.0.0\nparentImage: x.raw\nparentImageFormat: raw\ncomponents:\n"
#define DOCUMENT                                                                          \
    "schemaVersion: 1.0\ndescription: " CANARY "\nphases:\n  - name: build\n    steps:\n" \
    "      - {name: S, action: ExecuteBash, inputs: {commands: [echo " CANARY "]}}\n"

static void make_key(const char *path, uint8_t byte)
{
    struct sw_err err = {0};
    uint8_t key[32];

    memset(key, byte, sizeof(key));
    assert_ok(sw_write_file(path, key, sizeof(key), 0600, &err), err);
    assert_int_equal(chmod(path, 0600), 0);
}

static struct sw_keyring *ring_of(enum sw_key_use use, const char *text)
{
    struct sw_err err = {0};
    struct sw_keyring *ring = sw_keyring_new(use, &err);

    assert_non_null(ring);
    assert_ok(sw_keyring_add(ring, text, &err), err);
    return ring;
}

/* Seals text into path; who and file may be NULL: the pair is left out. */
static void seal_text(const char *text, const char *path, const char *who, const char *file)
{
    struct sw_err err = {0};
    struct sw_keyring *ring = ring_of(SW_KEY_SEAL, "aes:lab.key");
    struct sw_pair pairs[2];
    struct sw_seal_opts opts = {.recipients = ring, .context = pairs, .plain_bytes = strlen(text), .jobs = 1};
    SW_AUTO_FREE char *keys = sw_seal_sidecar_path(path, &err);
    struct sw_out *out = NULL;

    /* What an earlier case left of another pair. */
    unlink(path);
    unlink(keys);
    if (who != NULL)
        pairs[opts.nr_context++] = (struct sw_pair){SW_COMPONENT_KEY, who};
    if (file != NULL)
        pairs[opts.nr_context++] = (struct sw_pair){SW_COMPONENT_FILE_KEY, file};
    assert_ok(sw_seal_create_file(&opts, path, &out, &err), err);
    assert_ok(sw_out_write(out, text, strlen(text), &err), err);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    sw_keyring_free(ring);
}

/* A recipe of one component, loaded with the key of that text (NULL: with none). */
static struct sw_recipe *load(const char *component, const char *key, struct sw_diags *diags,
                              struct sw_err *err)
{
    struct sw_keyring *ring = key != NULL ? ring_of(SW_KEY_OPEN, key) : NULL;
    const struct sw_overrides overrides = {.keys = ring};
    char text[512];
    struct sw_recipe *recipe;

    snprintf(text, sizeof(text), "%s  - %s\n", RECIPE_HEAD, component);
    write_text("recipe.yml", text);
    recipe = sw_recipe_load("recipe.yml", &overrides, diags, err);
    sw_keyring_free(ring);
    return recipe;
}

static void assert_refused(const char *component, const char *key, const char *part)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe = load(component, key, NULL, &err);

    assert_failed(recipe == NULL ? -1 : 0, err, SW_INTEGRITY, part);
    if (strstr(err.text, CANARY) != NULL)
        fail_msg("the error quotes the document: %s", err.text);
}

static struct sw_recipe *good(const char *component)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe = load(component, "aes:lab.key", NULL, &err);

    if (recipe == NULL)
        fail_msg("unexpected fault: %s", err.text);
    return recipe;
}

static void a_path_says_who_a_component_is(void **state)
{
    static const struct {
        const char *path, *name, *version, *file;
    } rows[] = {
        {"hello.yml", "hello", "", "hello.yml"},
        {"a/b/hello.yaml.sealed", "hello", "", "hello.yaml"},
        {"components/web/1.2.3.yml.sealed", "web", "1.2.3", "1.2.3.yml"},
        {"web/1.2.3.json", "web", "1.2.3", "1.2.3.json"},
        {"web-1.2.3.yml", "web", "1.2.3", "web-1.2.3.yml"},
        {"my-web-1.2.3.yml.sealed", "my-web", "1.2.3", "my-web-1.2.3.yml"},
        {"web-1.2.yml", "web-1.2", "", "web-1.2.yml"},
        {"-1.2.3.yml", "-1.2.3", "", "-1.2.3.yml"},
        {".sealed", ".sealed", "", ".sealed"},
    };
    struct sw_component_id id;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        sw_component_id_of(rows[i].path, &id);
        assert_string_equal(id.name, rows[i].name);
        assert_string_equal(id.version, rows[i].version);
        assert_string_equal(id.file, rows[i].file);
    }
}

static void a_sealed_component_is_opened_with_its_key(void **state)
{
    struct sw_recipe *recipe;

    (void)state;
    seal_text(DOCUMENT, "hello.yml.sealed", "hello/1.2.0", "hello.yml");
    recipe = good("component: hello.yml.sealed");
    assert_string_equal(recipe->uses[0].component->sealed, "hello/1.2.0");
    assert_string_equal(recipe->uses[0].component->name, "hello.yml");
    assert_int_equal(recipe->uses[0].component->nr_phases, 1);
    sw_recipe_free(recipe);
}

static void without_its_key_a_sealed_component_is_refused(void **state)
{
    (void)state;
    seal_text(DOCUMENT, "hello.yml.sealed", "hello/1.2.0", "hello.yml");
    assert_refused("component: hello.yml.sealed", NULL, "name its key with --key");
    assert_refused("component: hello.yml.sealed", "aes:other.key", "no key was given that it is sealed to");
}

static void another_components_seal_is_refused(void **state)
{
    (void)state;
    seal_text(DOCUMENT, "hello.yml.sealed", "other/1.2.0", "other.yml");
    assert_refused("component: hello.yml.sealed", "aes:lab.key", "was sealed as 'other.yml'");
    seal_text(DOCUMENT, "hello.yml.sealed", "other/1.2.0", NULL);
    assert_refused("component: hello.yml.sealed", "aes:lab.key", "'hello/x.x.x' was expected");
    seal_text(DOCUMENT, "hello-2.0.0.yml.sealed", "hello/1.2.0", "hello-2.0.0.yml");
    assert_refused("component: hello-2.0.0.yml.sealed", "aes:lab.key", "'hello/2.0.0' was expected");
    /* A name that only begins alike. */
    seal_text(DOCUMENT, "hello.yml.sealed", "hello-world/1.2.0", NULL);
    assert_refused("component: hello.yml.sealed", "aes:lab.key", "'hello/x.x.x' was expected");
}

static void what_was_not_sealed_as_a_component_is_refused(void **state)
{
    static const char *const wrong[] = {NULL, "hello", "/1.0.0", "hello/", "hello/1.0", "hello/1.0.0.0"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(wrong); i++) {
        seal_text(DOCUMENT, "hello.yml.sealed", wrong[i], "hello.yml");
        assert_refused("component: hello.yml.sealed", "aes:lab.key", "was not sealed as a component");
    }
    write_text("hello.yml.sealed", DOCUMENT);
    assert_refused("component: hello.yml.sealed", "aes:lab.key", "is no sealed message");
}

static void a_catalogue_holds_sealed_versions(void **state)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe;

    (void)state;
    assert_ok(sw_mkdir_p("components/web", 0755, &err), err);
    seal_text(DOCUMENT, "components/web/1.2.0.yml.sealed", "web/1.2.0", "1.2.0.yml");
    write_text("components/web/1.1.0.yml", DOCUMENT);
    recipe = good("componentArn: arn:aws:imagebuilder:eu-west-1:1:component/web/x.x.x");
    assert_string_equal(recipe->uses[0].component->sealed, "web/1.2.0");
    sw_recipe_free(recipe);
    recipe = good("component: components/web/1.2.0.yml.sealed");
    sw_recipe_free(recipe);
    /* An older one in a newer one's place. */
    seal_text(DOCUMENT, "components/web/1.3.0.yml.sealed", "web/1.2.0", "1.2.0.yml");
    assert_refused("componentArn: arn:aws:imagebuilder:eu-west-1:1:component/web/1.3.0", "aes:lab.key",
                   "'web/1.3.0' was expected");
    assert_refused("component: components/web", "aes:lab.key", "'web/1.3.0' was expected");
    assert_ok(sw_remove_tree("components", &err), err);
}

static void faults_of_a_sealed_document_are_told_by_place_and_rule(void **state)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_recipe *recipe;

    (void)state;
    seal_text("schemaVersion: 1.0\n" CANARY ": x\nphases:\n  - name: build\n    steps:\n"
              "      - {name: S, action: " CANARY ", inputs: {commands: [x]}}\n",
              "hello.yml.sealed", "hello/1.2.0", "hello.yml");
    recipe = load("component: hello.yml.sealed", "aes:lab.key", &diags, &err);
    assert_null(recipe);
    assert_int_equal(err.code, SW_RECIPE);
    assert_int_equal(diags.nr_errors, 2);
    for (size_t i = 0; i < diags.n; i++)
        if (strstr(diags.items[i].message, CANARY) != NULL)
            fail_msg("'%s' quotes the document", diags.items[i].message);
    assert_null(strstr(err.text, CANARY));
    assert_int_equal(diags.items[0].line, 2);
    assert_string_equal(diags.items[0].rule, "unknown-field");
    sw_diags_free(&diags);
}

static void what_is_larger_than_a_document_is_refused(void **state)
{
    size_t len = (1 << 20) + 1;
    char *text = malloc(len + 1);

    (void)state;
    assert_non_null(text);
    memset(text, '#', len);
    text[len] = '\0';
    seal_text(text, "hello.yml.sealed", "hello/1.2.0", "hello.yml");
    assert_refused("component: hello.yml.sealed", "aes:lab.key", "it holds more than");
    free(text);
}

static char *canonical(const char *document)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe;
    json_t *json;
    char *text;

    seal_text(document, "hello.yml.sealed", "hello/1.2.0", "hello.yml");
    recipe = good("component: hello.yml.sealed");
    json = sw_use_canonical(&recipe->uses[0], &err);
    assert_non_null(json);
    text = sw_json_canonical(json, &err);
    json_decref(json);
    sw_recipe_free(recipe);
    return text;
}

static void a_plan_key_tells_nothing_of_a_sealed_document(void **state)
{
    char *one = canonical(DOCUMENT), *again = canonical(DOCUMENT);
    char *other = canonical(DOCUMENT "      - {name: T, action: ExecuteBash, inputs: {commands: [x]}}\n");

    (void)state;
    assert_string_equal(one, again);
    assert_string_not_equal(one, other);
    assert_null(strstr(one, CANARY));
    assert_null(strstr(one, "document"));
    assert_int_equal(strlen(one), strlen("{\"sealed\":\"\"}") + 64);
    free(one);
    free(again);
    free(other);
}

static void a_step_is_explained_without_its_words(void **state)
{
    struct sw_recipe *recipe;
    struct sw_err err = {0};
    json_t *list = json_array();
    char *text;

    (void)state;
    seal_text("schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
              "      - {name: S, action: ExecuteBash, inputs: {commands: [apt-get install " CANARY "]}}\n",
              "hello.yml.sealed", "hello/1.2.0", "hello.yml");
    recipe = good("component: hello.yml.sealed");
    assert_ok(sw_explain_use(&recipe->uses[0], list, &err), err);
    text = json_dumps(list, 0);
    assert_non_null(strstr(text, "needs media"));
    assert_non_null(strstr(text, "hello/1.2.0"));
    assert_null(strstr(text, CANARY));
    assert_null(strstr(text, "apt-get"));
    free(text);
    json_decref(list);
    sw_recipe_free(recipe);
}

static int setup(void **state)
{
    if (enter_empty_folder(state) < 0)
        return -1;
    make_key("lab.key", 1);
    make_key("other.key", 2);
    write_text("x.raw", "x");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_says_who_a_component_is),
        cmocka_unit_test(a_sealed_component_is_opened_with_its_key),
        cmocka_unit_test(without_its_key_a_sealed_component_is_refused),
        cmocka_unit_test(another_components_seal_is_refused),
        cmocka_unit_test(what_was_not_sealed_as_a_component_is_refused),
        cmocka_unit_test(a_catalogue_holds_sealed_versions),
        cmocka_unit_test(faults_of_a_sealed_document_are_told_by_place_and_rule),
        cmocka_unit_test(what_is_larger_than_a_document_is_refused),
        cmocka_unit_test(a_plan_key_tells_nothing_of_a_sealed_document),
        cmocka_unit_test(a_step_is_explained_without_its_words),
    };

    return cmocka_run_group_tests(tests, setup, leave_folder);
}
