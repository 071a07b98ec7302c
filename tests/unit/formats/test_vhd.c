/* VHD: what is written field by field, the size rule, bitmaps, parents. */
#include "formats/vhd/vhd_ondisk.h"
#include "src/base/endian.h"
#include "tests/unit/formats/vhd_edit.h"

enum { SIZE = (5 << 20) + 3 * 512, BLOCK = 2 << 20 };

static const struct piece pieces[] = {{0, 700}, {(4 << 20) + 4096, 100000}, {SIZE - 512, 512}};

static uint8_t *disk_of(void)
{
    return make_disk(SIZE, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

static void make(struct mem_file *file, const char *subformat, uint8_t *disk)
{
    struct sw_create_opts opts = {.size_bytes = SIZE, .subformat = subformat, .epoch = 1700000000};

    write_disk(file, "vhd", &opts, disk, true);
}

static void check_footer(const uint8_t *footer, uint32_t type)
{
    assert_memory_equal(footer, "conectix", 8);
    assert_int_equal(be32_get(footer + 12), 0x00010000);
    assert_int_equal(be32_get(footer + 24), 1700000000 - 946684800);
    assert_memory_equal(footer + 28, "win ", 4);
    assert_int_equal(be64_get(footer + 40), SIZE);
    assert_int_equal(be64_get(footer + 48), SIZE);
    assert_int_equal(be16_get(footer + 56), 65535);
    assert_int_equal(footer[58], 16);
    assert_int_equal(footer[59], 255);
    assert_int_equal(be32_get(footer + 60), type);
    assert_int_equal(be32_get(footer + 64), vhd_sum(footer, 512, 64));
}

static void a_fixed_disk_is_the_bytes_and_a_footer(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};

    (void)state;
    make(&file, "fixed", disk);
    assert_int_equal(file.len, SIZE + 512);
    assert_memory_equal(file.bytes, disk, SIZE);
    check_footer(file.bytes + SIZE, VHD_FIXED);
    assert_int_equal(be64_get(file.bytes + SIZE + 16), UINT64_MAX);
    assert_disk_reads(&file, NULL, disk, SIZE);
    free(file.bytes);
    free(disk);
}

static void a_fixed_disk_as_a_stream_is_the_same(void **state)
{
    struct sw_create_opts opts = {.size_bytes = SIZE, .subformat = "fixed"};
    uint8_t *disk = disk_of();
    struct mem_file file = {0}, stream = {0};

    (void)state;
    write_disk(&file, "vhd", &opts, disk, true);
    write_disk(&stream, "vhd", &opts, disk, false);
    assert_int_equal(file.len, stream.len);
    assert_memory_equal(file.bytes, stream.bytes, file.len);
    free(stream.bytes);
    free(file.bytes);
    free(disk);
}

static void a_dynamic_disk_keeps_blocks_on_pages(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};
    const uint8_t *header, *table;

    (void)state;
    make(&file, NULL, disk);
    header = file.bytes + 512;
    table = file.bytes + 1536;
    check_footer(file.bytes + file.len - 512, VHD_DYNAMIC);
    assert_memory_equal(file.bytes, file.bytes + file.len - 512, 512);
    assert_memory_equal(header, "cxsparse", 8);
    assert_int_equal(be64_get(header + 16), 1536);
    assert_int_equal(be32_get(header + 28), 3);
    assert_int_equal(be32_get(header + 32), BLOCK);
    assert_int_equal(be32_get(header + 36), vhd_sum(header, 1024, 36));
    assert_int_equal(be32_get(table + 4), UINT32_MAX); /* the second block is all zeros */
    for (size_t i = 0; i < 3; i += 2) {
        uint64_t at = (uint64_t)be32_get(table + i * 4) * 512;

        assert_int_equal((at + 512) % 4096, 0);
        assert_int_equal(file.bytes[at], 0xff);
        assert_memory_equal(file.bytes + at + 512, disk + i * BLOCK,
                            i == 2 ? (size_t)SIZE - 2 * BLOCK : (size_t)BLOCK);
    }
    /* Where others put the next block: right after the last one. */
    assert_int_equal(file.len, (uint64_t)be32_get(table + 8) * 512 + 512 + BLOCK + 512);
    assert_disk_reads(&file, "vhd", disk, SIZE);
    free(file.bytes);
    free(disk);
}

