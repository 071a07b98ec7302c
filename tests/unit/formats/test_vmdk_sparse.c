/* Sparse extents in all their shapes: grains of other sizes, second directories, and ESX's COWD. */
#include "tests/unit/formats/vmdk_split.h"

enum { SIZE = 70 * 4096 + 512 };

static uint8_t *disk_of(void)
{
    static const struct piece pieces[] = {
        {0, 5000}, {20 * 4096 + 100, 3 * 4096}, {40 * 4096, 512}, {SIZE - 512, 512}};

    return make_disk(SIZE, pieces, 4);
}

/* A file of grains of any size, with tables of gtes entries from sector 22 on, grains as they come. */
static void make_shape(struct mem_file *file, const uint8_t *disk, uint32_t grain_bytes, uint32_t gtes)
{
    uint64_t grains = (SIZE + grain_bytes - 1) / grain_bytes, gts = (grains + gtes - 1) / gtes;
    uint64_t overhead = (HAND_GT_AT + gts * (gtes / 128) + 7) / 8 * 8, at = overhead * 512;

    file->len = (size_t)(at + grains * grain_bytes);
    file->bytes = calloc(1, file->len);
    hand_header(file->bytes, 1, VMDK_FLAG_NEWLINES, SIZE / 512);
    le64_put(file->bytes + 20, grain_bytes / 512);
    le32_put(file->bytes + 44, gtes);
    le64_put(file->bytes + 64, overhead);
    hand_descriptor(file->bytes, "monolithicSparse", SIZE / 512, "");
    for (uint64_t i = 0; i < gts; i++)
        le32_put(file->bytes + HAND_GD_AT * 512 + i * 4, (uint32_t)(HAND_GT_AT + i * (gtes / 128)));
    for (uint64_t g = 0; g < grains; g++) {
        size_t n = SIZE - g * grain_bytes < grain_bytes ? (size_t)(SIZE - g * grain_bytes) : grain_bytes;

        if (all_zero(disk + g * grain_bytes, n))
            continue;
        memcpy(file->bytes + at, disk + g * grain_bytes, n);
        le32_put(hand_gte(file, g), (uint32_t)(at / 512));
        at += grain_bytes;
    }
    file->len = (size_t)at;
}

static void grains_of_any_size_are_read(void **state)
{
    uint8_t *disk = disk_of();

    (void)state;
    for (uint32_t grain = 4096; grain <= 1 << 24; grain *= 2)
        for (uint32_t gtes = 128; gtes <= 512; gtes *= 2) {
            struct mem_file file = {0};

            make_shape(&file, disk, grain, gtes);
            assert_disk_reads(&file, NULL, disk, SIZE);
            free(file.bytes);
        }
    free(disk);
}

enum { SECOND_GD = 26, SECOND_GT = 27 };

/* Sectors 22 to 25 are the first table, 27 to 30 its copy. */
static void make_second(struct mem_file *file, const uint8_t *disk)
{
    hand_sparse(file, 1, VMDK_FLAG_NEWLINES | VMDK_FLAG_REDUNDANT_GD, disk, SIZE);
    le64_put(file->bytes + 48, SECOND_GD);
    le32_put(file->bytes + SECOND_GD * 512, SECOND_GT);
    memcpy(file->bytes + SECOND_GT * 512, file->bytes + HAND_GT_AT * 512, 2048);
}

static void a_second_directory_must_agree(void **state)
{
    uint8_t *disk = disk_of(), *gde, *gte;
    struct mem_file file = {0};

    (void)state;
    make_second(&file, disk);
    assert_disk_reads(&file, NULL, disk, SIZE);
    gde = file.bytes + SECOND_GD * 512;
    gte = file.bytes + SECOND_GT * 512;
    le32_put(gte, le32_get(gte + 4 * 1));
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY,
                   "the directories at sectors 21 and 26 do not agree on table 0");
    le32_put(gte, le32_get(hand_gte(&file, 0)));
    le32_put(gte + 511 * 4, 7); /* after the disk's end: nobody reads it */
    assert_disk_reads(&file, NULL, disk, SIZE);
    le32_put(gde, 0);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY, "do not agree on entry 0");
    le32_put(gde, UINT32_MAX);
    assert_refused(
        file.bytes, file.len, NULL, SW_INTEGRITY,
        "second directory: 'memory': grain table 0 at sector 4294967295 (directory entry at 13312)");
    le64_put(file.bytes + 48, UINT64_MAX - 1);
    assert_refused(file.bytes, file.len, NULL, SW_INTEGRITY,
                   "sector 18446744073709551614 is not in the file");
    le32_put(file.bytes + 8, VMDK_FLAG_NEWLINES); /* without the flag the field means nothing */
    assert_disk_reads(&file, NULL, disk, SIZE);
    free(file.bytes);
    free(disk);
}

