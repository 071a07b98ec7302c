/* VMDK: VMware's stream layout field by field, and every layout that is read. */
#include "tests/unit/formats/vmdk_edit.h"

#include <libdeflate.h>

enum { MIB = 1 << 20 };
/* The second grain table (of 32 MiB) stays empty, the last grain is short. */
#define SIZE ((uint64_t)(70 * MIB) + 3 * 512)

static const struct piece pieces[] = {
    {0, 100}, {3 * GRAIN_BYTES + 700, 2 * GRAIN_BYTES}, {68 * MIB, 512}, {70 * MIB + 1024, 512}};

static uint8_t *disk_of(void)
{
    return make_disk(SIZE, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

static void make(struct mem_file *file, uint8_t *disk, int level)
{
    struct sw_create_opts opts = {.size_bytes = SIZE, .level = level, .epoch = 1700000000};

    write_disk(file, "vmdk", &opts, disk, false);
}

static void header_and_footer_are_vmwares(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};
    const struct vmdk_header *h, *f;

    (void)state;
    make(&file, disk, 0);
    h = stream_header(&file);
    f = stream_footer(&file);
    assert_int_equal(file.len % 512, 0);
    assert_memory_equal(h->magic, "KDMV", 4);
    assert_int_equal(le32_get(h->version), 3);
    assert_int_equal(le32_get(h->flags), 0x30001);
    assert_int_equal(le64_get(h->capacity), SIZE / 512);
    assert_int_equal(le64_get(h->grain_size), 128);
    assert_int_equal(le64_get(h->descriptor_offset), 1);
    assert_in_range(le64_get(h->descriptor_size), 1, 2);
    assert_int_equal(le32_get(h->gtes_per_gt), 512);
    assert_int_equal(le64_get(h->rgd_offset), 0);
    assert_int_equal(le64_get(h->gd_offset), UINT64_MAX);
    assert_int_equal(le64_get(h->overhead), 128);
    assert_int_equal(le16_get(h->compress_algorithm), 1);
    assert_memory_equal(h, f, offsetof(struct vmdk_header, gd_offset));
    assert_memory_equal((const uint8_t *)h + 64, (const uint8_t *)f + 64, 448);
    assert_true(le64_get(f->gd_offset) < file.len / 512);
    free(file.bytes);
    free(disk);
}

static void check_marker(const uint8_t *at, uint64_t sectors, uint32_t type)
{
    assert_int_equal(le64_get(at), sectors);
    assert_int_equal(le32_get(at + 8), 0);
    assert_int_equal(le32_get(at + 12), type);
    assert_true(all_zero(at + 16, 496));
}

/* From the first grain on, as a reader that cannot seek does it. */
static void grains_ascend_and_each_table_follows_its_grains(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};
    static const uint64_t want[] = {0, 3, 4, 5, 1088, 1120};
    uint64_t at = 128 * 512, tables = 0, grains = 0;

    (void)state;
    make(&file, disk, 0);
    while (le32_get(file.bytes + at + 8) != 0 || le32_get(file.bytes + at + 12) == VMDK_MARKER_GT) {
        uint32_t size = le32_get(file.bytes + at + 8);

        if (size == 0) {
            check_marker(file.bytes + at, 4, VMDK_MARKER_GT);
            assert_int_equal(grains, tables == 0 ? 4 : 6);
            tables++;
            at += 5 * 512;
            continue;
        }
        assert_int_equal(le64_get(file.bytes + at), want[grains] * 128);
        grains++;
        at = (at + 12 + size + 511) / 512 * 512;
    }
    assert_int_equal(tables, 2);
    assert_int_equal(grains, 6);
    check_marker(file.bytes + at, 1, VMDK_MARKER_GD);
    assert_int_equal(le64_get(stream_footer(&file)->gd_offset), at / 512 + 1);
    assert_int_equal(le32_get(file.bytes + at + 512 + 4), 0); /* the empty table */
    check_marker(file.bytes + at + 1024, 1, VMDK_MARKER_FOOTER);
    check_marker(file.bytes + at + 2048, 0, VMDK_MARKER_EOS);
    assert_int_equal(file.len, at + 2048 + 512);
    free(file.bytes);
    free(disk);
}

static void every_level_reads_back(void **state)
{
    uint8_t *disk = disk_of();
    size_t last = SIZE_MAX;

    (void)state;
    for (size_t i = 0; i < 2 * GRAIN_BYTES; i++) /* something that levels differ on */
        disk[6 * GRAIN_BYTES + i] = "offline image assembler"[(i * i / 977 + i / 31) % 23];
    for (int level = 1; level <= 12; level += level < 3 ? 1 : 3) {
        struct mem_file file = {0};

        make(&file, disk, level);
        assert_disk_reads(&file, NULL, disk, SIZE);
        assert_true(level == 2 || file.len <= last);
        last = file.len;
        free(file.bytes);
    }
    free(disk);
}

