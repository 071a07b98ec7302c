/* Downloads put into a guest and uploads taken out of it, in a plain chroot. */
#include "slipway/recipe.h"
#include "src/base/digest.h"
#include "src/base/json.h"
#include "tests/unit/guest/folder.h"

static char work[80]; /* a folder on the host */

/* Transfers that know what the test says. */
struct twin {
    struct sw_transfers base;
    struct sw_remote_file files[4];
    size_t n;
    struct sw_remote asked;
    char uri[200], owner[40];
    char deposits[1000];
    unsigned slow_ms; /* how long it takes to find something */
};

static int twin_find(struct sw_transfers *transfers, const struct sw_remote *source,
                     const struct sw_remote_file **files, size_t *n, struct sw_err *err)
{
    struct twin *twin = (struct twin *)transfers;

    usleep(twin->slow_ms * 1000);
    twin->asked = *source;
    snprintf(twin->uri, sizeof(twin->uri), "%s", source->uri);
    snprintf(twin->owner, sizeof(twin->owner), "%s", source->owner != NULL ? source->owner : "");
    if (twin->n == 0)
        return sw_fail(err, SW_OFFLINE, "it is not here");
    *files = twin->files;
    *n = twin->n;
    return 0;
}

static int twin_deposit(struct sw_transfers *transfers, const char *uri, struct sw_out **out,
                        struct sw_err *err)
{
    struct twin *twin = (struct twin *)transfers;
    size_t len = strlen(twin->deposits);
    char path[160];

    usleep(twin->slow_ms * 1000);
    snprintf(twin->deposits + len, sizeof(twin->deposits) - len, "%s\n", uri);
    snprintf(path, sizeof(path), "%s/deposit", work);
    return sw_out_create_file(path, 0600, out, err);
}

static void twin_open(struct twin *twin)
{
    *twin = (struct twin){.base = {.find = twin_find, .deposit = twin_deposit}};
}

/* A file on the host with this content, known to the twin. */
static void twin_add(struct twin *twin, const char *name, const void *bytes, size_t len)
{
    struct sw_remote_file *file = &twin->files[twin->n];
    static char paths[4][160];
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[SW_SHA256_BYTES];

    snprintf(paths[twin->n], sizeof(paths[0]), "%s/file%zu", work, twin->n);
    assert_int_equal(sw_write_file(paths[twin->n], bytes, len, 0600, &err), 0);
    assert_int_equal(sw_sha256(bytes, len, digest, &err), 0);
    *file = (struct sw_remote_file){.name = name, .path = paths[twin->n], .size_bytes = len};
    sw_hex(digest, sizeof(digest), file->sha256);
    twin->n++;
}

static int execute(struct twin *twin, const char *steps, json_t **outputs, struct sw_err *err)
{
    SW_AUTO_FREE char *document =
        sw_strf(err, "name: web\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n%s", steps);
    SW_AUTO_JSON json_t *own = json_object();
    struct sw_diags diags = {.n = 0};
    struct sw_use use = {.component = sw_component_parse(document, strlen(document), "web.yml", &diags, err)};
    struct sw_exec exec = {.guest = folder_guest, .use = &use, .outputs = own};
    int rc;

    if (use.component == NULL)
        fail_msg("%s", err->text);
    exec.transfers = twin != NULL ? &twin->base : NULL;
    rc = sw_exec_phase(&exec, SW_PHASE_BUILD, NULL, err);
    if (outputs != NULL)
        *outputs = json_incref(own);
    sw_component_free(use.component);
    sw_diags_free(&diags);
    return rc;
}

#define WEB(inputs) "      - name: Get\n        action: WebDownload\n        inputs:\n" inputs
#define S3(inputs)  "      - name: Get\n        action: S3Download\n        inputs:\n" inputs
#define UP(inputs)  "      - name: Put\n        action: S3Upload\n        inputs:\n" inputs

static void expect_good(struct twin *twin, const char *steps)
{
    struct sw_err err = {.code = SW_OK};

    if (execute(twin, steps, NULL, &err) < 0)
        fail_msg("%s", err.text);
}

