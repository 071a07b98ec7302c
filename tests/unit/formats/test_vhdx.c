/* VHDX: what is written field by field, block states, sector sizes, parents. */
#include "tests/unit/formats/vhdx_edit.h"

#define MIB ((uint64_t)EDIT_MIB)

static void check_tables(const struct mem_file *file)
{
    static const uint8_t zeros[16];
    const uint8_t *header = file->bytes + VHDX_HEADER_AT, *regions = file->bytes + VHDX_REGIONS_AT;

    assert_memory_equal(file->bytes, "vhdxfiles\0l\0i\0p\0w\0a\0y\0\0\0", 24);
    for (int i = 0; i < 2; i++, header += VHDX_HEADER_AT) {
        assert_memory_equal(header, "head", 4);
        assert_int_equal(le64_get(header + 8), i + 1);
        assert_memory_not_equal(header + 16, header + 32, 16); /* two identifiers */
        assert_memory_equal(header + 48, zeros, 16);           /* the log is empty */
        assert_int_equal(le32_get(header + 64), 1 << 16);      /* log version 0, version 1 */
        assert_int_equal(le32_get(header + 68), MIB);
        assert_int_equal(le64_get(header + 72), EDIT_LOG);
    }
    assert_memory_equal(regions, "regi", 4);
    assert_int_equal(le32_get(regions + 8), 2);
    assert_int_equal(le64_get(regions + 32), EDIT_BAT);
    assert_int_equal(le64_get(regions + 64), EDIT_METADATA);
    assert_memory_equal(regions, regions + VHDX_REGIONS_BYTES, VHDX_REGIONS_BYTES);
    assert_memory_equal(file->bytes + EDIT_METADATA, "metadata", 8);
    assert_int_equal(le32_get(file->bytes + EDIT_ITEMS), MIB);
    assert_int_equal(le32_get(file->bytes + EDIT_ITEMS + 4), 0);
    assert_int_equal(le64_get(file->bytes + EDIT_ITEMS + 8), EDIT_SIZE);
    assert_int_equal(le32_get(file->bytes + EDIT_ITEMS + 16), 512);
    assert_int_equal(le32_get(file->bytes + EDIT_ITEMS + 20), 4096);
}

static void a_dynamic_disk_has_its_parts_on_whole_mebibytes(void **state)
{
    static const uint64_t entries[] = {4 * MIB | 6, 0, 5 * MIB | 6, 0, 6 * MIB | 6, 0};
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    edit_make(&file, disk);
    assert_int_equal(file.len, 7 * MIB);
    check_tables(&file);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(le64_get(file.bytes + EDIT_BAT + 8 * i), entries[i]);
    assert_memory_equal(file.bytes + EDIT_BLOCKS, disk, MIB);
    assert_memory_equal(file.bytes + EDIT_BLOCKS + MIB, disk + 2 * MIB, MIB);
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    free(file.bytes);
    free(disk);
}

static void checksums_are_those_of_another_implementation(void **state)
{
    static const struct {
        size_t at, len;
    } parts[] = {{VHDX_HEADER_AT, 4096},
                 {2 * VHDX_HEADER_AT, 4096},
                 {VHDX_REGIONS_AT, 65536},
                 {VHDX_REGIONS_AT + 65536, 65536}};
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    assert_int_equal(edit_crc((const uint8_t *)"123456789", 9), 0xe3069283u);
    edit_make(&file, disk);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint32_t sum = le32_get(file.bytes + parts[i].at + 4);

        edit_fix(file.bytes + parts[i].at, parts[i].len);
        assert_int_equal(le32_get(file.bytes + parts[i].at + 4), sum);
    }
    free(file.bytes);
    free(disk);
}

static void the_default_block_is_32_mib_and_filled_in_pieces(void **state)
{
    const struct piece pieces[] = {{3 * MIB, 10}, {31 * MIB, 10}, {32 * MIB, 10}};
    struct sw_create_opts opts = {.size_bytes = 33 * MIB};
    uint8_t *disk = make_disk(opts.size_bytes, pieces, 3);
    struct mem_file file = {0};

    (void)state;
    write_disk(&file, "vhdx", &opts, disk, true);
    assert_int_equal(le32_get(file.bytes + EDIT_ITEMS), 32 * MIB);
    assert_int_equal(le64_get(file.bytes + EDIT_BAT), 4 * MIB | 6);
    assert_int_equal(le64_get(file.bytes + EDIT_BAT + 8), 36 * MIB | 6);
    assert_int_equal(file.len, 68 * MIB);
    assert_disk_reads(&file, NULL, disk, opts.size_bytes);
    free(file.bytes);
    free(disk);
}