/* Random bytes do not shrink; stored blocks must fit. */
static void incompressible_grains_are_stored(void **state)
{
    static const int levels[] = {1, 2, 6, 12};
    struct sw_create_opts opts = {.size_bytes = 4 * GRAIN_BYTES};
    uint8_t *disk = make_disk(opts.size_bytes, NULL, 0);
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (size_t i = 0; i < opts.size_bytes; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        disk[i] = (uint8_t)(seed >> 32);
    }
    for (size_t i = 0; i < 4; i++) {
        struct mem_file file = {0};

        opts.level = levels[i];
        write_disk(&file, "vmdk", &opts, disk, true);
        assert_disk_reads(&file, NULL, disk, opts.size_bytes);
        free(file.bytes);
    }
    free(disk);
}

static void the_descriptor_is_one_others_take(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0}, again = {0};
    const char *text;

    (void)state;
    make(&file, disk, 0);
    text = (const char *)file.bytes + 512;
    assert_non_null(strstr(text, "# Disk DescriptorFile\nversion=1\nCID="));
    assert_non_null(strstr(text, "\nparentCID=ffffffff\ncreateType=\"streamOptimized\"\n"));
    assert_non_null(strstr(text, "\nRDONLY 143363 SPARSE \"generated-stream.vmdk\"\n"));
    assert_non_null(strstr(text, "\nddb.adapterType = \"lsilogic\"\n"));
    assert_non_null(strstr(text, "\nddb.toolsVersion = \"2147483647\"\n"));
    make(&again, disk, 0);
    assert_int_equal(file.len, again.len);
    assert_memory_equal(file.bytes, again.bytes, file.len);
    free(file.bytes);
    free(again.bytes);
    free(disk);
}

static void what_vmdk_cannot_be_is_refused(void **state)
{
    static const struct {
        struct sw_create_opts opts;
        const char *part;
    } cases[] = {
        {{.size_bytes = 0}, "cannot have 0 bytes"},
        {{.size_bytes = 512, .level = 13}, "no compression level 13"},
        {{.size_bytes = 512, .level = -1}, "no compression level -1"},
        {{.size_bytes = 512, .unit_bytes = 4096}, "takes no cluster size"},
        {{.size_bytes = 512, .subformat = "monolithicFlat"}, "no subformat 'monolithicFlat'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_create_refused("vmdk", &cases[i].opts, true, cases[i].part);
}

static const struct piece small_pieces[] = {{0, 100}, {2 * GRAIN_BYTES, 3 * GRAIN_BYTES + 512}};
enum { SMALL = 5 * GRAIN_BYTES + 3 * 512 };

static void sparse_files_of_every_version_are_read(void **state)
{
    uint8_t *disk = make_disk(SMALL, small_pieces, 2);

    (void)state;
    for (uint32_t version = 1; version <= 3; version++) {
        struct mem_file file = {0};

        hand_sparse(&file, version, VMDK_FLAG_NEWLINES, disk, SMALL);
        assert_disk_reads(&file, NULL, disk, SMALL);
        file.len -=
            GRAIN_BYTES - 3 * 512; /* the grain written last is not the disk's last: it is needed whole */
        assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "ends after the file");
        free(file.bytes);
    }
    free(disk);
}

static void a_zeroed_grain_is_zero_and_hides_the_parent(void **state)
{
    uint8_t *disk = make_disk(SMALL, small_pieces, 2);
    struct mem_file file = {0};
    struct sw_image *img = NULL;
    struct sw_extent extent;
    struct sw_err err = {0};

    (void)state;
    hand_sparse(&file, 2, VMDK_FLAG_NEWLINES | VMDK_FLAG_ZERO_GRAINS, disk, SMALL);
    le32_put(hand_gte(&file, 2), 1);
    memset(disk + 2 * GRAIN_BYTES, 0, GRAIN_BYTES);
    assert_disk_reads(&file, NULL, disk, SMALL);
    assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, NULL, &img, &err), err);
    assert_ok(sw_image_next_extent(img, 2 * GRAIN_BYTES, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_ZERO);
    assert_int_equal(extent.len, GRAIN_BYTES);
    assert_ok(sw_image_next_extent(img, GRAIN_BYTES, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_HOLE);
    sw_image_close(img);
    le32_put(file.bytes + 8, VMDK_FLAG_NEWLINES); /* without the flag, 1 is a sector of the descriptor */
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "grain 2 at sector 1");
    free(file.bytes);
    free(disk);
}

/* As open-vmdk and vmware-vdiskmanager write it: the true directory in the header, no footer. */
static void a_stream_with_its_directory_in_the_header_is_read(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};

    (void)state;
    make(&file, disk, 0);
    memcpy(stream_header(&file)->gd_offset, stream_footer(&file)->gd_offset, 8);
    file.len -= 3 * 512;
    assert_disk_reads(&file, NULL, disk, SIZE);
    free(file.bytes);
    free(disk);
}

