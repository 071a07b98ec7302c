/* Where a recipe's downloads are found when there is no network, and what is said about those that are not. */
#include "tests/unit/testing.h"

#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/build/fetch.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* of "abc" */
#define RECIPE \
    "name: web\nsemanticVersion: 1.0.0\nparentImage: base.raw\ncomponents:\n  - component: doc.yml\n"
#define DOC "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
#define WEB "      - name: Get\n        action: WebDownload\n        inputs:\n"

static void write_text(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_write_file(path, text, strlen(text), 0600, &err), err);
}

/* What came of looking for a recipe's downloads. */
struct looked {
    struct sw_recipe *recipe;
    struct fetch *fetch;
    struct sw_diags diags;
    struct sw_err err;
    int rc;
};

static void look_with(struct looked *l, const char *recipe, const char *document, const char *bundle)
{
    const struct fetch_opts opts = {.bundles = &bundle, .nr_bundles = bundle != NULL ? 1 : 0};

    *l = (struct looked){.rc = -1};
    write_text("doc.yml", document);
    write_text("recipe.yml", recipe);
    l->recipe = sw_recipe_load("recipe.yml", NULL, &l->diags, &l->err);
    if (l->recipe == NULL)
        fail_msg("%s", l->err.text);
    l->rc = fetch_new(l->recipe, &opts, &l->diags, &l->fetch, &l->err);
    if (l->rc == 0)
        l->rc = fetch_find(l->fetch, &l->diags, &l->err);
}

static void looked_free(struct looked *l)
{
    if (l->fetch != NULL)
        fetch_free(l->fetch);
    sw_recipe_free(l->recipe);
    sw_diags_free(&l->diags);
}

static char *errors_text(struct sw_diags *diags)
{
    struct sw_buf out = {0};
    struct sw_err err = {0};

    sw_diags_sort(diags);
    assert_ok(sw_buf_puts(&out, "", &err), err);
    for (size_t i = 0; i < diags->n; i++)
        if (!diags->items[i].warning)
            assert_ok(sw_buf_printf(&out, &err, "%s:%zu:%zu: %s\n", diags->items[i].file,
                                    diags->items[i].line, diags->items[i].column, diags->items[i].message),
                      err);
    return sw_buf_steal(&out);
}

/* The component's downloads as its plan key has them. */
static void expect_found(const char *recipe, const char *document, const char *bundle, const char *want)
{
    struct looked l;
    json_t *json = NULL;
    char *text, *errors;

    look_with(&l, recipe, document, bundle);
    errors = errors_text(&l.diags);
    if (l.rc < 0)
        fail_msg("%s\n%s", l.err.text, errors);
    assert_true(fetch_known(l.fetch, 0, false));
    assert_ok(fetch_describe(l.fetch, 0, false, &json, &l.err), l.err);
    text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    assert_string_equal(text != NULL ? text : "none", want);
    free(text);
    free(errors);
    json_decref(json);
    looked_free(&l);
}

static void expect_not_found(const char *recipe, const char *document, enum sw_code code, const char *text,
                             const char *want)
{
    struct looked l;
    char *errors;

    look_with(&l, recipe, document, NULL);
    errors = errors_text(&l.diags);
    assert_int_equal(l.rc, -1);
    assert_string_equal(errors, want);
    assert_int_equal(l.err.code, code);
    assert_string_equal(l.err.text, text);
    free(errors);
    looked_free(&l);
}

static void a_source_is_the_file_that_inputs_names(void **state)
{
    (void)state;
    expect_found(RECIPE "inputs:\n  https://x/a: abc\n",
                 DOC WEB "          - {source: 'https://x/a', destination: /a}\n", NULL,
                 "{\"https://x/a\":\"" ABC "\"}");
    expect_found(RECIPE "inputs:\n  https://x/: files\n",
                 DOC WEB "          - {source: 'https://x/v1/a?b=c', destination: /a}\n", NULL,
                 "{\"https://x/v1/a?b=c\":\"" ABC "\"}");
    expect_found(RECIPE, DOC "      - {name: A, action: ExecuteBash, inputs: {commands: [true]}}\n", NULL,
                 "none");
}

