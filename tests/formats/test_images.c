/* Public images of many writers: the content's digest as INDEX.tsv has it, or a refusal in one line. */
#include "slipway/parents.h"
#include "src/base/digest.h"
#include "src/base/endian.h"
#include "src/base/fs.h"
#include "tests/formats/disks.h"

#include <sys/stat.h>

enum { COLUMNS = 8, CHUNK = 1 << 20 };

/* Columns of INDEX.tsv that are looked at. */
enum { PATH = 0, STORED_AS = 1, FORMAT = 2, EXPECT = 5, VIRTUAL_SIZE = 6, SHA256 = 7 };

static char images[3000]; /* the folder */

/*
 * Where the index is wrong. Its digest of this disk is libvhdi 20210425's, which takes sector 186 from the child
 * although that bit of the bitmap is clear: the parent's sector holds the 12 bytes of WPSettings.dat, the child's
 * is zeros.
 */
static const struct {
    const char *path, *sha256;
} corrections[] = {
    {"log2timeline+dfvfs/fat-differential.vhd",
     "f4b61a33ee2f7e8c19f737792a4107e46340026a9a829e4169b751901cc3ef02"},
};

/*
 * Disks that are too large to be hashed with their zeros: here the digest is that of the sectors that are not zero,
 * each behind its number. They were taken when the whole disk's digest was found to be the index's.
 */
#define LARGE_BYTES (UINT64_C(4) << 30)
static const struct {
    const char *path, *sha256;
} large[] = {
    {"LTRData+DiscUtils/lvm2.vhdx.gz", "71bccb1f5dce48b0e220a2664a0c5d0fc343d8e776133040cea9b7d45a4f82ce"},
    {"LTRData+DiscUtils/swap.vhdx.gz", "22d188cbd3a7e6206960b1f3e950f53b5dbed93404fd4361e5aec6ce2030334b"},
    {"LTRData+DiscUtils/xfs.vhdx.gz", "ebf2caaa9e1e6e9452945dd6c57bd5e3163d09b362b3b7b1428016557c778887"},
    {"LTRData+DiscUtils/xfs5.vhdx.gz", "eca2f79309fb477e1d581e1862d982bb35314015f11a9b29cb7079e10a96238b"},
    {"qemu+qemu/sample_images/iotest-dirtylog-10G-4M.vhdx.bz2",
     "0f995676d2b10fa6422a1e48214a803d3e1b7a1fd061ba5f3649db86d91a5f0e"},
    {"qemu+qemu/sample_images/iotest-version3.vmdk",
     "d0ba27e313b73a7f34130ae22d6d4963cc675ac64b5ed06c46167fa6f42fde74"},
};

/* Adds those of n bytes at off that are not zero. */
static void add_sectors(struct sw_digest *digest, const uint8_t *buf, size_t n, uint64_t off)
{
    struct sw_err err = {0};

    for (size_t i = 0; i < n; i += SW_SECTOR_BYTES) {
        uint8_t number[8];

        be64_put(number, (off + i) / SW_SECTOR_BYTES);
        if (sw_is_zero(buf + i, SW_SECTOR_BYTES))
            continue;
        assert_ok(sw_digest_update(digest, number, sizeof(number), &err), err);
        assert_ok(sw_digest_update(digest, buf + i, SW_SECTOR_BYTES, &err), err);
    }
}

static void digest_of_large(struct sw_image *img, char hex[SW_SHA256_HEX])
{
    static uint8_t buf[CHUNK];
    struct sw_err err = {0};
    struct sw_digest *digest = sw_digest_new(&err);
    struct sw_extent extent;
    uint8_t bytes[SW_SHA256_BYTES];

    for (uint64_t off = 0; off < img->size_bytes; off += extent.len) {
        assert_ok(sw_image_next_extent(img, off, &extent, &err), err);
        for (uint64_t at = 0; extent.kind == SW_EXTENT_DATA && at < extent.len; at += CHUNK) {
            size_t n = extent.len - at < CHUNK ? (size_t)(extent.len - at) : CHUNK;

            assert_ok(sw_image_pread(img, buf, n, off + at, &err), err);
            add_sectors(digest, buf, n, off + at);
        }
    }
    assert_ok(sw_digest_final(digest, bytes, &err), err);
    sw_hex(bytes, sizeof(bytes), hex);
    sw_digest_free(digest);
}

