/* VMDKs whose data lies in other files: every kind of extent, and what is never opened. */
#include "tests/unit/formats/vmdk_split.h"

enum { SECTORS = 5 * 128 + 3, SIZE = SECTORS * 512 };

static uint8_t *disk_of(void)
{
    static const struct piece pieces[] = {{0, 70000}, {3 * GRAIN_BYTES + 5, GRAIN_BYTES}, {SIZE - 512, 512}};

    return make_disk(SIZE, pieces, 3);
}

/* As an extent is: grains and tables, no descriptor. */
static void add_sparse(struct split *split, const char *name, const uint8_t *disk, uint64_t size)
{
    struct mem_file *file = split_add(split, name);

    hand_sparse(file, 1, VMDK_FLAG_NEWLINES, disk, size);
    memset(file->bytes + 28, 0, 16);
    memset(file->bytes + 512, 0, 20 * 512);
}

static void a_flat_disk_in_one_file_is_read(void **state)
{
    static const char *const texts[] = {
        SPLIT_HEAD("monolithicFlat") "RW 643 FLAT \"a flat one.vmdk\" 0\n",
        SPLIT_HEAD("vmfs") "RW 643 VMFS \"a flat one.vmdk\"\n",
        SPLIT_HEAD("vmfsThin") "RW 643 VMFS \"a flat one.vmdk\"\n",
        SPLIT_HEAD("vmfsEagerZeroedThick") "RDONLY 643 VMFS \"a flat one.vmdk\"\r\n",
        SPLIT_HEAD("VMFSPREALLOCATED") "rw 643 vmfs \"a flat one.vmdk\"\nddb.adapterType = \"ide\"\n",
    };
    uint8_t *disk = disk_of();
    struct split split;

    (void)state;
    split_begin(&split);
    split_add_flat(&split, "a flat one.vmdk", disk, SIZE, 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_split_reads(&split, texts[i], disk, SIZE);
    split_free(&split);
    free(disk);
}

static void a_disk_in_sparse_pieces_is_read(void **state)
{
    const uint64_t first = 2 * GRAIN_BYTES + 512 * 5; /* the last grain of a piece is short */
    uint8_t *disk = disk_of();
    struct split split;

    (void)state;
    split_begin(&split);
    add_sparse(&split, "x-s001.vmdk", disk, first);
    add_sparse(&split, "x-s002.vmdk", disk + first, SIZE - first);
    assert_split_reads(&split,
                       SPLIT_HEAD("twoGbMaxExtentSparse") "RW 261 SPARSE \"x-s001.vmdk\"\n"
                                                          "RW 382 SPARSE \"x-s002.vmdk\"\n",
                       disk, SIZE);
    assert_int_equal(split.calls, 2);
    split_free(&split);
    free(disk);
}

/* Flat at an offset, zeros, sparse, and a second piece of the first file: that is opened once. */
static void any_mix_of_extents_is_read(void **state)
{
    static const char text[] = SPLIT_HEAD("custom") "RW 100 FLAT \"x-f001.vmdk\" 7\n"
                                                    "RW 30 ZERO\n"
                                                    "RDONLY 400 SPARSE \"x-s002.vmdk\"\n"
                                                    "NOACCESS 13 ZERO\n"
                                                    "RW 100 FLAT \"x-f001.vmdk\" 107\n";
    const struct piece all = {0, SIZE};
    uint8_t *disk = make_disk(SIZE, &all, 1), *both = malloc(200 * 512);
    struct split split;

    (void)state;
    memset(disk + 100 * 512, 0, 30 * 512);
    memset(disk + 530 * 512, 0, 13 * 512);
    memcpy(both, disk, 100 * 512);
    memcpy(both + 100 * 512, disk + 543 * 512, 100 * 512);
    split_begin(&split);
    split_add_flat(&split, "x-f001.vmdk", both, 200 * 512, 7 * 512);
    add_sparse(&split, "x-s002.vmdk", disk + 130 * 512, 400 * 512);
    assert_split_reads(&split, text, disk, SIZE);
    assert_int_equal(split.calls, 2);
    split_free(&split);
    free(both);
    free(disk);
}

static void any_range_over_the_seams_reads_right(void **state)
{
    static const char text[] = SPLIT_HEAD("custom") "RW 100 FLAT \"a\" 0\nRW 300 SPARSE \"b\"\n"
                                                    "RW 243 FLAT \"c\" 0\n";
    const struct piece all = {0, SIZE};
    uint8_t *disk = make_disk(SIZE, &all, 1), *got = malloc(SIZE);
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    struct split split;

    (void)state;
    split_begin(&split);
    split_add_flat(&split, "a", disk, 100 * 512, 0);
    add_sparse(&split, "b", disk + 100 * 512, 300 * 512);
    split_add_flat(&split, "c", disk + 400 * 512, 243 * 512, 0);
    assert_ok(split_open(&split, text, &img, &err), err);
    assert_string_equal(img->subformat, "custom");
    assert_int_equal(img->nr_others, 3);
    for (uint64_t off = 0; off < SIZE; off += 7777)
        for (uint64_t len = 1; len <= SIZE - off; len = len * 5 + 3) {
            assert_ok(sw_image_pread(img, got, len, off, &err), err);
            assert_memory_equal(got, disk + off, len);
        }
    sw_image_close(img);
    split_free(&split);
    free(got);
    free(disk);
}

static void without_leave_nothing_else_is_opened(void **state)
{
    static const char text[] = SPLIT_HEAD("monolithicFlat") "RW 643 FLAT \"x-flat.vmdk\" 0\n";
    struct split split;

    (void)state;
    assert_refused(text, strlen(text), NULL, SW_REFUSED, "--allow-parent");
    assert_refused(text, strlen(text), NULL, SW_REFUSED, "descriptor of a 'monolithicFlat' VMDK");
    split_begin(&split);
    split.base.open_file = NULL; /* one that only knows parents */
    assert_split_refused(&split, text, SW_REFUSED, "--allow-parent");
    assert_int_equal(split.calls, 0);
}

static void hostile_names_are_refused_before_anything_is_opened(void **state)
{
    static const char *const names[] = {
        "../x-flat.vmdk",
        "/etc/passwd",
        "a/b",
        "x/",
        "..",
        ".",
        "",
        "fd:0",
        "json:{}",
        "nbd:127.0.0.1:1",
        "\\\\.\\PhysicalDrive0",
        "C:x.vmdk",
        "a\\b",
        "\001x",
        "/dev/sda",
    };
    static const char *const kinds[] = {"FLAT", "SPARSE", "VMFS", "VMFSSPARSE"};
    struct split split;

    (void)state;
    split_begin(&split);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            char text[512];

            snprintf(text, sizeof(text), SPLIT_HEAD("custom") "RW 8 FLAT \"good.vmdk\" 0\nRW 8 %s \"%s\" 0\n",
                     kinds[k], names[i]);
            assert_split_refused(&split, text, SW_REFUSED, "line 10: extent '");
            assert_split_refused(&split, text, SW_REFUSED, "is not the name of a file beside it");
        }
    assert_int_equal(split.calls, 0);
}