static void downloads_of_test_phases_are_wanted_where_those_run_and_are_their_own(void **state)
{
    static const char document[] =
        DOC WEB "          - {source: 'https://x/a', destination: /a}\n"
                "  - name: test\n    steps:\n" WEB "          - {source: 'https://x/t', destination: /t}\n";
    struct fetch_opts opts = {.test = false};
    struct looked l = {.rc = -1};
    json_t *json = NULL;

    (void)state;
    /* Left out they are not even looked for. */
    expect_found(RECIPE "inputs:\n  https://x/a: abc\n", document, NULL, "{\"https://x/a\":\"" ABC "\"}");
    write_text("doc.yml", document);
    write_text("recipe.yml", RECIPE "inputs:\n  https://x/a: abc\n  https://x/t: abc\n");
    l.recipe = sw_recipe_load("recipe.yml", NULL, &l.diags, &l.err);
    assert_non_null(l.recipe);
    opts.test = true;
    assert_ok(fetch_new(l.recipe, &opts, &l.diags, &l.fetch, &l.err), l.err);
    assert_false(fetch_known(l.fetch, 0, true));
    assert_ok(fetch_find(l.fetch, &l.diags, &l.err), l.err);
    assert_true(fetch_known(l.fetch, 0, true));
    for (int test = 0; test < 2; test++) {
        assert_ok(fetch_describe(l.fetch, 0, test == 1, &json, &l.err), l.err);
        assert_int_equal(json_object_size(json), 1);
        assert_non_null(json_object_get(json, test == 1 ? "https://x/t" : "https://x/a"));
        json_decref(json);
    }
    looked_free(&l);
}

static void the_longest_entry_of_inputs_wins(void **state)
{
    (void)state;
    expect_found(RECIPE "inputs:\n  https://x/: nowhere\n  https://x/v1/: files/v1\n",
                 DOC WEB "          - {source: 'https://x/v1/a?b=c', destination: /a}\n", NULL,
                 "{\"https://x/v1/a?b=c\":\"" ABC "\"}");
}

static void a_prefix_is_a_folder_with_all_beneath(void **state)
{
    static const char document[] = DOC "      - name: Get\n        action: S3Download\n        inputs:\n"
                                       "          - {source: 's3://lab/p/*', destination: /opt}\n";

    (void)state;
    expect_found(RECIPE "inputs:\n  s3://lab/p/*: tree\n", document, NULL,
                 "{\"s3://lab/p/*\":{\"a\":\"" ABC "\",\"sub/b\":\"" ABC "\"}}");
    expect_found(RECIPE "inputs:\n  s3://lab/: lab\n", document, NULL,
                 "{\"s3://lab/p/*\":{\"a\":\"" ABC "\",\"sub/b\":\"" ABC "\"}}");
}

static void references_that_are_known_before_the_run_are_read(void **state)
{
    (void)state;
    expect_found(RECIPE "inputs:\n  https://x/v1/a: abc\n  https://x/v1/a.sig: abc\n",
                 "schemaVersion: 1.0\nparameters:\n  - version: {type: string, default: v1}\nconstants:\n"
                 "  - host: {type: string, value: 'https://x'}\nphases:\n  - name: build\n    steps:\n" WEB
                 "          - {source: '{{ host }}/{{ version }}/a', destination: /a}\n"
                 "      - name: Sig\n        action: WebDownload\n        inputs:\n"
                 "          - {source: '{{ build.Get.inputs[0].source }}.sig', destination: /b}\n",
                 NULL, "{\"https://x/v1/a\":\"" ABC "\",\"https://x/v1/a.sig\":\"" ABC "\"}");
}

