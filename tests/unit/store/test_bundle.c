/* Bundles: written and read back, and what is damaged or lies in them. */
#include "tests/unit/testing.h"

#include "slipway/bundle.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <sys/stat.h>

/* A file with this content, as a bundle's file of the source. */
static struct sw_bundle_file make(const char *path, const char *bytes, const char *source, const char *name)
{
    struct sw_bundle_file file = {.source = source, .name = name, .size_bytes = strlen(bytes), .path = path};
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[SW_SHA256_BYTES];

    assert_ok(sw_write_file(path, bytes, strlen(bytes), 0600, &err), err);
    assert_ok(sw_sha256(bytes, strlen(bytes), digest, &err), err);
    sw_hex(digest, sizeof(digest), file.sha256);
    return file;
}

static void write_bundle(const char *path)
{
    const struct sw_bundle_file files[] = {
        make("a", "first", "https://example.com/a", NULL),
        make("b", "second", "s3://lab/p/*", "x/b"),
        make("c", "first", "s3://lab/p/*", "x/c"),
        make("d", "", "https://example.com/none?q", NULL),
    };
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_bundle_write(path, files, 4, &err), err);
}

static void expect_listed(const char *path, bool tar)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_bundle *bundle = NULL;
    const struct sw_bundle_file *files;
    size_t n;

    assert_ok(sw_bundle_open(path, &bundle, &err), err);
    files = sw_bundle_files(bundle, &n);
    assert_int_equal(n, 4);
    assert_string_equal(files[0].source, "https://example.com/a");
    assert_null(files[0].name);
    assert_string_equal(files[1].source, "s3://lab/p/*");
    assert_string_equal(files[1].name, "x/b");
    assert_string_equal(files[0].sha256, files[2].sha256);
    assert_int_equal(files[3].size_bytes, 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(files[i].path == NULL, tar);
    sw_bundle_close(bundle);
}

static void a_folder_holds_what_was_put_in(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    write_bundle("folder");
    expect_listed("folder", false);
    write_bundle("folder");
    expect_listed("folder", false);
    assert_ok(sw_mkdir_p("taken/by", 0700, &err), err);
    assert_failed(sw_bundle_write("taken", NULL, 0, &err), err, SW_USAGE,
                  "is there already, and is no bundle");
}

/* Takes everything into taken.<first digits>. */
struct taker {
    struct sw_bundle_taker base;
    unsigned asked;
    const char *only; /* a digest, or NULL: all */
};

static int begin(struct sw_bundle_taker *taker, const char *sha256, uint64_t size_bytes, struct sw_out **out,
                 struct sw_err *err)
{
    struct taker *self = (struct taker *)taker;
    char path[40];

    (void)size_bytes;
    self->asked++;
    if (self->only != NULL && strcmp(self->only, sha256) != 0)
        return 0;
    snprintf(path, sizeof(path), "taken.%.8s", sha256);
    return sw_out_create_file(path, 0600, out, err);
}

static void expect_file(const char *path, const char *bytes)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf got = {0};

    assert_ok(sw_read_file(path, 1000, &got, &err), err);
    assert_string_equal(got.data, bytes);
    sw_buf_free(&got);
}

static void a_tar_gives_back_each_file_once(void **state)
{
    struct taker taker = {.base = {.begin = begin}};
    struct sw_err err = {.code = SW_OK};
    struct sw_bundle *bundle = NULL;

    (void)state;
    write_bundle("b.tar");
    expect_listed("b.tar", true);
    assert_ok(sw_bundle_open("b.tar", &bundle, &err), err);
    assert_ok(sw_bundle_take(bundle, &taker.base, &err), err);
    assert_int_equal(taker.asked, 3);
    expect_file("taken.a7937b64", "first");
    expect_file("taken.16367aac", "second");
    expect_file("taken.e3b0c442", "");
    sw_bundle_close(bundle);
}

static void the_same_files_give_the_same_bytes(void **state)
{
    struct sw_err err = {.code = SW_OK};
    uint8_t one[SW_SHA256_BYTES], two[SW_SHA256_BYTES];

    (void)state;
    write_bundle("one.tar");
    assert_int_equal(system("touch -d @1000 a b c d"), 0);
    write_bundle("two.tar");
    assert_ok(sw_sha256_file("one.tar", one, &err), err);
    assert_ok(sw_sha256_file("two.tar", two, &err), err);
    assert_memory_equal(one, two, sizeof(one));
}

static void a_file_that_changed_leaves_no_bundle(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_bundle_file file = make("a", "first", "https://example.com/a", NULL);

    (void)state;
    assert_ok(sw_write_file("a", "other", 5, 0600, &err), err);
    assert_failed(sw_bundle_write("changed.tar", &file, 1, &err), err, SW_INTEGRITY, "is not what it was");
    assert_false(sw_path_exists("changed.tar"));
    assert_failed(sw_bundle_write("changed", &file, 1, &err), err, SW_INTEGRITY, "is not what it was");
    assert_false(sw_path_exists("changed/index.json"));
}

/* ---- Damage ---- */

static void expect_refused(const char *path, enum sw_code code, const char *part)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_bundle *bundle = NULL;

    assert_failed(sw_bundle_open(path, &bundle, &err), err, code, part);
}

static void what_is_no_bundle_is_told_apart(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    expect_refused("nowhere", SW_FAILED, "No such file");
    assert_ok(sw_mkdir_p("empty", 0700, &err), err);
    expect_refused("empty", SW_USAGE, "is no bundle: it has no 'index.json'");
    assert_ok(sw_write_file("text.tar", "not a tar at all", 16, 0600, &err), err);
    expect_refused("text.tar", SW_USAGE, "is neither a folder nor a tar");
    assert_int_equal(system("mkdir -p image && cp folder/oci-layout image && "
                            "echo '{\"schemaVersion\":2,\"manifests\":[]}' > image/index.json"),
                     0);
    expect_refused("image", SW_USAGE, "its index names no application/vnd.slipway.bundle.v1");
}