/* Text after a NUL does not count, so that half of a name is left. */
static void a_nul_in_a_name_ends_the_descriptor(void **state)
{
    static const char text[] = SPLIT_HEAD("monolithicFlat") "RW 643 FLAT \"x\0/../../etc/passwd\" 0\n";
    struct split split;
    struct sw_open_opts opts = {.parents = &split.base};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    split_begin(&split);
    assert_failed(sw_image_open(mem_in(text, sizeof(text) - 1), NULL, &opts, &img, &err), err, SW_INTEGRITY,
                  "line 9");
    assert_int_equal(split.calls, 0);
}

static void devices_and_unknown_kinds_are_refused_by_name(void **state)
{
    static const char *const types[] = {
        "fullDevice",   "partitionedDevice", "vmfsRaw",  "vmfsRDM",
        "vmfsRDMP",     "vmfsRawDeviceMap",  "seSparse", "vmfsPassthroughRawDeviceMap",
        "somethingElse"};
    static const char *const extents[] = {"VMFSRDM", "VMFSRAW", "SESPARSE", "VMFSRDMP", "RAW"};
    struct split split;
    char text[512], part[128];

    (void)state;
    split_begin(&split);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        snprintf(text, sizeof(text),
                 "# Disk DescriptorFile\nCID=1\ncreateType=\"%s\"\nRW 8 FLAT \"x.vmdk\" 0\n", types[i]);
        snprintf(part, sizeof(part), "descriptor of a '%s' VMDK", types[i]);
        assert_split_refused(&split, text, SW_REFUSED, part);
    }
    for (size_t i = 0; i < sizeof(extents) / sizeof(extents[0]); i++) {
        snprintf(text, sizeof(text), SPLIT_HEAD("custom") "RW 8 %s \"x.vmdk\"\n", extents[i]);
        snprintf(part, sizeof(part), "line 9: an extent of type '%s'", extents[i]);
        assert_split_refused(&split, text, SW_REFUSED, part);
    }
    assert_int_equal(split.calls, 0);
}