static void every_turn_of_a_loop_has_its_source(void **state)
{
    static const char recipe[] =
        RECIPE "inputs:\n  https://x/a: abc\n  https://x/b: abc\n  https://x/2: abc\n";

    (void)state;
    expect_found(
        recipe,
        "schemaVersion: 1.0\nconstants:\n  - names: {type: string, value: 'a,b'}\nphases:\n  - name: build\n"
        "    steps:\n" WEB "          - {source: 'https://x/{{ loop.value }}', destination: /}\n"
        "        loop:\n          forEach: {list: '{{ names }}', delimiter: ','}\n"
        "      - name: Two\n        action: WebDownload\n        inputs:\n"
        "          - {source: 'https://x/{{ n.value }}', destination: /}\n"
        "        loop: {name: n, for: {start: 2, end: 2, updateBy: 1}}\n",
        NULL, "{\"https://x/2\":\"" ABC "\",\"https://x/a\":\"" ABC "\",\"https://x/b\":\"" ABC "\"}");
    expect_not_found(
        recipe,
        DOC "      - {name: Ask, action: ExecuteBash, inputs: {commands: [echo a]}}\n" WEB
            "          - {source: 'https://x/{{ loop.value }}', destination: /}\n"
            "          - {source: 'https://x/a', destination: /}\n"
            "        loop: {forEach: ['{{ build.Ask.outputs.stdout }}']}\n",
        SW_OFFLINE, "1 transfer cannot be done",
        "doc.yml:9:22: WebDownload 'https://x/{{ loop.value }}' depends on what a step leaves: it cannot be fetched "
        "before the build, and the network is denied\n");
}

static void a_step_that_is_known_not_to_run_wants_nothing(void **state)
{
    static const char head[] =
        "schemaVersion: 1.0\nconstants:\n  - distro: {type: string, value: debian}\nphases:\n  - name: build\n    steps:\n";
    char document[600];

    (void)state;
    snprintf(document, sizeof(document),
             "%s" WEB "          - {source: 'https://x/rpm', destination: /}\n"
             "        if: {stringEquals: rhel, value: '{{ distro }}'}\n"
             "      - name: Deb\n        action: WebDownload\n        inputs:\n"
             "          - {source: 'https://x/deb', destination: /}\n"
             "        if: {stringEquals: debian, value: '{{ distro }}'}\n",
             head);
    expect_found(RECIPE "inputs:\n  https://x/deb: abc\n", document, NULL, "{\"https://x/deb\":\"" ABC "\"}");
    /* What only the image can answer may be so. */
    snprintf(document, sizeof(document),
             "%s" WEB
             "          - {source: 'https://x/a', destination: /}\n        if: {fileExists: /etc/passwd}\n",
             head);
    expect_not_found(
        RECIPE, document, SW_OFFLINE, "1 source is missing: 'https://x/a'",
        "doc.yml:10:22: 'https://x/a': it is not in the recipe's inputs, nor was it fetched before; no bundle was named\n");
}

static void documents_that_are_executed_are_looked_into(void **state)
{
    static const char inner[] =
        "schemaVersion: 1.0\nparameters:\n  - version: {type: string, default: v1}\nphases:\n"
        "  - name: build\n    steps:\n      - name: Not\n        action: WebDownload\n"
        "        inputs: [{source: 'https://x/not-this-phase', destination: /}]\n"
        "  - name: fetch\n    steps:\n      - name: Get\n        action: WebDownload\n"
        "        inputs: [{source: 'https://x/{{ version }}', destination: /}]\n";
    static const char recipe[] = RECIPE "inputs:\n  https://x/v2: abc\n  https://x/v1: abc\n";
    static const char document[] = DOC
        "      - {name: Ask, action: ExecuteBash, inputs: {commands: [echo a]}}\n"
        "      - name: Inner\n        action: ExecuteDocument\n        inputs:\n          document: inner.yml\n"
        "          phases: fetch\n          parameters:\n            - {name: version, value: '%s'}\n";
    char text[600];

    (void)state;
    write_text("inner.yml", inner);
    snprintf(text, sizeof(text), document, "v2");
    expect_found(recipe, text, NULL, "{\"https://x/v2\":\"" ABC "\"}");
    write_text("inner.yml",
               DOC WEB "          - {source: 'https://x/{{ aws:ssm:/ver }}', destination: /a}\n");
    expect_found(RECIPE "ssmParameters: {/ver: v3}\ninputs:\n  https://x/v3: abc\n",
                 DOC "      - {name: Run, action: ExecuteDocument, inputs: {document: inner.yml}}\n", NULL,
                 "{\"https://x/v3\":\"" ABC "\"}");
    write_text("inner.yml", inner);
    snprintf(text, sizeof(text), document, "{{ build.Ask.outputs.stdout }}");
    expect_not_found(
        recipe, text, SW_OFFLINE, "1 transfer cannot be done",
        "inner.yml:14:27: WebDownload 'https://x/{{ version }}' depends on what a step leaves: it cannot "
        "be fetched before the build, and the network is denied\n");
}