static void an_empty_disk_has_no_block(void **state)
{
    uint8_t *disk = make_disk(SIZE, NULL, 0);
    struct mem_file file = {0};

    (void)state;
    make(&file, NULL, disk);
    assert_int_equal(file.len, 1536 + 512 + 512);
    assert_disk_reads(&file, NULL, disk, SIZE);
    free(file.bytes);
    free(disk);
}

static void identifiers_follow_content_size_and_stamp(void **state)
{
    uint8_t *disk = disk_of(), uuid[16];
    struct sw_create_opts opts = {.size_bytes = SIZE, .epoch = 5};
    struct mem_file file = {0}, again = {0};

    (void)state;
    write_disk(&file, "vhd", &opts, disk, true);
    memcpy(uuid, file.bytes + 68, 16);
    write_disk(&again, "vhd", &opts, disk, true);
    assert_int_equal(file.len, again.len);
    assert_memory_equal(file.bytes, again.bytes, file.len);
    disk[0] ^= 1;
    write_disk(&again, "vhd", &opts, disk, true);
    assert_memory_not_equal(again.bytes + 68, uuid, 16);
    disk[0] ^= 1;
    opts.epoch = 6;
    write_disk(&again, "vhd", &opts, disk, true);
    assert_memory_not_equal(again.bytes + 68, uuid, 16);
    free(again.bytes);
    free(file.bytes);
    free(disk);
}

static void what_vhd_cannot_be_is_refused(void **state)
{
    static const struct {
        struct sw_create_opts opts;
        bool seekable;
        const char *part;
    } cases[] = {
        {{.size_bytes = (UINT64_C(0xff000000) + 1) * 512}, true, "larger than 2040 GiB"},
        {{.size_bytes = 1 << 20}, false, "subformat=fixed"},
        {{.size_bytes = 1 << 20, .subformat = "differencing"}, true, "no subformat"},
        {{.size_bytes = 1 << 20, .level = 3}, true, "takes no level"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_create_refused("vhd", &cases[i].opts, cases[i].seekable, cases[i].part);
}

/* A bit that is not set means zeros, whatever lies there. */
static void bitmap_bits_are_honoured(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};
    uint64_t bitmap;

    (void)state;
    make(&file, NULL, disk);
    bitmap = (uint64_t)be32_get(file.bytes + 1536) * 512;
    file.bytes[bitmap] = 0x7f; /* the first sector; bits go from the most significant on */
    memset(disk, 0, 512);
    assert_disk_reads(&file, NULL, disk, SIZE);
    memset(file.bytes + bitmap, 0, 512);
    memset(disk, 0, BLOCK);
    assert_disk_reads(&file, NULL, disk, SIZE);
    free(file.bytes);
    free(disk);
}

static uint64_t size_by(const char *creator, uint16_t cylinders, uint8_t heads, uint8_t sectors)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    uint64_t size;

    make(&file, NULL, disk);
    for (int end = 0; end < 2; end++) {
        uint8_t *footer = end ? file.bytes + file.len - 512 : file.bytes;

        memcpy(footer + 28, creator, 4);
        be16_put(footer + 56, cylinders);
        footer[58] = heads;
        footer[59] = sectors;
        vhd_fix(footer, 512, 64);
    }
    assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, NULL, &img, &err), err);
    size = img->size_bytes;
    assert_int_equal(img->nr_warnings, size != SIZE);
    sw_image_close(img);
    free(file.bytes);
    free(disk);
    return size;
}

static void the_size_follows_who_made_the_disk(void **state)
{
    const uint64_t chs = UINT64_C(150) * 4 * 17 * 512;

    (void)state;
    assert_int_equal(size_by("vpc ", 150, 4, 17), chs);
    assert_int_equal(size_by("qemu", 150, 4, 17), chs);
    assert_int_equal(size_by("win ", 150, 4, 17), SIZE);
    assert_int_equal(size_by("qem2", 150, 4, 17), SIZE);
    assert_int_equal(size_by("wa\0\0", 150, 4, 17), SIZE);
    assert_int_equal(size_by("vbox", 150, 4, 17), SIZE);
    assert_int_equal(size_by("vpc ", 65535, 16, 255), SIZE);
    assert_int_equal(size_by("vpc ", 0, 0, 0), SIZE);
    assert_int_equal(size_by("vpc ", 65000, 16, 255), SIZE); /* more than the current size */
}