static void identifiers_follow_content_and_stamp(void **state)
{
    struct sw_create_opts opts = {.size_bytes = EDIT_SIZE, .unit_bytes = EDIT_MIB, .epoch = 5};
    uint8_t *disk = edit_disk(), ids[32];
    struct mem_file file = {0}, again = {0};
    const size_t at = VHDX_HEADER_AT + 16;

    (void)state;
    write_disk(&file, "vhdx", &opts, disk, true);
    memcpy(ids, file.bytes + at, sizeof(ids));
    assert_int_equal(ids[7] >> 4, 8); /* the version, in the third group */
    write_disk(&again, "vhdx", &opts, disk, true);
    assert_int_equal(file.len, again.len);
    assert_memory_equal(file.bytes, again.bytes, file.len);
    disk[0] ^= 1;
    write_disk(&again, "vhdx", &opts, disk, true);
    assert_memory_not_equal(again.bytes + at, ids, 16);
    assert_memory_not_equal(again.bytes + at + 16, ids + 16, 16);
    disk[0] ^= 1;
    opts.epoch = 6;
    write_disk(&again, "vhdx", &opts, disk, true);
    assert_memory_not_equal(again.bytes + at, ids, 16);
    free(again.bytes);
    free(file.bytes);
    free(disk);
}

static void what_vhdx_cannot_be_is_refused(void **state)
{
    static const struct {
        struct sw_create_opts opts;
        bool seekable;
        const char *part;
    } cases[] = {
        {{.size_bytes = (UINT64_C(64) << 40) + 512}, true, "larger than 64 TiB"},
        {{.size_bytes = 1 << 20}, false, "as a stream"},
        {{.size_bytes = 1 << 20, .subformat = "fixed"}, true, "no subformat"},
        {{.size_bytes = 1 << 20, .level = 3}, true, "takes no level"},
        {{.size_bytes = 1 << 20, .unit_bytes = 512 << 10}, true, "of 524288 bytes"},
        {{.size_bytes = 1 << 20, .unit_bytes = 3 << 20}, true, "of 3145728 bytes"},
        {{.size_bytes = 1 << 20, .unit_bytes = 512 << 20}, true, "of 536870912 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_create_refused("vhdx", &cases[i].opts, cases[i].seekable, cases[i].part);
}

/* Whatever place such an entry still names, nothing is read from there: not even the file's own header at 0. */
static void blocks_without_bytes_read_as_zeros(void **state)
{
    static const uint64_t states[] = {0, 1, 2, 3, 5};
    struct sw_image *img = NULL;
    struct sw_extent extent;
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        uint8_t *disk = edit_disk();
        struct mem_file file = {0};

        edit_make(&file, disk);
        edit_entry(&file, 0, (i % 2 ? 4 * MIB : 0) | states[i]);
        memset(disk, 0, MIB);
        assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
        assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, NULL, &img, &err), err);
        assert_ok(sw_image_next_extent(img, 100, &extent, &err), err);
        assert_int_equal(extent.kind, states[i] == 0 ? SW_EXTENT_HOLE : SW_EXTENT_ZERO);
        assert_int_equal(extent.len, (states[i] == 0 ? 2 * MIB : MIB) - 100);
        sw_image_close(img);
        free(file.bytes);
        free(disk);
    }
}

static void the_newer_valid_header_counts(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};
    uint8_t *first, *second;

    (void)state;
    edit_make(&file, disk);
    first = file.bytes + VHDX_HEADER_AT;
    second = first + VHDX_HEADER_AT;
    second[100] ^= 1; /* only the older one is left */
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    le64_put(first + 72, 5 * MIB + 1);
    edit_fix_headers(&file); /* the newer one is the second again */
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    le64_put(first + 8, 3);
    edit_fix_headers(&file);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "log offset 5242881");
    free(file.bytes);
    free(disk);
}

static void the_second_region_table_stands_in_for_the_first(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    edit_make(&file, disk);
    file.bytes[VHDX_REGIONS_AT + 40000] ^= 1;
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    free(file.bytes);
    free(disk);
}

static void sectors_of_4096_bytes_are_read(void **state)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    const struct piece piece = {4096, 9000};
    struct sw_create_opts opts = {.size_bytes = 3 * MIB, .unit_bytes = EDIT_MIB};
    uint8_t *disk = make_disk(opts.size_bytes, &piece, 1);
    struct mem_file file = {0};

    (void)state;
    write_disk(&file, "vhdx", &opts, disk, true);
    le32_put(file.bytes + EDIT_ITEMS + 16, 4096);
    assert_disk_reads(&file, NULL, disk, opts.size_bytes);
    assert_ok(sw_image_open(mem_in(file.bytes, file.len), NULL, NULL, &img, &err), err);
    assert_int_equal(img->nr_warnings, 1);
    assert_non_null(strstr(img->warnings[0], "sectors have 4096 bytes"));
    sw_image_close(img);
    free(file.bytes);
    free(disk);
}