static void all_that_is_missing_is_listed_with_its_place(void **state)
{
    (void)state;
    expect_not_found(
        RECIPE "inputs:\n  https://x/gone: gone\n",
        DOC WEB
        "          - {source: 'https://x/a', destination: /a}\n"
        "          - {source: 'https://x/gone', destination: /b}\n"
        "      - name: Again\n        action: WebDownload\n        inputs:\n"
        "          - {source: 'https://x/a', destination: /c}\n"
        "  - name: validate\n    steps:\n      - name: S3\n        action: S3Download\n        inputs:\n"
        "          - {source: 's3://lab/o', destination: /d}\n"
        "  - name: test\n    steps:\n      - name: T\n        action: WebDownload\n        inputs:\n"
        "          - {source: 'https://x/only-in-test', destination: /d}\n",
        SW_OFFLINE, "3 sources are missing: 'https://x/a', 'https://x/gone', 's3://lab/o'",
        "doc.yml:8:22: 'https://x/a': it is not in the recipe's inputs, nor was it fetched before; no bundle was named\n"
        "doc.yml:9:22: 'https://x/gone': 'gone' of the recipe's inputs is not there\n"
        "doc.yml:13:22: 'https://x/a': it is not in the recipe's inputs, nor was it fetched before; no bundle was named\n"
        "doc.yml:19:22: 's3://lab/o': it is not in the recipe's inputs, nor was it fetched before; no bundle was named\n");
}

/* Passwords and signatures of a URL are not told. */
static void what_is_missing_is_named_without_its_secrets(void **state)
{
    (void)state;
    expect_not_found(
        RECIPE, DOC WEB "          - {source: 'https://me:sesame@x/a?sig=hush', destination: /a}\n",
        SW_OFFLINE, "1 source is missing: 'https://x/a'",
        "doc.yml:8:22: 'https://x/a': it is not in the recipe's inputs, nor was it fetched before; no bundle was named\n");
}

static void a_source_that_a_step_decides_is_refused_without_a_network(void **state)
{
    (void)state;
    expect_not_found(
        RECIPE "inputs:\n  https://x/: files\n",
        DOC "      - {name: Ask, action: ExecuteBash, inputs: {commands: [echo a]}}\n" WEB
            "          - {source: 'https://x/{{ build.Ask.outputs.stdout }}', destination: /a}\n",
        SW_OFFLINE, "1 transfer cannot be done",
        "doc.yml:9:22: WebDownload 'https://x/{{ build.Ask.outputs.stdout }}' depends on what a step leaves: it "
        "cannot be fetched before the build, and the network is denied\n");
}

static void a_source_that_leads_out_of_its_folder_is_refused(void **state)
{
    (void)state;
    expect_not_found(RECIPE "inputs:\n  https://x/: files/v1\n",
                     DOC WEB "          - {source: 'https://x/../../abc', destination: /a}\n", SW_RECIPE,
                     "1 download cannot be done",
                     "doc.yml:8:22: 'https://x/../../abc': '../../abc' is no path beneath 'https://x/'\n");
}

static void a_pinned_digest_must_fit(void **state)
{
    static const char document[] = DOC WEB "          - {source: 'https://x/a', destination: /a}\n";

    (void)state;
    expect_found(RECIPE "inputs:\n  https://x/a: {path: abc, sha256: " ABC "}\n", document, NULL,
                 "{\"https://x/a\":\"" ABC "\"}");
    expect_not_found(
        RECIPE "inputs:\n  https://x/a: {path: other, sha256: " ABC "}\n", document, SW_INTEGRITY,
        "1 download cannot be done",
        "doc.yml:8:22: 'https://x/a': its SHA-256 is "
        "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa, and recipe.yml:7:3 wants " ABC
        "\n");
}