static void a_footer_of_511_bytes_is_read(void **state)
{
    uint8_t *disk = disk_of();
    struct mem_file file = {0};

    (void)state;
    make(&file, "fixed", disk);
    assert_int_equal(file.bytes[file.len - 1], 0);
    file.len--;
    assert_disk_reads(&file, NULL, disk, SIZE);
    free(file.bytes);
    free(disk);
}

/* Opens parents from memory by name. */
struct resolver {
    struct sw_parent_resolver base;
    const char *want;
    struct mem_file *file;
};

static int resolve(struct sw_parent_resolver *self, const char *name, const char *format,
                   struct sw_image **out, struct sw_err *err)
{
    struct resolver *resolver = (struct resolver *)self;

    assert_string_equal(name, resolver->want);
    assert_string_equal(format, "vhd");
    return sw_image_open(mem_in(resolver->file->bytes, resolver->file->len), format, NULL, out, err);
}

/* The child takes the first sector from itself, the rest of its only block from the parent. */
static void make_child(struct mem_file *child, const struct mem_file *parent, uint8_t *disk)
{
    static const char name[] = {'.', 0, '\\', 0, 'p', 0, '.', 0, 'v', 0, 'h', 0, 'd', 0};
    uint8_t *header;
    uint64_t bitmap;

    make(child, NULL, disk);
    for (int end = 0; end < 2; end++) {
        uint8_t *footer = end ? child->bytes + child->len - 512 : child->bytes;

        be32_put(footer + 60, VHD_DIFFERENCING);
        vhd_fix(footer, 512, 64);
    }
    header = child->bytes + 512;
    memcpy(header + 40, parent->bytes + parent->len - 512 + 68, 16);
    memcpy(header + 576, "W2ru", 4);
    be32_put(header + 576 + 8, sizeof(name));
    be64_put(header + 576 + 16, 2048); /* a gap between table and first block */
    memcpy(child->bytes + 2048, name, sizeof(name));
    vhd_fix(header, 1024, 36);
    bitmap = (uint64_t)be32_get(child->bytes + 1536) * 512;
    memset(child->bytes + bitmap, 0, 512);
    child->bytes[bitmap] = 0x80;
}

static void a_differencing_disk_is_its_sectors_over_its_parent(void **state)
{
    const struct piece first = {0, 1 << 20};
    uint8_t *below = disk_of(), *above = make_disk(SIZE, &first, 1);
    struct mem_file parent = {0}, child = {0};
    struct resolver resolver = {{.open = resolve}, "./p.vhd", &parent};
    struct sw_open_opts opts = {.parents = &resolver.base};
    struct sw_image *img = NULL;
    struct sw_extent extent;
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < 512; i++)
        above[i] = 0xee;
    make(&parent, "fixed", below);
    make_child(&child, &parent, above);
    assert_refused(child.bytes, child.len, NULL, SW_REFUSED, "differencing disk over './p.vhd'");
    assert_ok(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err);
    memset(below, 0xee, 512);
    assert_reads(img, below, SIZE);
    sw_image_close(img);

    opts = (struct sw_open_opts){.top_only = true};
    assert_ok(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err);
    assert_null(img->parent);
    assert_string_equal(img->parent_name, "./p.vhd");
    assert_ok(sw_image_next_extent(img, 0, &extent, &err), err);
    assert_true(extent.kind == SW_EXTENT_DATA && extent.len == 512);
    assert_ok(sw_image_next_extent(img, 512, &extent, &err), err);
    assert_int_equal(extent.kind, SW_EXTENT_HOLE);
    sw_image_close(img);

    opts = (struct sw_open_opts){.parents = &resolver.base};
    parent.bytes[parent.len - 512 + 68] ^= 1;
    vhd_fix(parent.bytes + parent.len - 512, 512, 64);
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
        cmocka_unit_test(a_fixed_disk_is_the_bytes_and_a_footer),
        cmocka_unit_test(a_fixed_disk_as_a_stream_is_the_same),
        cmocka_unit_test(a_dynamic_disk_keeps_blocks_on_pages),
        cmocka_unit_test(an_empty_disk_has_no_block),
        cmocka_unit_test(identifiers_follow_content_size_and_stamp),
        cmocka_unit_test(what_vhd_cannot_be_is_refused),
        cmocka_unit_test(bitmap_bits_are_honoured),
        cmocka_unit_test(the_size_follows_who_made_the_disk),
        cmocka_unit_test(a_footer_of_511_bytes_is_read),
        cmocka_unit_test(a_differencing_disk_is_its_sectors_over_its_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
