/* qcow2 of every kind that qemu-img makes: what it reads as raw is what is read here; what is written here it checks. */
#include "slipway/parents.h"
#include "src/base/ckd.h"
#include "tests/formats/qemu.h"

#define KIB UINT64_C(1024)
#define MIB (KIB << 10)

enum { OPS = 40, LINE_MAX_BYTES = 8 << 10 };

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

/* A disk of qemu-img's, and what is done to it. */
struct made {
    const char *opts;      /* of create */
    uint64_t cluster;      /* as opts have it */
    uint64_t size, parent; /* bytes; parent 0: none */
    bool snapshot;         /* taken midway, then written over */
    bool coded;            /* some clusters compressed */
};

/* One more command of qemu-io's on nearly any sector of the disk, or for a compressed one on a whole cluster. */
static int add_op(char *line, size_t cap, const struct made *made, uint32_t *seed)
{
    uint64_t sectors = made->size / 512, per = made->cluster / 512;
    uint64_t at = draw(seed, (uint32_t)sectors);
    uint64_t n = 1 + draw(seed, (uint32_t)(draw(seed, 3) == 0 ? 3 * per : per / 4 + 1));
    uint32_t kind = draw(seed, made->coded ? 6 : 5);
    static const char *const what[] = {"write", "write", "write -z", "write -z -u", "discard"};
    char pattern[16];

    n = sw_min_u64(n, sectors - at);
    snprintf(pattern, sizeof(pattern), " -P %u", 1 + draw(seed, 255));
    if (kind == 5) {
        /* qemu compresses no cluster that has a place. */
        at = draw(seed, (uint32_t)(sectors / per)) * made->cluster;
        return snprintf(line, cap, " -c 'discard %llu %llu' -c 'write -c%s %llu %llu'",
                        (unsigned long long)at, (unsigned long long)made->cluster, pattern,
                        (unsigned long long)at, (unsigned long long)made->cluster);
    }
    return snprintf(line, cap, " -c '%s%s %llu %llu'", what[kind], kind < 2 ? pattern : "",
                    (unsigned long long)at * 512, (unsigned long long)n * 512);
}

static void scribble(const char *path, const struct made *made, uint32_t seed)
{
    char line[LINE_MAX_BYTES];
    size_t len = 0;

    for (unsigned i = 0; i < OPS; i++) {
        len += (size_t)add_op(line + len, sizeof(line) - len, made, &seed);
        assert_true(len < sizeof(line));
    }
    /* Nothing has to outlive the machine. */
    run_line("qemu-io -t unsafe -d unmap -f qcow2%s %s", line, path);
}

static struct sw_image *open_chain(const char *path, struct sw_parents *parents)
{
    struct sw_open_opts opts = {.parents = sw_parents_resolver(parents)};
    struct sw_in *in = NULL;
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, "qcow2", &opts, &img, &err), err);
    return img;
}

/* The image reads as qemu-img converts it, by extents and in one go. */
static void assert_as_qemu_reads(const char *path)
{
    struct sw_err err = {0};
    struct sw_parents *parents = sw_parents_new(".", NULL, &err);
    struct sw_image *img, *raw;
    uint64_t at = 0;
    uint8_t *ours, *theirs;

    assert_non_null(parents);
    run_line("qemu-img convert -t unsafe -T unsafe -f qcow2 -O raw %s want", path);
    img = open_chain(path, parents);
    raw = open_image("want", "raw");
    assert_int_equal(img->size_bytes, raw->size_bytes);
    assert_ok(sw_compare_images(img, raw, 2, &at, &err), err);
    if (at != UINT64_MAX)
        fail_msg("'%s' differs from what qemu-img reads at %llu", path, (unsigned long long)at);
    ours = malloc(img->size_bytes);
    theirs = malloc(img->size_bytes);
    assert_ok(sw_image_pread(img, ours, img->size_bytes, 0, &err), err);
    assert_ok(sw_image_pread(raw, theirs, img->size_bytes, 0, &err), err);
    assert_memory_equal(ours, theirs, img->size_bytes);
    free(ours);
    free(theirs);
    sw_image_close(img);
    sw_image_close(raw);
    sw_parents_free(parents);
}