static void a_checksum_is_checked_where_both_fields_are_given(void **state)
{
    static const char recipe[] = RECIPE "inputs:\n  https://x/a: abc\n";

    (void)state;
    expect_found(
        recipe,
        DOC WEB "          - {source: 'https://x/a', destination: /a, algorithm: md5, checksum: "
                "900150983CD24FB0D6963F7D28E17F72}\n"
                "          - {source: 'https://x/a', destination: /a, algorithm: SHA1, checksum: "
                "a9993e364706816aba3e25717850c26c9cd0d89d}\n"
                "          - {source: 'https://x/a', destination: /a, algorithm: SHA256, checksum: " ABC "}\n"
                "          - {source: 'https://x/a', destination: /a, checksum: wrong}\n"
                "          - {source: 'https://x/a', destination: /a, algorithm: SHA512}\n",
        NULL, "{\"https://x/a\":\"" ABC "\"}");
    expect_not_found(
        recipe,
        DOC WEB "          - {source: 'https://x/a', destination: /a, algorithm: MD5, checksum: wrong}\n",
        SW_INTEGRITY, "1 download cannot be done",
        "doc.yml:8:22: 'https://x/a': its MD5 is 900150983cd24fb0d6963f7d28e17f72, and the step wants "
        "wrong\n");
}

static void an_upload_needs_a_folder(void **state)
{
    static const char document[] = DOC "      - name: Put\n        action: S3Upload\n        inputs:\n"
                                       "          - {source: /a, destination: 's3://lab/logs/a'}\n";

    (void)state;
    expect_found(RECIPE "uploads:\n  s3://lab/logs: up\n", document, NULL, "none");
    expect_not_found(
        RECIPE "uploads:\n  s3://lab/log: up\n  s3://other: up\n", document, SW_REFUSED,
        "1 upload has nowhere to go: see the recipe's uploads",
        "doc.yml:8:39: S3Upload 's3://lab/logs/a' has nowhere to go: name a folder for it in the "
        "recipe's uploads\n");
}

static void a_bundle_serves_what_inputs_does_not_and_a_tar_is_unpacked(void **state)
{
    static const char document[] = DOC WEB "          - {source: 'https://x/a', destination: /a}\n"
                                           "      - name: All\n        action: S3Download\n        inputs:\n"
                                           "          - {source: 's3://lab/p/*', destination: /b}\n";
    static const char want[] =
        "{\"https://x/a\":\"" ABC "\",\"s3://lab/p/*\":{\"a\":\"" ABC "\",\"sub/b\":\"" ABC "\"}}";
    struct sw_bundle_file *files;
    struct looked l;
    size_t n;

    (void)state;
    look_with(&l, RECIPE "inputs:\n  https://x/a: abc\n  s3://lab/p/*: tree\n", document, NULL);
    assert_ok(l.rc, l.err);
    files = fetch_bundled(l.fetch, &n, &l.err);
    assert_int_equal(n, 3);
    assert_ok(sw_bundle_write("b.tar", files, n, &l.err), l.err);
    assert_ok(sw_bundle_write("b", files, n, &l.err), l.err);
    free(files);
    looked_free(&l);

    expect_found(RECIPE, document, "b", want);
    expect_found(RECIPE, document, "b.tar", want);
    look_with(&l, RECIPE, document, "b.tar");
    files = fetch_bundled(l.fetch, &n, &l.err);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(files[i].path);
        assert_true(sw_path_exists(files[i].path));
    }
    free(files);
    looked_free(&l);
    assert_int_equal(system("rm b/blobs/sha256/" ABC), 0);
    look_with(&l, RECIPE, document, "b");
    assert_int_equal(l.err.code, SW_INTEGRITY);
    looked_free(&l);
}