static void digest_of(struct sw_image *img, char hex[SW_SHA256_HEX])
{
    static uint8_t buf[CHUNK];
    static const uint8_t zeros[CHUNK];
    struct sw_err err = {0};
    struct sw_digest *digest = sw_digest_new(&err);
    struct sw_extent extent;
    uint8_t bytes[SW_SHA256_BYTES];

    for (uint64_t off = 0; off < img->size_bytes; off += extent.len) {
        assert_ok(sw_image_next_extent(img, off, &extent, &err), err);
        for (uint64_t at = 0; at < extent.len;) {
            size_t n = extent.len - at < CHUNK ? (size_t)(extent.len - at) : CHUNK;
            bool data = extent.kind == SW_EXTENT_DATA;

            if (data)
                assert_ok(sw_image_pread(img, buf, n, off + at, &err), err);
            assert_ok(sw_digest_update(digest, data ? buf : zeros, n, &err), err);
            at += n;
        }
    }
    assert_ok(sw_digest_final(digest, bytes, &err), err);
    sw_hex(bytes, sizeof(bytes), hex);
    sw_digest_free(digest);
}

/* All of it, for damage that shows only on reading. */
static int read_all(struct sw_image *img, struct sw_err *err)
{
    static uint8_t buf[CHUNK];
    struct sw_extent extent;

    for (uint64_t off = 0; off < img->size_bytes; off += extent.len) {
        if (sw_image_next_extent(img, off, &extent, err) < 0)
            return -1;
        for (uint64_t at = 0; extent.kind == SW_EXTENT_DATA && at < extent.len; at += CHUNK) {
            size_t n = extent.len - at < CHUNK ? (size_t)(extent.len - at) : CHUNK;

            if (sw_image_pread(img, buf, n, off + at, err) < 0)
                return -1;
        }
    }
    return 0;
}

/*
 * Packages are listed for their tar and their OVF; the disk inside this one is four letters, so that opening it is
 * refused.
 */
static const char *const disks_that_are_none[] = {"openstack+glance/testserver.ova"};

static bool is_refused(char *const row[COLUMNS])
{
    for (size_t i = 0; i < SW_ARRAY_LEN(disks_that_are_none); i++)
        if (strcmp(row[PATH], disks_that_are_none[i]) == 0)
            return true;
    return false;
}

/* The image as a plain file; compressed ones are unpacked into the working directory. */
static void unpack(char *const row[COLUMNS], char path[4096])
{
    const char *tool = strcmp(row[STORED_AS], "gz") == 0 ? "gzip" : "bzip2";
    char command[8300];

    snprintf(path, 4096, "%s/%s", images, row[PATH]);
    if (strcmp(row[STORED_AS], "plain") == 0)
        return;
    snprintf(command, sizeof(command), "%s -dc '%s' >unpacked", tool, path);
    assert_int_equal(system(command), 0);
    strcpy(path, "unpacked");
}

static int open_with(const char *path, const char *format, struct sw_parent_resolver *parents,
                     struct sw_image **img, struct sw_err *err)
{
    struct sw_open_opts opts = {.parents = parents};
    struct sw_in *in = NULL;

    assert_ok(sw_in_open_file(path, &in, err), *err);
    return sw_image_open(in, format, &opts, img, err);
}