static void lines_that_make_no_disk_are_refused(void **state)
{
    static const struct {
        const char *text;
        enum sw_code code;
        const char *part;
    } cases[] = {
        {SPLIT_HEAD("custom"), SW_INTEGRITY, "a descriptor without an extent"},
        {SPLIT_HEAD("custom") "NOACCESS 8 FLAT \"x\" 0\n", SW_REFUSED, "line 9: the extent is NOACCESS"},
        {SPLIT_HEAD("custom") "RW 8 FLAT\n", SW_INTEGRITY, "line 9: the extent names no file"},
        {SPLIT_HEAD("custom") "RW 8 FLAT \"x\"\n", SW_INTEGRITY, "line 9: a FLAT extent without its offset"},
        {SPLIT_HEAD("custom") "RW 8 SPARSE \"x\" 1\n", SW_INTEGRITY,
         "line 9: a sparse extent with an offset"},
        {SPLIT_HEAD("custom") "RW 8 ZERO \"x\"\n", SW_INTEGRITY, "line 9: a ZERO extent has no file"},
        {SPLIT_HEAD("custom") "RW 137438953472 ZERO\nRW 1 ZERO\n", SW_INTEGRITY,
         "line 10: the extents so far are more than 64 TiB"},
        {SPLIT_HEAD("custom") "RW 9223372036854775807 ZERO\nRW 9223372036854775807 ZERO\nRW 3 ZERO\n",
         SW_INTEGRITY, "line 9: the extents so far are more than 64 TiB"},
    };
    struct split split;

    (void)state;
    split_begin(&split);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_split_refused(&split, cases[i].text, cases[i].code, cases[i].part);
    assert_int_equal(split.calls, 0);
}

static void a_disk_of_zeros_only_is_one(void **state)
{
    uint8_t *disk = calloc(1, SIZE);
    struct split split;

    (void)state;
    split_begin(&split);
    assert_split_reads(&split, SPLIT_HEAD("custom") "RW 600 ZERO\nRW 43 ZERO\n", disk, SIZE);
    free(disk);
}

static void a_file_that_is_too_short_is_named_with_both_lengths(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file *file;
    struct split split;

    (void)state;
    split_begin(&split);
    split_add_flat(&split, "x-flat.vmdk", disk, SIZE - 1, 512);
    assert_split_refused(&split, SPLIT_HEAD("monolithicFlat") "RW 643 FLAT \"x-flat.vmdk\" 1\n", SW_INTEGRITY,
                         "has 643 sectors at sector 1, the file 329727 bytes");
    assert_split_refused(&split,
                         SPLIT_HEAD("monolithicFlat") "RW 1 FLAT \"x-flat.vmdk\" 9223372036854775807\n",
                         SW_INTEGRITY, "sectors at sector 9223372036854775807");
    assert_split_refused(&split, SPLIT_HEAD("monolithicFlat") "RW 643 FLAT \"gone.vmdk\" 0\n", SW_FAILED,
                         "extent of 'memory': no file 'gone.vmdk' here");
    add_sparse(&split, "x-s001.vmdk", disk, SIZE);
    file = &split.files[1].file;
    file->len -= GRAIN_BYTES;
    assert_split_refused(&split, SPLIT_HEAD("custom") "RW 643 SPARSE \"x-s001.vmdk\"\n", SW_INTEGRITY,
                         "ends after the file: it is truncated");
    file->len = 100;
    assert_split_refused(&split, SPLIT_HEAD("custom") "RW 643 SPARSE \"x-s001.vmdk\"\n", SW_INTEGRITY,
                         "is truncated");
    split_free(&split);
    free(disk);
}