static void make(const struct made *made, uint32_t seed)
{
    print_message("%s\n", made->opts);
    if (made->parent > 0) {
        const struct span all = {0, made->parent};

        make_raw("parent", made->parent, &all, 1);
        run_line("qemu-img create -q -f qcow2 -b parent -F raw -o %s q %llu", made->opts,
                 (unsigned long long)made->size);
    } else {
        run_line("qemu-img create -q -f qcow2 -o %s q %llu", made->opts, (unsigned long long)made->size);
    }
    scribble("q", made, seed);
    if (made->snapshot) {
        run_line("qemu-img snapshot -c midway q");
        scribble("q", made, seed + 1);
    }
}

static void read_as_qemu_does(const struct made *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        make(&all[i], (uint32_t)i * 1000 + 1);
        assert_as_qemu_reads("q");
        unlink("q");
    }
}

static void subclusters_read_as_qemu_reads_them(void **state)
{
    static const struct made all[] = {
        {"extended_l2=on,cluster_size=16k", 16 * KIB, 2 * MIB + 512, 0, false, true},
        {"extended_l2=on,cluster_size=16k", 16 * KIB, 9 * MIB, MIB + 1536, false, true},
        {"extended_l2=on,cluster_size=64k", 64 * KIB, 6 * MIB + 1024, 7 * MIB, true, true},
        {"extended_l2=on,cluster_size=128k,compression_type=zstd", 128 * KIB, 8 * MIB, 5 * MIB, true, true},
        {"extended_l2=on,cluster_size=2M", 2 * MIB, 16 * MIB, 0, false, true},
        {"extended_l2=on,cluster_size=2M", 2 * MIB, 20 * MIB + 512, 30 * MIB, true, false},
        {"extended_l2=on,lazy_refcounts=on", 64 * KIB, 5 * MIB, 4 * MIB + 4096, false, true},
        {"extended_l2=on,preallocation=metadata", 64 * KIB, 4 * MIB + 512, 0, false, true},
    };

    (void)state;
    read_as_qemu_does(all, SW_ARRAY_LEN(all));
}

static void clusters_of_every_size_read_as_qemu_reads_them(void **state)
{
    static const struct made all[] = {
        {"cluster_size=512", 512, MIB + 512, 2 * MIB, false, true},
        {"cluster_size=1k", KIB, MIB, 0, true, true},
        {"cluster_size=4k", 4 * KIB, 3 * MIB + 2048, MIB, true, true},
        {"cluster_size=64k", 64 * KIB, 7 * MIB, 9 * MIB + 512, true, true},
        {"cluster_size=2M", 2 * MIB, 21 * MIB + 1024, 3 * MIB, true, true},
        {"cluster_size=2M,compression_type=zstd", 2 * MIB, 16 * MIB, 0, false, true},
        {"preallocation=metadata", 64 * KIB, 5 * MIB + 512, 0, false, true},
        {"preallocation=falloc", 64 * KIB, 3 * MIB, 0, true, false},
        {"compat=0.10", 64 * KIB, 4 * MIB, 5 * MIB, true, false},
        {"compat=0.10,cluster_size=4k,preallocation=metadata", 4 * KIB, 3 * MIB + 512, 0, true, true},
    };

    (void)state;
    read_as_qemu_does(all, SW_ARRAY_LEN(all));
}

/* A snapshot needs counts above 1. */
static void reference_counts_of_every_width_are_read(void **state)
{
    static const char *const opts[] = {
        "refcount_bits=1",  "refcount_bits=2",  "refcount_bits=4",  "refcount_bits=8",
        "refcount_bits=16", "refcount_bits=32", "refcount_bits=64", "refcount_bits=64,extended_l2=on"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(opts); i++) {
        struct made made = {opts[i], 64 * KIB, 3 * MIB, 2 * MIB, i > 1, i > 1};

        read_as_qemu_does(&made, 1);
    }
}

/* What is beside the disk in a file: bitmaps, and a header that qemu-img made longer and shorter again. */
static void bitmaps_and_amended_headers_are_passed_over(void **state)
{
    static const struct made made = {"cluster_size=64k", 64 * KIB, 4 * MIB, 3 * MIB, false, true};

    (void)state;
    make(&made, 77);
    run_line("qemu-img bitmap --add q one; qemu-img bitmap --add -g 4096 q two");
    scribble("q", &made, 78);
    assert_as_qemu_reads("q");
    run_line(
        "qemu-img bitmap --remove q one; qemu-img bitmap --remove q two; qemu-img amend -o compat=0.10 q");
    assert_as_qemu_reads("q");
    run_line("qemu-img amend -o compat=1.1,lazy_refcounts=on q; qemu-img resize -q q 9M");
    assert_as_qemu_reads("q");
    unlink("q");
}