static void a_manifest_must_have_its_digest(void **state)
{
    (void)state;
    assert_int_equal(system("rm -rf m && cp -r folder m && f=$(grep -l layers m/blobs/sha256/*) && "
                            "sed -i s,example.com/a,example.org/a, $f"),
                     0);
    expect_refused("m", SW_INTEGRITY, "does not have that digest");
    assert_int_equal(system("rm -rf m && cp -r folder m && rm $(grep -l layers m/blobs/sha256/*)"), 0);
    expect_refused("m", SW_USAGE, "it has no 'blobs/sha256/");
}

static void a_cut_tar_is_refused_wherever_it_ends(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_buf whole = {0};

    (void)state;
    write_bundle("whole.tar");
    assert_ok(sw_read_file("whole.tar", 1 << 20, &whole, &err), err);
    for (size_t len = 100; len < 5000; len += 371) {
        struct sw_bundle *bundle = NULL;
        struct taker taker = {.base = {.begin = begin}};
        int rc;

        assert_ok(sw_write_file("cut.tar", whole.data, len, 0600, &err), err);
        rc = sw_bundle_open("cut.tar", &bundle, &err);
        if (rc == 0 && sw_bundle_take(bundle, &taker.base, &err) == 0)
            assert_in_range(taker.asked, 0, 3);
        sw_bundle_close(bundle);
    }
    sw_buf_free(&whole);
}

static void a_file_in_a_tar_that_has_another_digest_is_not_kept(void **state)
{
    struct sw_bundle_file file = make("marked", "MARKED CONTENT", "https://example.com/m", NULL);
    struct taker taker = {.base = {.begin = begin}};
    struct sw_err err = {.code = SW_OK};
    struct sw_bundle *bundle = NULL;
    char path[40];

    (void)state;
    assert_ok(sw_bundle_write("forged.tar", &file, 1, &err), err);
    assert_int_equal(system("sed -i s/MARKED/FORGED/ forged.tar"), 0);
    assert_ok(sw_bundle_open("forged.tar", &bundle, &err), err);
    assert_failed(sw_bundle_take(bundle, &taker.base, &err), err, SW_INTEGRITY, "does not have that digest");
    snprintf(path, sizeof(path), "taken.%.8s", file.sha256);
    assert_false(sw_path_exists(path));
    sw_bundle_close(bundle);
}

/* A bundle whose manifest is this text. */
static void forge(const char *manifest)
{
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX], path[128], index[512];

    assert_ok(sw_sha256(manifest, strlen(manifest), digest, &err), err);
    sw_hex(digest, sizeof(digest), hex);
    assert_ok(sw_mkdir_p("forged/blobs/sha256", 0700, &err), err);
    snprintf(path, sizeof(path), "forged/blobs/sha256/%s", hex);
    assert_ok(sw_write_file(path, manifest, strlen(manifest), 0600, &err), err);
    snprintf(index, sizeof(index),
             "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"x\",\"artifactType\":"
             "\"application/vnd.slipway.bundle.v1\",\"digest\":\"sha256:%s\",\"size\":%zu}]}",
             hex, strlen(manifest));
    assert_ok(sw_write_file("forged/index.json", index, strlen(index), 0600, &err), err);
}

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define LAYER(digest, size, notes)                                                                          \
    "{\"layers\":[{\"mediaType\":\"x\",\"digest\":\"" digest "\",\"size\":" size ",\"annotations\":{" notes \
    "}}]}"
#define SOURCE "\"vnd.slipway.source\":\"https://x/a\""

static void a_manifest_that_lies_is_refused(void **state)
{
    static const struct {
        const char *manifest, *part;
    } cases[] = {
        {"{}", "'layers' of the manifest"},
        {"{\"layers\":{}}", "'layers' of the manifest"},
        {"[1", "the manifest"},
        {"{\"layers\":[1]}", "a descriptor has no 'mediaType'"},
        {LAYER("sha256:../../../etc/passwd", "1", SOURCE), "is not a SHA-256 digest"},
        {LAYER("sha512:" DIGEST, "1", SOURCE), "is not a SHA-256 digest"},
        {LAYER(DIGEST, "-1", SOURCE), "is not a size"},
        {LAYER(DIGEST, "1e99", SOURCE), "is not a size"},
        {LAYER(DIGEST, "1", ""), "has no 'vnd.slipway.source'"},
        {LAYER(DIGEST, "1", SOURCE ",\"vnd.slipway.name\":\"../../etc/cron.d/x\""),
         "leads out of its folder"},
        {LAYER(DIGEST, "1", SOURCE ",\"vnd.slipway.name\":\"/etc/x\""), "leads out of its folder"},
        {LAYER(DIGEST, "1", SOURCE ",\"vnd.slipway.name\":\"\""), "leads out of its folder"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        forge(cases[i].manifest);
        expect_refused("forged", SW_INTEGRITY, cases[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_holds_what_was_put_in),
        cmocka_unit_test(a_tar_gives_back_each_file_once),
        cmocka_unit_test(the_same_files_give_the_same_bytes),
        cmocka_unit_test(a_file_that_changed_leaves_no_bundle),
        cmocka_unit_test(what_is_no_bundle_is_told_apart),
        cmocka_unit_test(a_manifest_must_have_its_digest),
        cmocka_unit_test(a_cut_tar_is_refused_wherever_it_ends),
        cmocka_unit_test(a_file_in_a_tar_that_has_another_digest_is_not_kept),
        cmocka_unit_test(a_manifest_that_lies_is_refused),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