/* Old qemu ended the file with the disk's last sector. */
static void a_last_block_cut_behind_the_disks_end_is_read(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file file = {0};

    (void)state;
    edit_make(&file, disk);
    file.len = 6 * MIB + EDIT_SIZE % MIB;
    assert_disk_reads(&file, NULL, disk, EDIT_SIZE);
    file.len--;
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "ends after the file: it is truncated");
    free(file.bytes);
    free(disk);
}

/* A table of 512 MiB, which is not kept in memory, in a file with holes. */
static void a_disk_of_64_tib_in_small_blocks_is_walked_at_once(void **state)
{
    const struct sw_format *vhdx = sw_format_by_name("vhdx");
    const uint64_t size = UINT64_C(64) << 40;
    struct sw_create_opts opts = {.size_bytes = size, .unit_bytes = EDIT_MIB};
    uint8_t unit[512 * 4], got[512];
    struct sw_block block = {.off = size - MIB, .len = sizeof(unit), .data = unit};
    struct sw_image *img = NULL;
    struct sw_in *in = NULL;
    struct sw_out *out = NULL;
    struct sw_extent extent = {.kind = SW_EXTENT_HOLE};
    struct sw_err err = {0};
    unsigned n = 0;

    (void)state;
    memset(unit, 0x5a, sizeof(unit));
    assert_ok(sw_out_create_file("large.vhdx", 0600, &out, &err), err);
    assert_ok(vhdx->create(out, &opts, &img, &err), err);
    assert_ok(vhdx->put(img, &block, &err), err);
    assert_ok(vhdx->finish(img, &err), err);
    sw_image_close(img);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_ok(sw_in_open_file("large.vhdx", &in, &err), err);
    assert_ok(sw_image_open(in, NULL, NULL, &img, &err), err);
    for (uint64_t off = 0; off < size && extent.kind != SW_EXTENT_DATA; off += extent.len, n++)
        assert_ok(sw_image_next_extent(img, off, &extent, &err), err);
    assert_true(n < 2000 && extent.kind == SW_EXTENT_DATA && extent.off == size - MIB);
    assert_ok(sw_image_pread(img, got, sizeof(got), size - MIB, &err), err);
    assert_memory_equal(got, unit, sizeof(got));
    sw_image_close(img);
}

/* Opens parents from memory by name. */
struct resolver {
    struct sw_parent_resolver base;
    const char *format; /* what the parent is opened as */
    struct mem_file *file;
};

static int resolve(struct sw_parent_resolver *self, const char *name, const char *format,
                   struct sw_image **out, struct sw_err *err)
{
    struct resolver *resolver = (struct resolver *)self;

    assert_string_equal(name, "p.vhdx");
    assert_string_equal(format, "vhdx");
    return sw_image_open(mem_in(resolver->file->bytes, resolver->file->len), resolver->format, NULL, out,
                         err);
}

static uint32_t put_text(uint8_t *item, uint32_t at, const char *text, uint8_t *off, uint8_t *len)
{
    le32_put(off, at);
    le16_put(len, (uint16_t)(2 * strlen(text)));
    for (; *text != '\0'; text++, at += 2)
        le16_put(item + at, (uint8_t)*text);
    return at;
}

static void guid_text(const uint8_t *guid, char text[40])
{
    snprintf(text, 40, "{%08x-%04x-%04X-%02x%02x-%02x%02x%02x%02x%02x%02x}", le32_get(guid),
             le16_get(guid + 4), le16_get(guid + 6), guid[8], guid[9], guid[10], guid[11], guid[12], guid[13],
             guid[14], guid[15]);
}

enum { LOCATOR_AT = 128 << 10, LOCATOR_BYTES = 4096 };