/* Three images over each other, each of another size and another kind. */
static void a_chain_of_mixed_kinds_reads_as_qemu_reads_it(void **state)
{
    static const struct made low = {"cluster_size=4k", 4 * KIB, 3 * MIB, 2 * MIB, true, true},
                             mid = {"", 64 * KIB, 6 * MIB, 0, false, true},
                             top = {"", 16 * KIB, 5 * MIB + 512, 0, false, true};

    (void)state;
    make(&low, 5);
    run_line("qemu-img create -q -f qcow2 -b q -F qcow2 -o extended_l2=on mid 6M");
    scribble("mid", &mid, 6);
    run_line("qemu-img create -q -f qcow2 -b mid -F qcow2 -o extended_l2=on,cluster_size=16k top 5243392");
    scribble("top", &top, 7);
    assert_as_qemu_reads("top");
    run_line("rm q mid top");
}

static void zlib_of_low_and_high_levels_is_read_by_qemu(void **state)
{
    static const struct span spans[] = {{0, 5 * MIB + 1536}};

    (void)state;
    make_raw("src", 7 * MIB + 512, spans, 1);
    for (int level = 1; level <= 9; level += 4) {
        struct sw_copy copy = {.format = sw_format_by_name("qcow2"), .jobs = 2};
        struct sw_err err = {0};

        copy.create = (struct sw_create_opts){
            .subformat = "zlib", .level = level, .unit_bytes = (uint32_t)(16 * KIB) << level / 4};
        copy.src = open_image("src", "raw");
        assert_ok(sw_out_create_file("dst", 0600, &copy.out, &err), err);
        assert_ok(sw_copy_image(&copy, NULL, &err), err);
        assert_ok(sw_out_commit(copy.out, &err), err);
        sw_out_close(copy.out);
        sw_image_close(copy.src);
        run_line("qemu-img check -q -f qcow2 dst; qemu-img compare -q -f raw -F qcow2 src dst");
        run_line("qemu-img info -f qcow2 dst | grep -q 'compression type: zlib'");
    }
}

/* A layer: only what differs from its base, zeros included. */
static void a_zlib_layer_over_its_base_is_read_by_qemu(void **state)
{
    static const struct span base_spans[] = {{0, 3 * MIB}, {5 * MIB, MIB}}, spans[] = {{MIB, 3 * MIB + 512}};
    struct sw_copy copy = {.format = sw_format_by_name("qcow2"), .jobs = 2};
    struct sw_err err = {0};

    (void)state;
    make_raw("base", 7 * MIB, base_spans, 2);
    make_raw("src", 8 * MIB, spans, 1);
    copy.create =
        (struct sw_create_opts){.subformat = "zlib", .backing_name = "base", .backing_format = "raw"};
    copy.src = open_image("src", "raw");
    copy.base = open_image("base", "raw");
    assert_ok(sw_out_create_file("layer", 0600, &copy.out, &err), err);
    assert_ok(sw_copy_image(&copy, NULL, &err), err);
    assert_ok(sw_out_commit(copy.out, &err), err);
    sw_out_close(copy.out);
    sw_image_close(copy.base);
    sw_image_close(copy.src);
    run_line("qemu-img check -q -f qcow2 layer; qemu-img compare -q -f raw -F qcow2 src layer");
    assert_as_qemu_reads("layer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subclusters_read_as_qemu_reads_them),
        cmocka_unit_test(clusters_of_every_size_read_as_qemu_reads_them),
        cmocka_unit_test(reference_counts_of_every_width_are_read),
        cmocka_unit_test(bitmaps_and_amended_headers_are_passed_over),
        cmocka_unit_test(a_chain_of_mixed_kinds_reads_as_qemu_reads_it),
        cmocka_unit_test(zlib_of_low_and_high_levels_is_read_by_qemu),
        cmocka_unit_test(a_zlib_layer_over_its_base_is_read_by_qemu),
    };

    if (no_qemu())
        return 77;
    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