static void expect_bad(struct twin *twin, const char *steps, enum sw_code code, const char *part)
{
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(execute(twin, steps, NULL, &err), -1);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, err.text);
    assert_int_equal(err.code, code);
}

static void a_file_of_many_pieces_arrives_whole_with_its_folders(void **state)
{
    enum { LEN = (3 << 20) + 12345 };
    SW_AUTO_FREE char *bytes = malloc(LEN);
    struct twin twin;

    (void)state;
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (char)(i * 31 >> 3);
    twin_open(&twin);
    twin_add(&twin, "big", bytes, LEN);
    expect_good(&twin, WEB("          - {source: 'https://x/big', destination: /opt/a/b/large}\n"));
    char script[200];
    snprintf(script, sizeof(script),
             "echo '%s  /opt/a/b/large' | sha256sum -c -s && stat -c %%a /opt/a/b/large",
             twin.files[0].sha256);
    expect_script(script, 0, "644\n");
    assert_string_equal(twin.uri, "https://x/big");
    assert_false(twin.asked.insecure);
}

static void an_empty_file_is_a_file(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "none", "", 0);
    expect_good(&twin, WEB("          - {source: 'https://x/none', destination: /srv/none}\n"));
    expect_script("stat -c %s /srv/none", 0, "0\n");
}

static void a_destination_is_a_folder_when_it_ends_with_a_slash(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *outputs = NULL;
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "tool.sh", "echo hi\n", 8);
    assert_int_equal(execute(&twin,
                             WEB("          - {source: 'https://x/tool.sh', destination: /srv/in/}\n"
                                 "          - {source: 'https://x/tool.sh', destination: relative}\n"),
                             &outputs, &err),
                     0);
    expect_script("cat /srv/in/tool.sh", 0, "echo hi\n");
    assert_string_equal(
        sw_json_text(json_array_get(json_object_get(json_object_get(outputs, "build"), "Get"), 0),
                     "destination"),
        "/srv/in/tool.sh\n/tmp/relative");
    expect_script("mkdir -p /srv/there", 0, "");
    expect_bad(&twin, WEB("          - {source: 'https://x/tool.sh', destination: /srv/there}\n"), SW_GUEST,
               "'/srv/there' is a folder: a destination that is one ends with '/'");
    twin.files[0].name = NULL;
    expect_bad(&twin, WEB("          - {source: 'https://x/', destination: /srv/in/}\n"), SW_GUEST,
               "'https://x/' names no file");
}

static void what_is_there_stays_without_overwrite(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "a", "new", 3);
    expect_script("printf old > /srv/kept; chmod 600 /srv/kept", 0, "");
    expect_bad(&twin, WEB("          - {source: 'https://x/a', destination: /srv/kept, overwrite: false}\n"),
               SW_GUEST, "'/srv/kept' is there already, and overwrite is false");
    expect_script("cat /srv/kept", 0, "old");
    expect_good(&twin, WEB("          - {source: 'https://x/a', destination: /srv/kept}\n"));
    expect_script("cat /srv/kept; stat -c %a /srv/kept", 0, "new600\n");
}

static void a_file_that_has_the_checksum_already_is_left_alone(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "a", "same", 4);
    expect_script(
        "printf same > /srv/same; touch -d @1000 /srv/same; printf diff > /srv/diff; touch -d @1000 /srv/diff",
        0, "");
    expect_good(
        &twin,
        WEB("          - {source: 'https://x/a', destination: /srv/same, checksum: aa, algorithm: md5}\n"
            "          - {source: 'https://x/a', destination: /srv/diff, checksum: aa, algorithm: md5}\n"));
    expect_script("stat -c %Y /srv/same; cat /srv/diff", 0, "1000\nsame");
    expect_good(&twin, WEB("          - {source: 'https://x/a', destination: /srv/same, checksum: aa}\n"));
    expect_script("[ $(stat -c %Y /srv/same) != 1000 ] && echo anew", 0, "anew\n");
}