/* Adds the flag, the item and its two keys. */
static void give_parent(struct mem_file *child, const char *path, const char *linkage)
{
    static const uint8_t item_guid[] = VHDX_GUID_LOCATOR, type[] = VHDX_GUID_PARENT_VHDX;
    uint8_t *entry = child->bytes + EDIT_METADATA + 32 + 5 * 32;
    uint8_t *item = child->bytes + EDIT_METADATA + LOCATOR_AT;
    uint32_t at = 200;

    le16_put(child->bytes + EDIT_METADATA + 10, 6);
    le32_put(child->bytes + EDIT_ITEMS + 4, VHDX_HAS_PARENT);
    memcpy(entry, item_guid, 16);
    le32_put(entry + 16, LOCATOR_AT);
    le32_put(entry + 20, LOCATOR_BYTES);
    le32_put(entry + 24, VHDX_ITEM_REQUIRED);
    memset(item, 0, LOCATOR_BYTES);
    memcpy(item, type, 16);
    le16_put(item + 18, 2);
    at = put_text(item, at, "parent_linkage", item + 20, item + 28);
    at = put_text(item, at, linkage, item + 24, item + 30);
    at = put_text(item, at, "relative_path", item + 32, item + 40);
    (void)put_text(item, at, path, item + 36, item + 42);
}

/* Block 0 is partially present with its second sector and the last one, block 2 wholly, block 4 is zeros. */
static void make_child(struct mem_file *child, const struct mem_file *parent, uint8_t *disk)
{
    char linkage[40];

    edit_make(child, disk);
    guid_text(parent->bytes + VHDX_HEADER_AT + 32, linkage);
    give_parent(child, ".\\folder\\p.vhdx", linkage);
    edit_grow(child, 8 * EDIT_MIB);
    child->bytes[7 * MIB] = 2; /* bit 1 */
    child->bytes[7 * MIB + 255] = 0x80;
    edit_entry(child, 0, 4 * MIB | 7);
    edit_entry(child, 4, 2);
    edit_entry(child, 4096, 7 * MIB | 6); /* the first chunk's bitmap */
}

static void a_differencing_disk_is_its_sectors_over_its_parent(void **state)
{
    const struct piece all = {0, EDIT_SIZE};
    uint8_t *disk = make_disk(EDIT_SIZE, &all, 1), *above = edit_disk();
    struct mem_file parent = {0}, child = {0};
    struct resolver resolver = {{.open = resolve}, "vhdx", &parent};
    struct sw_open_opts opts = {.parents = &resolver.base};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    memset(above, 0xee, MIB);
    memset(above + 2 * MIB, 0xdd, MIB);
    edit_make(&parent, disk);
    make_child(&child, &parent, above);
    memset(disk + 512, 0xee, 512);
    memset(disk + MIB - 512, 0xee, 512);
    memset(disk + 2 * MIB, 0xdd, MIB);
    memset(disk + 4 * MIB, 0, EDIT_SIZE - 4 * MIB);
    assert_refused(child.bytes, child.len, NULL, SW_REFUSED, "differencing disk over 'p.vhdx'");
    assert_ok(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err);
    assert_reads(img, disk, EDIT_SIZE);
    assert_string_equal(img->subformat, "differencing");
    assert_string_equal(img->parent_name, "p.vhdx");
    sw_image_close(img);
    free(parent.bytes);
    free(child.bytes);
    free(disk);
    free(above);
}

static void alone_a_differencing_disk_has_holes_where_its_parent_counts(void **state)
{
    static const struct {
        uint64_t off, len;
        enum sw_extent_kind kind;
    } want[] = {
        {0, 512, SW_EXTENT_HOLE},
        {512, 512, SW_EXTENT_DATA},
        {1024, EDIT_MIB - 512 - 1024, SW_EXTENT_HOLE},
        {EDIT_MIB - 512, 512, SW_EXTENT_DATA},
        {EDIT_MIB, EDIT_MIB, SW_EXTENT_HOLE},
        {4 * EDIT_MIB, EDIT_SIZE - 4 * EDIT_MIB, SW_EXTENT_ZERO},
    };
    struct sw_open_opts opts = {.top_only = true};
    uint8_t *disk = edit_disk();
    struct mem_file child = {0};
    struct sw_image *img = NULL;
    struct sw_extent extent;
    struct sw_err err = {0};

    (void)state;
    edit_make(&child, disk);
    make_child(&child, &child, disk);
    assert_ok(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err);
    assert_null(img->parent);
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_ok(sw_image_next_extent(img, want[i].off, &extent, &err), err);
        assert_int_equal(extent.kind, want[i].kind);
        assert_int_equal(extent.len, want[i].len);
    }
    sw_image_close(img);
    free(child.bytes);
    free(disk);
}