enum { COWD_GD = 4, COWD_GT = 5, COWD_DATA = 37 };
static const char cowd_text[] = SPLIT_HEAD("vmfsSparse") "RW 561 VMFSSPARSE \"x-delta.vmdk\"\n";

/* Grains of grain sectors in reverse order; one table. */
static void make_cowd(struct mem_file *file, const uint8_t *disk, uint32_t grain)
{
    uint32_t bytes = grain * 512, grains = (SIZE + bytes - 1) / bytes, at = COWD_DATA;
    struct vmdk_cowd_header *h;

    file->len = (size_t)COWD_DATA * 512 + (size_t)grains * bytes;
    file->bytes = calloc(1, file->len);
    h = (struct vmdk_cowd_header *)file->bytes;
    memcpy(h->magic, "COWD", 4);
    le32_put(h->version, 1);
    le32_put(h->flags, 3);
    le32_put(h->capacity, SIZE / 512);
    le32_put(h->grain_size, grain);
    le32_put(h->gd_offset, COWD_GD);
    le32_put(h->nr_gd_entries, 1);
    le32_put(file->bytes + COWD_GD * 512, COWD_GT);
    for (uint32_t g = grains; g-- > 0;) {
        size_t n = SIZE - g * bytes < bytes ? SIZE - g * bytes : bytes;

        if (all_zero(disk + (size_t)g * bytes, n))
            continue;
        memcpy(file->bytes + (size_t)at * 512, disk + (size_t)g * bytes, n);
        le32_put(file->bytes + COWD_GT * 512 + (size_t)g * 4, at);
        at += grain;
    }
    file->len = (size_t)at * 512;
}

static void esxs_sparse_extents_are_read(void **state)
{
    uint8_t *disk = disk_of();

    (void)state;
    for (uint32_t grain = 1; grain <= 2048; grain *= 2) {
        struct split split;

        split_begin(&split);
        make_cowd(split_add(&split, "x-delta.vmdk"), disk, grain);
        assert_split_reads(&split, cowd_text, disk, SIZE);
        split_free(&split);
    }
    free(disk);
}

static void every_wrong_field_of_one_is_named(void **state)
{
    static const struct {
        size_t off;
        uint32_t value;
        const char *part;
    } cases[] = {
        {0, 0x44574f44, "no 'COWD' header at 0"},
        {4, 2, "version 2 (0x2) in the header at 4 is not known"},
        {8, 1, "flags 1"},
        {12, 0, "capacity 0"},
        {12, 560, "the descriptor (line 9) says 561 sectors, the header 560"},
        {16, 0, "grain size 0"},
        {16, 3, "grain size 3"},
        {16, 4096, "grain size 4096"},
        {20, 3, "directory offset 3 (0x3) in the header at 20 lies within the header"},
        {20, UINT32_MAX, "the grain directory of 1 sectors at sector 4294967295 is not in the file"},
        {24, 0, "directory entries 0 (0x0) in the header at 24 are too few"},
        {COWD_GD * 512, UINT32_MAX, "grain table 0 at sector 4294967295"},
        {COWD_GT * 512, 4, "lies within the tables"},
        {COWD_GT * 512, UINT32_MAX, "ends after the file"},
    };
    uint8_t *disk = disk_of();
    struct split split;

    (void)state;
    split_begin(&split);
    make_cowd(split_add(&split, "x-delta.vmdk"), disk, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t *at = split.files[0].file.bytes + cases[i].off;
        uint32_t saved = le32_get(at);

        le32_put(at, cases[i].value);
        assert_split_refused(&split, cowd_text, SW_INTEGRITY, cases[i].part);
        le32_put(at, saved);
    }
    assert_split_refused(&split, SPLIT_HEAD("vmfsSparse") "RW 561 SPARSE \"x-delta.vmdk\"\n", SW_INTEGRITY,
                         "no 'KDMV' header at 0");
    assert_refused(split.files[0].file.bytes, split.files[0].file.len, NULL, SW_REFUSED,
                   "the disk is opened by its descriptor");
    split_free(&split);
    free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grains_of_any_size_are_read),
        cmocka_unit_test(a_second_directory_must_agree),
        cmocka_unit_test(esxs_sparse_extents_are_read),
        cmocka_unit_test(every_wrong_field_of_one_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