/* Without bit 17 a grain carries its length only. */
static void grains_without_addresses_are_read(void **state)
{
    uint8_t *disk = make_disk(SMALL, small_pieces, 2);
    struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(6);
    struct mem_file file = {0};
    uint64_t at = HAND_OVERHEAD * 512;

    (void)state;
    hand_sparse(&file, 1, VMDK_FLAG_NEWLINES | VMDK_FLAG_COMPRESSED, disk, SMALL);
    hand_descriptor(file.bytes, "streamOptimized", SMALL / 512, "");
    for (uint64_t g = 0; g * GRAIN_BYTES < SMALL; g++) {
        size_t n = SMALL - g * GRAIN_BYTES < GRAIN_BYTES ? SMALL % GRAIN_BYTES : GRAIN_BYTES, len;

        if (le32_get(hand_gte(&file, g)) == 0)
            continue;
        len = libdeflate_zlib_compress(deflate, disk + g * GRAIN_BYTES, n, file.bytes + at + 4, GRAIN_BYTES);
        le32_put(file.bytes + at, (uint32_t)len);
        le32_put(hand_gte(&file, g), (uint32_t)(at / 512));
        at = (at + 4 + len + 511) / 512 * 512;
    }
    file.len = at;
    assert_disk_reads(&file, NULL, disk, SMALL);
    libdeflate_free_compressor(deflate);
    free(file.bytes);
    free(disk);
}

static void any_range_of_a_deflated_disk_reads_right(void **state)
{
    static const struct {
        uint64_t off;
        size_t len;
    } ranges[] = {{1, 1},
                  {3 * GRAIN_BYTES, GRAIN_BYTES},
                  {3 * GRAIN_BYTES - 5, 3 * GRAIN_BYTES + 10},
                  {SIZE - 1, 1},
                  {SIZE - 1536, 1536},
                  {32 * MIB - 1, 36 * MIB + 9}};
    uint8_t *disk = disk_of(), *got = malloc(SIZE);
    struct mem_file file = {0};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    make(&file, disk, 0);
    assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, NULL, &img, &err), err);
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        assert_ok(sw_image_pread(img, got, ranges[i].len, ranges[i].off, &err), err);
        assert_memory_equal(got, disk + ranges[i].off, ranges[i].len);
    }
    sw_image_close(img);
    free(file.bytes);
    free(got);
    free(disk);
}

struct resolver {
    struct sw_parent_resolver base;
    struct mem_file *file;
};

static int resolve(struct sw_parent_resolver *self, const char *name, const char *format,
                   struct sw_image **out, struct sw_err *err)
{
    const struct mem_file *file = ((struct resolver *)self)->file;

    assert_string_equal(name, "base.vmdk");
    return sw_image_open(mem_in(file->bytes, file->len), format, NULL, out, err);
}

static void a_delta_is_read_over_the_parent_with_its_cid(void **state)
{
    const struct piece grain = {2 * GRAIN_BYTES, GRAIN_BYTES};
    uint8_t *below = make_disk(SMALL, small_pieces, 2), *above = make_disk(SMALL, &grain, 1);
    struct mem_file parent = {0}, child = {0};
    struct resolver resolver = {.base = {.open = resolve}, .file = &parent};
    struct sw_open_opts opts = {.parents = &resolver.base};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    memset(above + 2 * GRAIN_BYTES, 0x5a, GRAIN_BYTES);
    hand_sparse(&parent, 1, VMDK_FLAG_NEWLINES, below, SMALL);
    hand_sparse(&child, 1, VMDK_FLAG_NEWLINES, above, SMALL);
    hand_descriptor(child.bytes, "monolithicSparse", SMALL / 512,
                    "parentCID = 12345678\nparentFileNameHint=\"base.vmdk\"\n");
    assert_refused(child.bytes, child.len, NULL, SW_REFUSED, "a delta over 'base.vmdk'");
    assert_ok(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err);
    memset(below + 2 * GRAIN_BYTES, 0x5a, GRAIN_BYTES);
    assert_reads(img, below, SMALL);
    sw_image_close(img);
    memcpy(strstr((char *)parent.bytes + 512, "12345678"), "87654321", 8);
    assert_failed(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err, SW_INTEGRITY,
                  "not the parent it was made over");
    free(parent.bytes);
    free(child.bytes);
    free(below);
    free(above);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_footer_are_vmwares),
        cmocka_unit_test(grains_ascend_and_each_table_follows_its_grains),
        cmocka_unit_test(every_level_reads_back),
        cmocka_unit_test(incompressible_grains_are_stored),
        cmocka_unit_test(the_descriptor_is_one_others_take),
        cmocka_unit_test(what_vmdk_cannot_be_is_refused),
        cmocka_unit_test(sparse_files_of_every_version_are_read),
        cmocka_unit_test(a_zeroed_grain_is_zero_and_hides_the_parent),
        cmocka_unit_test(a_stream_with_its_directory_in_the_header_is_read),
        cmocka_unit_test(grains_without_addresses_are_read),
        cmocka_unit_test(any_range_of_a_deflated_disk_reads_right),
        cmocka_unit_test(a_delta_is_read_over_the_parent_with_its_cid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