static void a_sparse_piece_must_be_as_long_as_its_line(void **state)
{
    uint8_t *disk = disk_of();
    struct split split;

    (void)state;
    split_begin(&split);
    add_sparse(&split, "x", disk, SIZE);
    assert_split_refused(&split, SPLIT_HEAD("custom") "RW 644 SPARSE \"x\"\n", SW_INTEGRITY,
                         "the descriptor (line 9) says 644 sectors, the header 643");
    assert_split_refused(&split, SPLIT_HEAD("custom") "RW 515 SPARSE \"x\"\n", SW_INTEGRITY,
                         "says 515 sectors, the header 643");
    assert_split_reads(&split, SPLIT_HEAD("custom") "RW 516 SPARSE \"x\"\n", disk, 516 * 512);
    split_free(&split);
    free(disk);
}

static void no_byte_is_twice_in_the_disk(void **state)
{
    uint8_t *disk = disk_of();
    struct split split;

    (void)state;
    split_begin(&split);
    split_add_flat(&split, "f", disk, SIZE, 0);
    add_sparse(&split, "s", disk, SIZE);
    assert_split_refused(&split, SPLIT_HEAD("custom") "RW 8 FLAT \"f\" 100\nRW 8 ZERO\nRW 8 FLAT \"f\" 93\n",
                         SW_INTEGRITY, "the extents of lines 11 and 9 overlap in 'f'");
    assert_split_refused(&split, SPLIT_HEAD("custom") "RW 643 SPARSE \"s\"\nRW 643 SPARSE \"s\"\n",
                         SW_INTEGRITY, "overlap in 's'");
    assert_split_refused(&split, SPLIT_HEAD("custom") "RW 643 SPARSE \"s\"\nRW 1 FLAT \"s\" 5\n",
                         SW_INTEGRITY, "overlap in 's'");
    split_free(&split);
    free(disk);
}

/* A sparse piece that is cut anywhere, and a descriptor that is. */
static void a_cut_is_an_error_and_never_another_disk(void **state)
{
    static const char text[] = SPLIT_HEAD("twoGbMaxExtentSparse") "RW 643 SPARSE \"s\"\n";
    uint8_t *disk = disk_of(), *got = malloc(SIZE);
    struct split split;
    size_t whole;

    (void)state;
    split_begin(&split);
    add_sparse(&split, "s", disk, SIZE);
    whole = split.files[0].file.len;
    for (size_t len = 0; len < whole; len += 509) {
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        split.files[0].file.len = len;
        if (split_open(&split, text, &img, &err) == 0) {
            assert_ok(sw_image_pread(img, got, SIZE, 0, &err), err);
            assert_memory_equal(got, disk, SIZE);
            sw_image_close(img);
        } else {
            assert_true(err.code == SW_INTEGRITY && err.text[0] != '\0');
        }
    }
    split.files[0].file.len = whole;
    for (size_t len = 22; len < sizeof(text) - 3; len++) {
        struct sw_open_opts opts = {.parents = &split.base};
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        assert_int_equal(sw_image_open(mem_in(text, len), NULL, &opts, &img, &err), -1);
    }
    split_free(&split);
    free(got);
    free(disk);
}

static void a_descriptor_of_megabytes_is_refused(void **state)
{
    char *text = malloc((256 << 10) + 2);

    (void)state;
    memset(text, '#', (256 << 10) + 1);
    memcpy(text, "# Disk DescriptorFile\n", 22);
    assert_refused(text, (256 << 10) + 1, NULL, SW_INTEGRITY, "a descriptor of 262145 bytes");
    free(text);
}