static void a_file_that_changed_since_the_plan_ends_the_build_whatever_the_step_says(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "a", "first", 5);
    assert_int_equal(sw_write_file(twin.files[0].path, "other", 5, 0600, &err), 0);
    expect_bad(&twin,
               WEB("          - {source: 'https://x/a', destination: /srv/x}\n        onFailure: Ignore\n"),
               SW_INTEGRITY, "is not what it was when the build began");
    assert_int_equal(unlink(twin.files[0].path), 0);
    expect_bad(&twin, WEB("          - {source: 'https://x/a', destination: /srv/x}\n"), SW_FAILED,
               "cannot open");
}

static void what_was_not_fetched_ends_the_build_whatever_the_step_says(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    expect_bad(&twin,
               WEB("          - {source: 'https://x/a', destination: /a}\n        onFailure: Ignore\n"),
               SW_OFFLINE, "it is not here");
    expect_bad(NULL, WEB("          - {source: 'https://x/a', destination: /a}\n        onFailure: Ignore\n"),
               SW_OFFLINE, "was not fetched");
}

static void a_prefix_becomes_a_folder(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "a", "1", 1);
    twin_add(&twin, "deep/er/b", "2", 1);
    expect_good(&twin, S3("          - source: s3://lab/tools/*\n            destination: /opt/tools\n"
                          "            expectedBucketOwner: '111122223333'\n"));
    expect_script("cd /opt/tools && find . -type f | sort && cat deep/er/b", 0, "./a\n./deep/er/b\n2");
    assert_string_equal(twin.owner, "111122223333");
    expect_bad(&twin,
               S3("          - {source: 's3://lab/tools/*', destination: /opt/tools/, overwrite: false}\n"),
               SW_GUEST, "'/opt/tools/a' is there already");
}

static void a_full_or_forbidden_place_is_the_steps_failure(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "a", "1", 1);
    expect_script("printf x > /srv/plain", 0, "");
    expect_bad(&twin, WEB("          - {source: 'https://x/a', destination: /srv/plain/a}\n"), SW_GUEST,
               "'/srv/plain/a': ");
    expect_bad(&twin, WEB("          - {source: 'https://x/a', destination: /dev/null}\n"), SW_GUEST,
               "/dev/null");
}

static void what_takes_too_long_is_the_steps_failure(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    twin_add(&twin, "a", "1", 1);
    twin.slow_ms = 1050;
    expect_bad(
        &twin,
        WEB("          - {source: 'https://x/a', destination: /srv/late}\n        timeoutSeconds: 1\n"),
        SW_GUEST, "did not end within 1 s (timeoutSeconds)");
    expect_script("ls /srv/late 2>/dev/null; printf x >/srv/slow", 0, "");
    /* The guest's own part of it ends as well. */
    expect_bad(&twin,
               UP("          - {source: /srv/slow, destination: s3://lab/slow}\n        timeoutSeconds: 1\n"),
               SW_GUEST, "did not end within 1 s (timeoutSeconds): ");
    expect_bad(&twin,
               UP("          - {source: /srv/slow, destination: s3://lab/slow}\n        timeoutSeconds: 1\n"),
               SW_GUEST, "'/srv/slow': the step's time is over");
    twin.slow_ms = 0;
    expect_good(
        &twin,
        WEB("          - {source: 'https://x/a', destination: /srv/late}\n        timeoutSeconds: 1\n"));
    expect_script("cat /srv/late", 0, "1");
}

static void expect_deposit(const char *bytes)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf got = {0};
    char path[160];

    snprintf(path, sizeof(path), "%s/deposit", work);
    assert_int_equal(sw_read_file(path, 1 << 24, &got, &err), 0);
    assert_string_equal(got.data, bytes);
}

