/* qcow2 that is packed as a whole: its clusters' size, and the checksum that each of them carries. */
#include "tests/unit/formats/disk.h"

#include "formats/qcow2/qcow2.h"
#include "src/base/ckd.h"

enum { DISK_BYTES = 1 << 20, NOISE_BYTES = 200 << 10 };

/* Noise, which zstd keeps as it is, before zeros, which make the cluster worth compressing. */
static uint8_t *noisy_disk(void)
{
    uint8_t *disk = calloc(1, DISK_BYTES);
    uint64_t state = 88172645463325252u;

    assert_non_null(disk);
    for (size_t i = 0; i < NOISE_BYTES; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        disk[i] = (uint8_t)state;
    }
    return disk;
}

static uint32_t unit_of(const char *subformat, const char *backing)
{
    struct sw_create_opts opts = {.size_bytes = DISK_BYTES,
                                  .subformat = subformat,
                                  .backing_name = backing,
                                  .backing_format = backing != NULL ? "qcow2" : NULL};
    struct mem_file file = {0};
    struct sw_out *out = mem_out(&file, true);
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    uint32_t unit;

    assert_ok(sw_format_by_name("qcow2")->create(out, &opts, &img, &err), err);
    unit = img->unit_bytes;
    sw_image_close(img);
    sw_out_close(out);
    free(file.bytes);
    return unit;
}

static void a_packed_disk_has_large_clusters_and_what_changes_has_small_ones(void **state)
{
    (void)state;
    assert_int_equal(unit_of(NULL, NULL), 256 << 10);
    assert_int_equal(unit_of("zstd", NULL), 256 << 10);
    assert_int_equal(unit_of("zstd", "parent"), 64 << 10);
    assert_int_equal(unit_of("plain", NULL), 64 << 10);
}

static void a_flipped_bit_in_bytes_that_were_stored_as_they_are_is_found(void **state)
{
    const struct sw_create_opts opts = {.size_bytes = DISK_BYTES};
    uint8_t *disk = noisy_disk(), *got = malloc(DISK_BYTES);
    struct mem_file file = {0};
    const uint8_t *noise;

    (void)state;
    write_disk(&file, "qcow2", &opts, disk, true);
    assert_disk_reads(&file, "qcow2", disk, DISK_BYTES);
    noise = memmem(file.bytes, file.len, disk + 1000, 64);
    assert_non_null(noise);
    for (size_t at = 0; at < 100000; at += 9973) {
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        file.bytes[(size_t)(noise - file.bytes) + at] ^= 0x10;
        assert_ok(sw_image_open(mem_in(file.bytes, file.len), "qcow2", NULL, &img, &err), err);
        assert_failed(sw_image_pread(img, got, DISK_BYTES, 0, &err), err, SW_INTEGRITY, "is damaged");
        sw_image_close(img);
        file.bytes[(size_t)(noise - file.bytes) + at] ^= 0x10;
    }
    free(got);
    free(disk);
    free(file.bytes);
}

/* Tables of clusters of 30 bytes each, one behind the other; with the tables' own bytes the file has 38 for each. */
static int claim_small_clusters(uint64_t between, uint64_t file_bytes)
{
    enum { CLUSTER_BITS = 18, CODED_BYTES = 30, TABLES = 4 };
    const uint64_t words = UINT64_C(1) << (CLUSTER_BITS - 3);
    struct sw_in in = {.name = "small.qcow2", .size_bytes = file_bytes};
    struct qcow2_map map = {.in = &in, .cluster_bits = CLUSTER_BITS, .l1_size = TABLES};
    uint64_t *table = calloc(words, sizeof(*table)), at = 0;
    struct sw_err err = {0};
    int rc = 0;

    assert_non_null(table);
    assert_ok(qcow2_claims_open(&map, &err), err);
    for (uint64_t l1 = 0; l1 < TABLES && rc == 0; l1++) {
        for (uint64_t i = 0; i < words; i++, at += between)
            table[i] = QCOW2_COMPRESSED | at |
                       ((at + CODED_BYTES - 1) / 512 - at / 512) << qcow2_coded_bits(CLUSTER_BITS);
        rc = qcow2_claims_add(&map, l1, table, &err);
    }
    qcow2_claims_close(&map);
    free(table);
    return rc;
}

static void many_small_clusters_that_share_sectors_but_no_byte_are_right(void **state)
{
    const uint64_t clusters = UINT64_C(4) << 15;

    (void)state;
    assert_int_equal(claim_small_clusters(30, clusters * 38), 0);
    /* Of a byte each, and across a sector's end each. */
    assert_int_equal(claim_small_clusters(1, clusters * 8), -1);
    assert_int_equal(claim_small_clusters(511, clusters * 24), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_disk_has_large_clusters_and_what_changes_has_small_ones),
        cmocka_unit_test(a_flipped_bit_in_bytes_that_were_stored_as_they_are_is_found),
        cmocka_unit_test(many_small_clusters_that_share_sectors_but_no_byte_are_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
