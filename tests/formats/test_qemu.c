/* Both ways with qemu-img: it reads what is written here, and what it writes is read here. */
#include "slipway/parents.h"
#include "tests/formats/qemu.h"

#define MIB (UINT64_C(1) << 20)

enum { SIZE_MIB = 101 };

static const struct span spans[] = {
    {0, 4096}, {MIB - 512, 1024}, {33 * MIB, 3 * MIB + 512}, {70 * MIB + 512, 100}, {101 * MIB - 512, 512}};

static const char *qemu_name(const struct sw_format *format)
{
    return strcmp(format->name, "vhd") == 0 ? "vpc" : format->name;
}

/* The same bytes and the same size: of other sizes it says so, and takes zeros at the end for equal. */
static void qemu_compares(const char *format, const char *path)
{
    const char *const argv[] = {"qemu-img", "compare", "-f", "raw", "-F", format, "src", path, NULL};
    SW_AUTO_BUF struct sw_buf said = {0};

    run(argv, &said);
    assert_null(strstr(said.data, "size mismatch"));
}

/* An OVA's disk is taken out by tar, for a program that knows no OVA. Returns the name to read "dst" by. */
static const char *qemu_reads(const struct target *target)
{
    if (strcmp(target->format->name, "ova") == 0) {
        assert_int_equal(system("tar -xOf dst image-disk1.vmdk >disk && mv disk dst"), 0);
        return "vmdk";
    }
    return qemu_name(target->format);
}

static void qemu_img_reads_what_is_written(void **state)
{
    struct target target = {0};

    (void)state;
    make_raw("src", SIZE_MIB * MIB, spans, SW_ARRAY_LEN(spans));
    while (next_target(&target)) {
        const char *check[] = {"qemu-img", "check", "-f", NULL, "dst", NULL}, *name;

        copy_to("src", "raw", "dst", target.format, target.subformat, 2);
        name = qemu_reads(&target);
        qemu_compares(name, "dst");
        check[3] = name;
        if (strcmp(name, "vmdk") == 0 || strcmp(name, "qcow2") == 0 || strcmp(name, "vhdx") == 0)
            run(check, NULL);
    }
}

/* A last grain, cluster or block that the disk cuts short. */
static void qemu_img_reads_disks_of_odd_sizes(void **state)
{
    const struct span all = {0, 3 * MIB + 1536};
    struct target target = {0};

    (void)state;
    make_raw("src", 3 * MIB + 1536, &all, 1);
    while (next_target(&target)) {
        copy_to("src", "raw", "dst", target.format, target.subformat, 2);
        qemu_compares(qemu_reads(&target), "dst");
    }
}

static void what_qemu_img_writes_is_read(void **state)
{
    static const struct {
        const char *format, *opts, *compress;
    } cases[] = {
        {"raw", "size=105906176", NULL},
        {"vpc", "subformat=dynamic,force_size=on", NULL},
        {"vpc", "subformat=fixed,force_size=on", NULL},
        {"vhdx", "subformat=dynamic,block_size=1M", NULL},
        {"vhdx", "subformat=dynamic,block_size=32M,block_state_zero=off", NULL},
        {"vhdx", "subformat=fixed,block_size=16M", NULL},
        {"vmdk", "subformat=monolithicSparse", NULL},
        {"vmdk", "subformat=monolithicSparse,zeroed_grain=on", NULL},
        {"vmdk", "subformat=streamOptimized", NULL},
        {"qcow2", "compat=0.10", NULL},
        {"qcow2", "cluster_size=512", NULL},
        {"qcow2", "cluster_size=2M", NULL},
        {"qcow2", "compression_type=zlib", "-c"},
        {"qcow2", "compression_type=zstd", "-c"},
    };

    (void)state;
    make_raw("src", SIZE_MIB * MIB, spans, SW_ARRAY_LEN(spans));
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        const char *const argv[] = {"qemu-img",        "convert", "-f",          "raw", "-O",
                                    cases[i].format,   "-o",      cases[i].opts, "src", "q",
                                    cases[i].compress, NULL};

        print_message("%s %s\n", cases[i].format, cases[i].opts);
        run(argv, NULL);
        assert_same_disk("src", "raw", "q", strcmp(cases[i].format, "raw") == 0 ? "raw" : NULL);
        unlink("q");
    }
}

