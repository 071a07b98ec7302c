/* qcow2 that is packed as a whole: its clusters' size, and the checksum that each of them carries. */
#include "tests/unit/formats/disk.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_disk_has_large_clusters_and_what_changes_has_small_ones),
        cmocka_unit_test(a_flipped_bit_in_bytes_that_were_stored_as_they_are_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