static void what_runs_finds_its_files_and_uploads_stay_in_their_folder(void **state)
{
    const struct sw_remote known = {.uri = "https://x/dir/a%20b?v=2"}, unknown = {.uri = "https://x/other"},
                           odd = {.uri = "file:///etc/passwd"};
    const struct sw_remote_file *files;
    struct sw_transfers *transfers;
    struct sw_out *out = NULL;
    struct looked l;
    size_t n;

    (void)state;
    look_with(
        &l,
        RECIPE
        "inputs:\n  https://x/dir/: files/v1\n  'https://x/dir/a%20b?v=2': abc\nuploads:\n  s3://lab/up: up\n",
        DOC WEB "          - {source: 'https://x/dir/a%20b?v=2', destination: /a/}\n", NULL);
    assert_ok(l.rc, l.err);
    transfers = fetch_transfers(l.fetch);
    assert_ok(transfers->find(transfers, &known, &files, &n, &l.err), l.err);
    assert_int_equal(n, 1);
    assert_string_equal(files[0].name, "a b");
    assert_string_equal(files[0].path, "abc");
    assert_failed(transfers->find(transfers, &unknown, &files, &n, &l.err), l.err, SW_OFFLINE,
                  "network is denied");
    assert_failed(transfers->find(transfers, &odd, &files, &n, &l.err), l.err, SW_GUEST, "no URI");

    assert_ok(transfers->deposit(transfers, "s3://lab/up/x/y", &out, &l.err), l.err);
    assert_ok(sw_out_write(out, "z", 1, &l.err), l.err);
    assert_ok(sw_out_commit(out, &l.err), l.err);
    sw_out_close(out);
    assert_true(sw_path_exists("up/x/y"));
    assert_failed(transfers->deposit(transfers, "s3://lab/up/../y", &out, &l.err), l.err, SW_GUEST,
                  "no path beneath");
    assert_failed(transfers->deposit(transfers, "s3://lab/up//y", &out, &l.err), l.err, SW_GUEST,
                  "no path beneath");
    assert_failed(transfers->deposit(transfers, "s3://lab/other", &out, &l.err), l.err, SW_REFUSED,
                  "nowhere to go");
    looked_free(&l);
}

/* ---- Documents that are sealed ---- */

/* Looks with the recipe's document, or else the one that it executes, as if it were sealed. */
static void look_sealed(struct looked *l, const char *document, bool inner, bool network)
{
    const struct fetch_opts opts = {.network = network};
    struct sw_use *use;

    *l = (struct looked){.rc = -1};
    write_text("doc.yml", document);
    write_text("recipe.yml", RECIPE "inputs:\n  https://canary/in/: files/v1\n  https://canary/abc: abc\n");
    l->recipe = sw_recipe_load("recipe.yml", NULL, &l->diags, &l->err);
    if (l->recipe == NULL)
        fail_msg("%s", l->err.text);
    use = &l->recipe->uses[0];
    ((struct sw_component *)(uintptr_t)(inner ? use->documents[0].component : use->component))->sealed =
        "web/1.0.0";
    assert_true(sw_use_holds_sealed(use));
    l->rc = fetch_new(l->recipe, &opts, &l->diags, &l->fetch, &l->err);
}

static void assert_untold(struct looked *l, const char *part)
{
    char *errors = errors_text(&l->diags);

    assert_null(strstr(l->err.text, "canary"));
    assert_null(strstr(errors, "canary"));
    if (strstr(errors, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, errors);
    free(errors);
}

#define CANARIES WEB "          - {source: 'https://canary/a', destination: /a}\n"

static void what_a_sealed_document_downloads_is_not_named(void **state)
{
    static const char executes[] =
        DOC "      - {name: Run, action: ExecuteDocument, inputs: {document: inner.yml}}\n";
    const struct sw_remote late = {.uri = "https://canary/late", .sealed = true};
    const struct sw_remote_file *files;
    struct looked l;
    json_t *unknown;
    size_t n;

    (void)state;
    write_text("inner.yml", DOC CANARIES);
    for (int inner = 0; inner < 2; inner++) {
        look_sealed(&l, inner ? executes : DOC CANARIES, inner, false);
        assert_ok(l.rc, l.err);
        unknown = fetch_unknown(l.fetch, &l.err);
        assert_int_equal(json_array_size(unknown), 1);
        assert_string_equal(json_string_value(json_array_get(unknown, 0)), "(sealed)");
        json_decref(unknown);
        assert_failed(fetch_find(l.fetch, &l.diags, &l.err), l.err, SW_OFFLINE,
                      "1 source is missing: '(sealed)'");
        assert_untold(&l, "'(sealed)': it is not here");
        assert_failed(fetch_transfers(l.fetch)->find(fetch_transfers(l.fetch), &late, &files, &n, &l.err),
                      l.err, SW_OFFLINE, "(sealed)");
        assert_null(strstr(l.err.text, "canary"));
        looked_free(&l);
    }
}

static void what_is_wrong_with_it_is_not_quoted(void **state)
{
    static const struct {
        const char *document, *part;
    } rows[] = {
        {DOC WEB "          - {source: 'https://canary/in/../canary', destination: /a}\n",
         "it cannot be had"},
        {DOC WEB "          - {source: 'https://canary/in/gone', destination: /a}\n", "'(sealed)'"},
        {DOC WEB
         "          - {source: 'https://canary/abc', destination: /a, algorithm: MD5, checksum: canary}\n",
         "its digest is not the one that is wanted"},
        {DOC "      - {name: Put, action: S3Upload, inputs: [{source: /a, destination: 's3://canary/x'}]}\n",
         "'(sealed)' has nowhere to go"},
    };
    struct looked l;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        look_sealed(&l, rows[i].document, false, false);
        if (l.rc == 0)
            l.rc = fetch_find(l.fetch, &l.diags, &l.err);
        assert_int_equal(l.rc, -1);
        assert_untold(&l, rows[i].part);
        looked_free(&l);
    }
}