/* Also with holes of the file system in the flat ones. */
static void vmdks_that_qemu_img_splits_are_read(void **state)
{
    static const struct {
        const char *subformat;
        unsigned files;
    } cases[] = {{"monolithicFlat", 1}, {"twoGbMaxExtentFlat", 2}, {"twoGbMaxExtentSparse", 2}};
    static const struct span far[] = {{0, 4096}, {2048 * MIB - 512, 1536}, {2049 * MIB + 512, MIB}};

    (void)state;
    make_raw("src", 2050 * MIB + 512, far, SW_ARRAY_LEN(far));
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        char opts[64];
        const char *const argv[] = {"qemu-img", "convert", "-f",  "raw",    "-O", "vmdk",
                                    "-o",       opts,      "src", "q.vmdk", NULL};
        struct sw_err err = {0};
        struct sw_parents *parents;
        struct sw_open_opts open_opts = {0};
        struct sw_image *left, *right = NULL;
        struct sw_in *in = NULL;
        uint64_t at = 0;

        snprintf(opts, sizeof(opts), "subformat=%s", cases[i].subformat);
        print_message("%s\n", opts);
        run(argv, NULL);
        assert_ok(sw_in_open_file("q.vmdk", &in, &err), err);
        parents = sw_parents_new(".", in, &err);
        assert_non_null(parents);
        open_opts.parents = sw_parents_resolver(parents);
        assert_ok(sw_image_open(in, NULL, &open_opts, &right, &err), err);
        assert_string_equal(right->subformat, cases[i].subformat);
        assert_int_equal(right->nr_others, cases[i].files);
        left = open_image("src", "raw");
        assert_int_equal(left->size_bytes, right->size_bytes);
        assert_ok(sw_compare_images(left, right, 2, &at, &err), err);
        assert_true(at == UINT64_MAX);
        sw_image_close(left);
        sw_image_close(right);
        sw_parents_free(parents);
        assert_int_equal(system("rm q*.vmdk"), 0);
    }
}

/* qemu-img rounds a VHD up to a geometry unless told not to; what it reports is what is read. */
static void a_vhd_with_qemu_imgs_own_size_is_read(void **state)
{
    const char *const argv[] = {"qemu-img", "convert", "-f", "raw", "-O", "vpc", "src", "q", NULL};
    struct sw_image *left, *right;
    struct sw_err err = {0};
    uint64_t at = 0;

    (void)state;
    make_raw("src", SIZE_MIB * MIB, spans, SW_ARRAY_LEN(spans));
    run(argv, NULL);
    left = open_image("src", "raw");
    right = open_image("q", "vhd");
    assert_true(right->size_bytes >= left->size_bytes);
    assert_ok(sw_compare_images(left, right, 2, &at, &err), err);
    assert_true(at == UINT64_MAX);
    sw_image_close(left);
    sw_image_close(right);
}

/* qemu-img opens both of these and gives zeros for what is lost. */
static void a_cut_file_that_qemu_img_takes_is_refused(void **state)
{
    static const char *const formats[] = {"vmdk", "qcow2", "vhdx"};
    const struct span all = {0, 20 * MIB};

    (void)state;
    make_raw("src", 20 * MIB, &all, 1);
    for (size_t i = 0; i < SW_ARRAY_LEN(formats); i++) {
        const char *const argv[] = {"qemu-img", "convert", "-f", "raw", "-O", formats[i], "src", "q", NULL};
        struct sw_in *in = NULL;
        struct sw_image *img = NULL;
        struct sw_err err = {0};
        uint8_t *buf = malloc(20 * MIB);
        int rc;

        run(argv, NULL);
        assert_int_equal(truncate("q", 10 * MIB), 0);
        assert_ok(sw_in_open_file("q", &in, &err), err);
        rc = sw_image_open(in, NULL, NULL, &img, &err);
        if (rc == 0) {
            rc = sw_image_pread(img, buf, 20 * MIB, 0, &err);
            sw_image_close(img);
        }
        assert_failed(rc, err, SW_INTEGRITY, "q");
        unlink("q");
        free(buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qemu_img_reads_what_is_written),
        cmocka_unit_test(qemu_img_reads_disks_of_odd_sizes),
        cmocka_unit_test(what_qemu_img_writes_is_read),
        cmocka_unit_test(vmdks_that_qemu_img_splits_are_read),
        cmocka_unit_test(a_vhd_with_qemu_imgs_own_size_is_read),
        cmocka_unit_test(a_cut_file_that_qemu_img_takes_is_refused),
    };

    if (no_qemu())
        return 77;
    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