static void assert_content(struct sw_image *img, char *const row[COLUMNS])
{
    char hex[SW_SHA256_HEX];
    const char *want = row[SHA256];

    for (size_t i = 0; i < SW_ARRAY_LEN(corrections); i++)
        if (strcmp(row[PATH], corrections[i].path) == 0)
            want = corrections[i].sha256;
    assert_int_equal(img->size_bytes, strtoull(row[VIRTUAL_SIZE], NULL, 10));
    if (row[SHA256][0] == '\0')
        return;
    for (size_t i = 0; i < SW_ARRAY_LEN(large); i++)
        if (strcmp(row[PATH], large[i].path) == 0)
            want = large[i].sha256;
    if (img->size_bytes > LARGE_BYTES)
        digest_of_large(img, hex);
    else
        digest_of(img, hex);
    assert_string_equal(hex, want);
}

static void assert_one_line(const struct sw_err *err)
{
    assert_true(err->code != SW_OK && err->text[0] != '\0');
    assert_null(strchr(err->text, '\n'));
    print_message("    %s\n", err->text);
}

static void expect_read(const char *path, const char *format, char *const row[COLUMNS])
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_ok(open_with(path, format, NULL, &img, &err), err);
    assert_content(img, row);
    sw_image_close(img);
}

static void expect_refusal(const char *path, const char *format)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    int rc = open_with(path, format, NULL, &img, &err);

    if (rc == 0)
        rc = read_all(img, &err);
    assert_int_equal(rc, -1);
    assert_one_line(&err);
    sw_image_close(img);
}

/* Without its parent it is refused, with it the content is right. */
static void expect_parent(const char *path, char *const row[COLUMNS])
{
    struct sw_err err = {0};
    SW_AUTO_FREE char *dir = sw_path_dir(path, &err);
    struct sw_parents *parents = sw_parents_new(dir, NULL, &err);
    struct sw_image *img = NULL;

    assert_non_null(parents);
    expect_refusal(path, NULL);
    assert_ok(open_with(path, NULL, sw_parents_resolver(parents), &img, &err), err);
    assert_content(img, row);
    sw_image_close(img);
    sw_parents_free(parents);
}

static void check_row(char *const row[COLUMNS])
{
    const struct sw_format *format = sw_format_by_name(row[FORMAT]);
    bool raw = strcmp(row[FORMAT], "raw") == 0;
    char path[4096];

    print_message("%s (%s): %s\n", row[PATH], row[FORMAT], row[EXPECT]);
    if (format == NULL && strcmp(row[STORED_AS], "plain") != 0)
        return; /* the plain ones show the refusal */
    unpack(row, path);
    if (format != NULL && strcmp(row[EXPECT], "read") == 0 && !is_refused(row))
        expect_read(path, raw ? "raw" : NULL, row);
    else if (format != NULL && strcmp(row[EXPECT], "read-with-parent") == 0)
        expect_parent(path, row);
    else /* also "read-or-reject": refusing a wrong checksum is right */
        expect_refusal(path, NULL);
    unlink("unpacked");
}

static void every_image_reads_right_or_is_refused(void **state)
{
    char index[4096], *row[COLUMNS];
    struct sw_err err = {0};
    SW_AUTO_BUF struct sw_buf text = {0};
    char *rest, *line;
    unsigned rows = 0;

    (void)state;
    snprintf(index, sizeof(index), "%s/INDEX.tsv", images);
    assert_ok(sw_read_file(index, 1 << 20, &text, &err), err);
    rest = text.data;
    (void)strsep(&rest, "\n"); /* the names of the columns */
    while ((line = strsep(&rest, "\n")) != NULL) {
        size_t n = 0;

        while (n < COLUMNS && line != NULL)
            row[n++] = strsep(&line, "\t");
        if (n < COLUMNS)
            continue;
        check_row(row);
        rows++;
    }
    assert_true(rows > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_image_reads_right_or_is_refused)};
    const char *data = getenv("SLIPWAY_TEST_DATA");
    struct stat st;

    if (data != NULL)
        snprintf(images, sizeof(images), "%s/images", data);
    if (data == NULL || stat(images, &st) < 0) {
        print_message("skipped: SLIPWAY_TEST_DATA has no images\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