static void a_file_is_uploaded_under_its_key_or_beneath_a_prefix(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    expect_script("mkdir -p /srv/up; printf one > /srv/up/one.txt; printf log > /srv/up/two.log", 0, "");
    expect_good(&twin, UP("          - {source: /srv/up/one.txt, destination: 's3://lab/a/b.txt'}\n"
                          "          - {source: /srv/up/one.txt, destination: 's3://lab/a/'}\n"
                          "          - {source: /srv/up/one.txt, destination: 's3://lab'}\n"
                          "          - {source: '/srv/up/*.txt', destination: 's3://lab/t/*'}\n"));
    assert_string_equal(twin.deposits,
                        "s3://lab/a/b.txt\ns3://lab/a/one.txt\ns3://lab/one.txt\ns3://lab/t/one.txt\n");
    expect_deposit("one");
}

static void a_folder_is_uploaded_with_recurse_only(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    expect_script(
        "mkdir -p /srv/tree/sub/deep; cd /srv/tree; printf 1 > a; printf 2 > sub/b; printf 3 > sub/deep/c;"
        "ln -s a link; ln -s . loop; ln -s nowhere dangling; mkfifo pipe",
        0, "");
    expect_bad(&twin, UP("          - {source: /srv/tree, destination: 's3://lab/t'}\n"), SW_GUEST,
               "'/srv/tree' is a folder, and recurse is false");
    expect_good(&twin, UP("          - {source: /srv/tree/, destination: 's3://lab/t', recurse: true}\n"));
    assert_string_equal(twin.deposits,
                        "s3://lab/t/a\ns3://lab/t/link\ns3://lab/t/sub/b\ns3://lab/t/sub/deep/c\n");
    twin.deposits[0] = '\0';
    expect_good(&twin, UP("          - {source: '/srv/tree/*', destination: 's3://lab/t'}\n"));
    assert_string_equal(twin.deposits, "s3://lab/t/a\ns3://lab/t/link\n");
}

static void what_cannot_be_uploaded_is_said(void **state)
{
    struct twin twin;

    (void)state;
    twin_open(&twin);
    expect_bad(&twin, UP("          - {source: /srv/nowhere, destination: 's3://lab/a'}\n"), SW_GUEST,
               "'/srv/nowhere' does not exist");
    expect_bad(&twin, UP("          - {source: '/etc/*.none', destination: 's3://lab/a'}\n"), SW_GUEST,
               "no file matches '/etc/*.none'");
    expect_bad(&twin, UP("          - {source: '/e*/passwd', destination: 's3://lab/a'}\n"), SW_GUEST,
               "a star may only stand behind the last '/'");
    expect_bad(&twin, UP("          - {source: /dev/null, destination: 's3://lab/a'}\n"), SW_GUEST,
               "is no file");
    expect_bad(NULL, UP("          - {source: /etc/passwd, destination: 's3://lab/a'}\n"), SW_OFFLINE,
               "has nowhere to go");
}

static int setup(void **state)
{
    snprintf(work, sizeof(work), "/tmp/slipway-transfer.XXXXXX");
    return mkdtemp(work) != NULL ? folder_setup(state) : -1;
}

static int teardown(void **state)
{
    struct sw_err err = {.code = SW_OK};

    return sw_remove_tree(work, &err) < 0 ? -1 : folder_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_many_pieces_arrives_whole_with_its_folders),
        cmocka_unit_test(an_empty_file_is_a_file),
        cmocka_unit_test(a_destination_is_a_folder_when_it_ends_with_a_slash),
        cmocka_unit_test(what_is_there_stays_without_overwrite),
        cmocka_unit_test(a_file_that_has_the_checksum_already_is_left_alone),
        cmocka_unit_test(a_file_that_changed_since_the_plan_ends_the_build_whatever_the_step_says),
        cmocka_unit_test(what_was_not_fetched_ends_the_build_whatever_the_step_says),
        cmocka_unit_test(a_prefix_becomes_a_folder),
        cmocka_unit_test(a_full_or_forbidden_place_is_the_steps_failure),
        cmocka_unit_test(what_takes_too_long_is_the_steps_failure),
        cmocka_unit_test(a_file_is_uploaded_under_its_key_or_beneath_a_prefix),
        cmocka_unit_test(a_folder_is_uploaded_with_recurse_only),
        cmocka_unit_test(what_cannot_be_uploaded_is_said),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
