/* The digest of a disk: fs-verity's, as its own tool computes it, for any block size and number of jobs. */
#include "tests/unit/formats/disk.h"

#include "slipway/verify.h"
#include "src/base/digest.h"

#include <fcntl.h>

enum { PIECES_MAX = 3 };

/* Disks of the pattern at some places, and what `fsverity digest` (1.5) says of them. */
static const struct known {
    uint64_t size;
    struct piece pieces[PIECES_MAX];
    const char *digest;
} known[] = {
    {512, {{0, 512}}, "a8ee74b58f8ec615b321eb24c2b57a73e82894c2031fa16c7ebc099acd63efa1"},
    {512, {{0, 0}}, "8e94b1360190b63d53f03025c6f816805ea77695136872d1a00d1d0aa1feeaac"},
    {4096, {{0, 4096}}, "3f482e9c14ca8fa5b9bc0e6d42ca8021e699d17de4f68db2c93e69e20d23ba36"},
    {4608, {{0, 4608}}, "e3e5ab23be9a2944b0500652993b584ac0cfe57f3a3a86f7742ad76019589236"},
    {524288, {{0, 524288}}, "43284b97974312cd29de9d14707009853ea1fed3b0f67b29ad2fe185022a52d5"},
    {524800, {{0, 524800}}, "ac8eb9c7ae122e1940715f1474e270d0dfc325056ef2f72b8ffe7b0bb7ae5c47"},
    {1050112, {{0, 1050112}}, "5a374d1bb032e0ed0926fb83cc4650af5d2504f030b8c94d62ff4e1d3f445c44"},
    {1 << 20, {{0, 0}}, "feb19a23e72cb1b8f935d668a09ecaad0bf7c5b9cdfa6dbba7c88a9998ed2b87"},
    {67109376,
     {{1000, 5000}, {67108764, 612}},
     "e043922e5f130ed6a2adb7074aa3abf3a1752bd8070e76c7bb6ad9d24060e3f8"},
    {2147483648,
     {{20487, 3}, {1073741824, 1}, {2147483647, 1}},
     "392615e5706f24993c182b235aadd90cca128785a4963dd7f495b778a351ab67"},
    {2148008448, {{314572800, 700000}}, "fbfecfb69f96e819751b619762e2df75f2525015fb48c2362aaaca08304455ca"},
};

static void make_known(const struct known *disk, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)disk->size), 0);
    for (size_t i = 0; i < PIECES_MAX && disk->pieces[i].len > 0; i++) {
        const struct piece *piece = &disk->pieces[i];
        uint8_t *bytes = malloc(piece->len);

        for (size_t at = 0; at < piece->len; at++)
            bytes[at] = pattern_at(piece->off + at);
        assert_int_equal(pwrite(fd, bytes, piece->len, (off_t)piece->off), piece->len);
        free(bytes);
    }
    close(fd);
}

static struct sw_image *open_disk(const char *path, const char *format)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_image *img = NULL;
    struct sw_in *in = NULL;

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, format, NULL, &img, &err), err);
    return img;
}

static void assert_digest(const uint8_t got[SW_VERITY_BYTES], const char *want)
{
    char hex[SW_SHA256_HEX];

    sw_hex(got, SW_VERITY_BYTES, hex);
    assert_string_equal(hex, want);
}

static void the_digest_is_what_fsverity_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct sw_image *img;

        make_known(&known[i], "disk.raw");
        img = open_disk("disk.raw", "raw");
        for (unsigned jobs = 1; jobs < 10; jobs += 4) {
            uint8_t got[SW_VERITY_BYTES];
            struct sw_scan scan = {.img = img, .jobs = jobs, .verity = got};
            struct sw_err err = {.code = SW_OK};

            assert_ok(sw_scan_image(&scan, NULL, &err), err);
            assert_digest(got, known[i].digest);
        }
        sw_image_close(img);
    }
}

static void a_copy_has_the_same_digest_in_any_format_and_block_size(void **state)
{
    static const struct {
        const char *format;
        uint32_t unit_bytes;
        unsigned jobs;
    } targets[] = {{"raw", 0, 1},          {"raw", 0, 8},         {"vmdk", 0, 3},       {"vhd", 0, 3},
                   {"qcow2", 512, 1},      {"qcow2", 512, 8},     {"qcow2", 2048, 2},   {"qcow2", 4096, 8},
                   {"qcow2", 64 << 10, 2}, {"qcow2", 1 << 20, 2}, {"qcow2", 2 << 20, 8}};

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct sw_image *img;

        make_known(&known[i], "disk.raw");
        img = open_disk("disk.raw", "raw");
        for (size_t t = 0; t < sizeof(targets) / sizeof(targets[0]); t++) {
            uint8_t got[SW_VERITY_BYTES];
            struct sw_err err = {.code = SW_OK};
            struct sw_copy copy = {.src = img,
                                   .format = sw_format_by_name(targets[t].format),
                                   .create.unit_bytes = targets[t].unit_bytes,
                                   .jobs = targets[t].jobs,
                                   .verity = got};

            assert_ok(sw_out_create_file("copy", 0600, &copy.out, &err), err);
            assert_ok(sw_copy_image(&copy, NULL, &err), err);
            assert_digest(got, known[i].digest);
            sw_out_close(copy.out);
        }
        sw_image_close(img);
    }
}

/* A disk without a byte of data. */
static int hole_next(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    (void)err;
    *extent = (struct sw_extent){.off = off, .len = img->size_bytes - off, .kind = SW_EXTENT_HOLE};
    return 0;
}

static const struct sw_format hole_format = {.name = "hole", .next_extent = hole_next};

static void holes_cost_nothing_up_to_the_largest_disk(void **state)
{
    static const struct {
        uint64_t size;
        const char *digest;
    } disks[] = {
        {0, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"},
        {SW_VIRTUAL_MAX_BYTES, "bc271c8f68ecc45752233ef38263b39113343c6511534d504d2d77a24e4e75f8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
        struct sw_image img = {.format = &hole_format, .size_bytes = disks[i].size};
        uint8_t got[SW_VERITY_BYTES];
        uint64_t read_bytes = 1;
        struct sw_scan scan = {.img = &img, .jobs = 2, .verity = got};
        struct sw_err err = {.code = SW_OK};

        assert_ok(sw_scan_image(&scan, &read_bytes, &err), err);
        assert_digest(got, disks[i].digest);
        assert_int_equal(read_bytes, 0);
    }
}

static void a_disk_beyond_the_limit_has_no_digest(void **state)
{
    struct sw_image img = {.format = &hole_format, .size_bytes = SW_VIRTUAL_MAX_BYTES + 512};
    uint8_t got[SW_VERITY_BYTES];
    struct sw_scan scan = {.img = &img, .jobs = 2, .verity = got};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(sw_scan_image(&scan, NULL, &err), err, SW_REFUSED, "larger than 64 TiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_is_what_fsverity_says),
        cmocka_unit_test(a_copy_has_the_same_digest_in_any_format_and_block_size),
        cmocka_unit_test(holes_cost_nothing_up_to_the_largest_disk),
        cmocka_unit_test(a_disk_beyond_the_limit_has_no_digest),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