/* ---- A server that answers everybody alike ---- */

struct server {
    int fd;
    char url[40], reply[200];
    atomic_uint asked;
    pthread_t thread;
};

static void *serve(void *arg)
{
    struct server *server = arg;
    int fd;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        char request[2000];

        /* Counted before the answer leaves: who asked may look at once. */
        if (read(fd, request, sizeof(request)) > 0) {
            server->asked++;
            if (write(fd, server->reply, strlen(server->reply)) < 0)
                perror("cannot answer");
        }
        close(fd);
    }
    return NULL;
}

static void server_start(struct server *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    *server = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(server->fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(server->fd, 8), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&at, &len), 0);
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
    snprintf(server->reply, sizeof(server->reply),
             "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

static void look_on_the_net(struct looked *l, const char *document, bool refetch)
{
    const struct fetch_opts opts = {.network = true, .refetch = refetch};

    *l = (struct looked){.rc = -1};
    write_text("doc.yml", document);
    write_text("recipe.yml", RECIPE "network: allow\n");
    l->recipe = sw_recipe_load("recipe.yml", NULL, &l->diags, &l->err);
    if (l->recipe == NULL)
        fail_msg("%s", l->err.text);
    assert_ok(fetch_new(l->recipe, &opts, &l->diags, &l->fetch, &l->err), l->err);
}

static void what_was_fetched_once_is_not_asked_for_again(void **state)
{
    struct server server;
    struct looked l;
    char document[400];

    (void)state;
    server_start(&server);
    snprintf(document, sizeof(document), DOC WEB "          - {source: '%sa', destination: /a}\n",
             server.url);
    look_on_the_net(&l, document, false);
    assert_ok(fetch_look(l.fetch, &l.diags, &l.err), l.err);
    assert_false(fetch_known(l.fetch, 0, false));
    assert_int_equal(server.asked, 0);
    assert_ok(fetch_find(l.fetch, &l.diags, &l.err), l.err);
    assert_true(fetch_known(l.fetch, 0, false));
    assert_int_equal(server.asked, 1);
    looked_free(&l);

    look_on_the_net(&l, document, false);
    assert_ok(fetch_find(l.fetch, &l.diags, &l.err), l.err);
    assert_int_equal(server.asked, 1);
    looked_free(&l);
    look_on_the_net(&l, document, true);
    assert_ok(fetch_find(l.fetch, &l.diags, &l.err), l.err);
    assert_int_equal(server.asked, 2);
    looked_free(&l);
    server_stop(&server);
}

static void a_file_of_an_earlier_fetch_that_has_another_checksum_is_fetched_anew(void **state)
{
    struct server server;
    struct looked l;
    char document[400];

    (void)state;
    server_start(&server);
    snprintf(document, sizeof(document), DOC WEB "          - {source: '%sb', destination: /a}\n",
             server.url);
    memcpy(strstr(server.reply, "abc"), "old", 3);
    look_on_the_net(&l, document, false);
    assert_ok(fetch_find(l.fetch, &l.diags, &l.err), l.err);
    looked_free(&l);

    memcpy(strstr(server.reply, "old"), "abc", 3);
    snprintf(document, sizeof(document),
             DOC WEB "          - {source: '%sb', destination: /a, algorithm: SHA256, checksum: " ABC "}\n",
             server.url);
    look_on_the_net(&l, document, false);
    assert_ok(fetch_find(l.fetch, &l.diags, &l.err), l.err);
    assert_int_equal(server.asked, 2);
    looked_free(&l);

    memcpy(strstr(server.reply, "abc"), "bad", 3);
    look_on_the_net(&l, document, true);
    assert_failed(fetch_find(l.fetch, &l.diags, &l.err), l.err, SW_INTEGRITY, "1 download cannot be done");
    looked_free(&l);
    server_stop(&server);
}

static void a_source_that_a_step_decides_is_fetched_when_it_runs(void **state)
{
    static const char document[] =
        DOC "      - {name: Ask, action: ExecuteBash, inputs: {commands: [echo a]}}\n" WEB
            "          - {source: '{{ build.Ask.outputs.stdout }}', destination: /a}\n";
    struct sw_transfers *transfers;
    const struct sw_remote_file *files;
    struct sw_remote remote = {.checksum = ABC, .algorithm = "sha256"};
    struct server server;
    struct looked l;
    char uri[60];
    size_t n;

    (void)state;
    server_start(&server);
    look_on_the_net(&l, document, false);
    assert_ok(fetch_find(l.fetch, &l.diags, &l.err), l.err);
    assert_int_equal(server.asked, 0);
    transfers = fetch_transfers(l.fetch);
    snprintf(uri, sizeof(uri), "%sc", server.url);
    remote.uri = uri;
    assert_ok(transfers->find(transfers, &remote, &files, &n, &l.err), l.err);
    assert_string_equal(files[0].sha256, ABC);
    assert_int_equal(server.asked, 1);
    remote.checksum = "0";
    assert_failed(transfers->find(transfers, &remote, &files, &n, &l.err), l.err, SW_GUEST,
                  "the step wants 0");
    /* The server's refusal is the step's failure. */
    memcpy(strstr(server.reply, "200"), "404", 3);
    uri[strlen(uri) - 1] = 'd';
    assert_failed(transfers->find(transfers, &remote, &files, &n, &l.err), l.err, SW_GUEST, "HTTP 404");
    looked_free(&l);
    server_stop(&server);
}

static int setup(void **state)
{
    if (enter_empty_folder(state) < 0)
        return -1;
    setenv("XDG_CACHE_HOME", *state, 1);
    setenv("no_proxy", "127.0.0.1", 1);
    return system("mkdir -p files/v1 tree/sub lab && printf abc > abc && printf other > other &&"
                  "cp abc 'files/v1/a?b=c' && cp abc tree/a && cp abc tree/sub/b && cp -r tree lab/p &&"
                  "ln -s .. tree/sub/loop") == 0
               ? 0
               : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_is_the_file_that_inputs_names),
        cmocka_unit_test(downloads_of_test_phases_are_wanted_where_those_run_and_are_their_own),
        cmocka_unit_test(the_longest_entry_of_inputs_wins),
        cmocka_unit_test(a_prefix_is_a_folder_with_all_beneath),
        cmocka_unit_test(references_that_are_known_before_the_run_are_read),
        cmocka_unit_test(every_turn_of_a_loop_has_its_source),
        cmocka_unit_test(a_step_that_is_known_not_to_run_wants_nothing),
        cmocka_unit_test(documents_that_are_executed_are_looked_into),
        cmocka_unit_test(all_that_is_missing_is_listed_with_its_place),
        cmocka_unit_test(what_is_missing_is_named_without_its_secrets),
        cmocka_unit_test(a_source_that_a_step_decides_is_refused_without_a_network),
        cmocka_unit_test(a_source_that_leads_out_of_its_folder_is_refused),
        cmocka_unit_test(a_pinned_digest_must_fit),
        cmocka_unit_test(a_checksum_is_checked_where_both_fields_are_given),
        cmocka_unit_test(an_upload_needs_a_folder),
        cmocka_unit_test(a_bundle_serves_what_inputs_does_not_and_a_tar_is_unpacked),
        cmocka_unit_test(what_a_sealed_document_downloads_is_not_named),
        cmocka_unit_test(what_is_wrong_with_it_is_not_quoted),
        cmocka_unit_test(what_was_fetched_once_is_not_asked_for_again),
        cmocka_unit_test(a_file_of_an_earlier_fetch_that_has_another_checksum_is_fetched_anew),
        cmocka_unit_test(a_source_that_a_step_decides_is_fetched_when_it_runs),
        cmocka_unit_test(what_runs_finds_its_files_and_uploads_stay_in_their_folder),
    };

    return cmocka_run_group_tests(tests, setup, leave_folder);
}