/* The tables of all pieces together stay within bounds: directories of 3 Mi entries, then of 2 Mi. */
static void directories_of_all_pieces_count_together(void **state)
{
    static const uint64_t entries[2] = {3 << 20, 2 << 20};
    struct split split;

    (void)state;
    split_begin(&split);
    for (int i = 0; i < 2; i++) {
        struct mem_file *file = split_add(&split, i == 0 ? "a" : "b");

        file->len = HAND_GD_AT * 512 + entries[i] * 4;
        file->bytes = calloc(1, file->len);
        hand_header(file->bytes, 1, VMDK_FLAG_NEWLINES, entries[i] * 512 * 8);
        le64_put(file->bytes + 20, 8);
    }
    assert_split_refused(
        &split, SPLIT_HEAD("custom") "RW 12884901888 SPARSE \"a\"\nRW 8589934592 SPARSE \"b\"\n",
        SW_INTEGRITY, "a grain directory of 2097152 entries; at most 4194304 are taken over all");
    split_free(&split);
}

static void a_split_delta_is_read_over_its_split_parent(void **state)
{
    static const char child[] = "# Disk DescriptorFile\nCID=1\nparentCID=12345678\ncreateType=\"custom\"\n"
                                "parentFileNameHint=\"base.vmdk\"\n"
                                "RW 300 SPARSE \"c-s001.vmdk\"\nRW 43 ZERO\nRW 300 FLAT \"c-f003.vmdk\" 0\n";
    static const char parent[] = SPLIT_HEAD("monolithicFlat") "RW 643 FLAT \"base-flat.vmdk\" 0\n";
    const struct piece all = {0, SIZE}, grain = {GRAIN_BYTES, GRAIN_BYTES};
    uint8_t *below = make_disk(SIZE, &all, 1), *above = make_disk(SIZE, &grain, 1);
    struct sw_image *img = NULL;
    struct sw_extent extent;
    struct sw_err err = {0};
    struct split split;

    (void)state;
    memset(above + GRAIN_BYTES, 0x5a, GRAIN_BYTES);
    split_begin(&split);
    split_add_flat(&split, "base.vmdk", (const uint8_t *)parent, sizeof(parent) - 1, 0);
    split_add_flat(&split, "base-flat.vmdk", below, SIZE, 0);
    add_sparse(&split, "c-s001.vmdk", above, 300 * 512);
    split_add_flat(&split, "c-f003.vmdk", above + 343 * 512, 300 * 512, 0);
    memset(below + GRAIN_BYTES, 0x5a, GRAIN_BYTES);
    memset(below + 300 * 512, 0, 343 * 512);
    assert_split_reads(&split, child, below, SIZE);
    assert_ok(split_open(&split, child, &img, &err), err);
    assert_string_equal(img->parent_name, "base.vmdk");
    assert_ok(img->format->next_extent(img, 300 * 512, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_ZERO);
    assert_ok(img->format->next_extent(img, 0, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_HOLE);
    sw_image_close(img);
    memcpy(strstr((char *)split.files[0].file.bytes, "12345678"), "87654321", 8);
    assert_split_refused(&split, child, SW_INTEGRITY, "not the parent it was made over");
    split_free(&split);
    free(below);
    free(above);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_disk_in_one_file_is_read),
        cmocka_unit_test(a_disk_in_sparse_pieces_is_read),
        cmocka_unit_test(any_mix_of_extents_is_read),
        cmocka_unit_test(any_range_over_the_seams_reads_right),
        cmocka_unit_test(without_leave_nothing_else_is_opened),
        cmocka_unit_test(hostile_names_are_refused_before_anything_is_opened),
        cmocka_unit_test(a_nul_in_a_name_ends_the_descriptor),
        cmocka_unit_test(devices_and_unknown_kinds_are_refused_by_name),
        cmocka_unit_test(lines_that_make_no_disk_are_refused),
        cmocka_unit_test(a_disk_of_zeros_only_is_one),
        cmocka_unit_test(a_file_that_is_too_short_is_named_with_both_lengths),
        cmocka_unit_test(a_sparse_piece_must_be_as_long_as_its_line),
        cmocka_unit_test(no_byte_is_twice_in_the_disk),
        cmocka_unit_test(a_cut_is_an_error_and_never_another_disk),
        cmocka_unit_test(a_descriptor_of_megabytes_is_refused),
        cmocka_unit_test(directories_of_all_pieces_count_together),
        cmocka_unit_test(a_split_delta_is_read_over_its_split_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