static void a_parent_that_is_not_the_one_is_refused(void **state)
{
    uint8_t *disk = edit_disk();
    struct mem_file parent = {0}, child = {0};
    struct resolver resolver = {{.open = resolve}, "raw", &parent};
    struct sw_open_opts opts = {.parents = &resolver.base};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    edit_make(&parent, disk);
    make_child(&child, &parent, disk);
    assert_failed(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err, SW_INTEGRITY,
                  "is raw, not vhdx");
    resolver.format = "vhdx";
    parent.bytes[2 * VHDX_HEADER_AT + 32] ^= 1;
    edit_fix_headers(&parent);
    assert_failed(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err, SW_INTEGRITY,
                  "not the parent it was made over");
    give_parent(&child, "p.vhdx", "{nonsense}");
    assert_failed(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err, SW_INTEGRITY,
                  "'{nonsense}' in the parent locator is not a GUID");
    free(parent.bytes);
    free(child.bytes);
    free(disk);
}

static void a_damaged_locator_or_bitmap_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
        enum sw_code code;
        const char *part;
    } edits[] = {
        {EDIT_METADATA + LOCATOR_AT + 16, 2000u << 16, SW_INTEGRITY, "2000 entries do not fit"},
        {EDIT_METADATA + LOCATOR_AT + 20, LOCATOR_BYTES - 2, SW_INTEGRITY, "at 4094 of the parent locator"},
        {EDIT_METADATA + LOCATOR_AT + 28, 30000, SW_INTEGRITY, "a text of 30000 bytes"},
        {EDIT_METADATA + LOCATOR_AT, 1, SW_REFUSED, "of a type that is not known"},
        {EDIT_METADATA + LOCATOR_AT + 16, 1 << 16, SW_INTEGRITY, "has no relative_path"},
        {EDIT_METADATA + 32 + 5 * 32 + 20, 0, SW_INTEGRITY, "parent locator of 0 bytes"},
        {EDIT_METADATA + 32 + 5 * 32 + 20, 100000, SW_INTEGRITY, "parent locator of 100000 bytes"},
        {EDIT_METADATA + 8, 5 << 16, SW_INTEGRITY, "has no parent locator"},
        {EDIT_BAT + 4096 * 8, 4 << 20 | 6, SW_INTEGRITY, "lies over a table or another block"},
        {EDIT_BAT + 4096 * 8, 8 << 20 | 6, SW_INTEGRITY, "ends after the file"},
        {EDIT_BAT + 4096 * 8, 7 << 20 | 7, SW_INTEGRITY, "has no sector bitmap"},
    };
    struct sw_open_opts opts = {.top_only = true};

    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        uint8_t *disk = edit_disk();
        struct mem_file child = {0};
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        edit_make(&child, disk);
        make_child(&child, &child, disk);
        le32_put(child.bytes + edits[i].at, edits[i].value);
        assert_failed(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err,
                      edits[i].code, edits[i].part);
        free(child.bytes);
        free(disk);
    }
}

static void a_partial_block_without_its_bitmap_is_an_error(void **state)
{
    struct sw_open_opts opts = {.top_only = true};
    uint8_t *disk = edit_disk(), buf[512];
    struct mem_file child = {0};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    (void)state;
    edit_make(&child, disk);
    make_child(&child, &child, disk);
    edit_entry(&child, 4096, 0);
    assert_ok(sw_image_open(mem_in(child.bytes, child.len), NULL, &opts, &img, &err), err);
    assert_failed(sw_image_pread(img, buf, 512, 0, &err), err, SW_INTEGRITY, "has no sector bitmap");
    sw_image_close(img);
    free(child.bytes);
    free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dynamic_disk_has_its_parts_on_whole_mebibytes),
        cmocka_unit_test(checksums_are_those_of_another_implementation),
        cmocka_unit_test(the_default_block_is_32_mib_and_filled_in_pieces),
        cmocka_unit_test(identifiers_follow_content_and_stamp),
        cmocka_unit_test(what_vhdx_cannot_be_is_refused),
        cmocka_unit_test(blocks_without_bytes_read_as_zeros),
        cmocka_unit_test(the_newer_valid_header_counts),
        cmocka_unit_test(the_second_region_table_stands_in_for_the_first),
        cmocka_unit_test(sectors_of_4096_bytes_are_read),
        cmocka_unit_test(a_last_block_cut_behind_the_disks_end_is_read),
        cmocka_unit_test(a_disk_of_64_tib_in_small_blocks_is_walked_at_once),
        cmocka_unit_test(a_differencing_disk_is_its_sectors_over_its_parent),
        cmocka_unit_test(alone_a_differencing_disk_has_holes_where_its_parent_counts),
        cmocka_unit_test(a_parent_that_is_not_the_one_is_refused),
        cmocka_unit_test(a_damaged_locator_or_bitmap_is_refused),
        cmocka_unit_test(a_partial_block_without_its_bitmap_is_an_error),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
