/* qcow2 with internal snapshots: the active state is read, their table must lie in the file. */
#include "tests/unit/formats/qcow2_edit.h"

enum {
    TABLE = Q_DATA * Q_CLUSTER,
    RECORD = sizeof(struct qcow2_disk_snapshot),
    LEN = RECORD + 16 + 1 + 6 + 1
};

/* Two snapshots: 16 bytes of extra data, an id and a name of 1 and 6 bytes, and their L1 tables. */
static struct mem_file snapshot_file(void)
{
    struct mem_file file = q_file(0);

    be32_put(file.bytes + offsetof(struct qcow2_disk_header, nr_snapshots), 2);
    be64_put(file.bytes + offsetof(struct qcow2_disk_header, snapshots_off), TABLE);
    memset(file.bytes + TABLE, 0, Q_CLUSTER);
    for (unsigned i = 0; i < 2; i++) {
        struct qcow2_disk_snapshot *disk = (struct qcow2_disk_snapshot *)(file.bytes + TABLE + i * LEN);

        be64_put(disk->l1_off, q_host(1 + i));
        be32_put(disk->l1_size, 1);
        be16_put(disk->id_len, 1);
        be16_put(disk->name_len, 6);
        be32_put(disk->extra_size, 16);
    }
    return file;
}

static void the_active_state_is_read_and_the_snapshots_are_counted(void **state)
{
    struct mem_file file = snapshot_file();
    uint8_t *zeros = calloc(1, Q_DISK_BYTES);
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    assert_ok(q_open(&file, NULL, &img, &err), err);
    assert_int_equal(img->nr_warnings, 1);
    assert_string_equal(img->warnings[0], "it holds 2 internal snapshots; the active state is read");
    assert_reads(img, zeros, Q_DISK_BYTES);
    sw_image_close(img);
    be32_put(file.bytes + offsetof(struct qcow2_disk_header, nr_snapshots), 1);
    assert_ok(q_open(&file, NULL, &img, &err), err);
    assert_string_equal(img->warnings[0], "it holds 1 internal snapshot; the active state is read");
    sw_image_close(img);
    free(zeros);
    free(file.bytes);
}

/* A field of the header or of the second record. */
static const struct {
    size_t off;
    unsigned bytes;
    uint64_t value;
    const char *part;
} hostile[] = {
    {60, 4, 65537, "'nr_snapshots' at offset 60"},
    {60, 4, 2100, "'nr_snapshots' at offset 60 is 2100: the table at 49152 leaves a file of 131072"},
    {64, 8, 0, "'snapshots_off' at offset 64 is 0"},
    {64, 8, TABLE + 8, "must lie in the file, at a cluster"},
    {64, 8, UINT64_C(1) << 40, "must lie in the file, at a cluster"},
    {64, 8, UINT64_MAX - Q_CLUSTER + 1, "must lie in the file, at a cluster"},
    {64, 8, Q_FILE_CLUSTERS *Q_CLUSTER, "'nr_snapshots' at offset 60 is 2: the table at 131072 leaves"},
    {TABLE + LEN, 8, Q_CLUSTER + 512, "'l1_off' of snapshot 1 at offset 49216 is 16896"},
    {TABLE + LEN, 8, Q_FILE_CLUSTERS *Q_CLUSTER, "beyond the end of the file"},
    {TABLE + LEN, 8, UINT64_MAX - Q_CLUSTER + 1, "beyond the end of the file"},
    {TABLE + LEN + 8, 4, (4 << 20) + 1, "'l1_size' of snapshot 1 at offset 49224 is 4194305"},
    {TABLE + LEN + 8, 4, Q_FILE_CLUSTERS *Q_CLUSTER / 8, "beyond the end of the file"},
    {TABLE + LEN + 36, 4, 1025, "'extra_size' of snapshot 1 at offset 49252 is 1025"},
    {TABLE + LEN + 36, 4, UINT32_MAX, "at most 1024"},
};

static void a_hostile_table_is_refused_by_field_and_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct mem_file file = snapshot_file();

        for (unsigned byte = 0; byte < hostile[i].bytes; byte++)
            file.bytes[hostile[i].off + byte] =
                (uint8_t)(hostile[i].value >> (8 * (hostile[i].bytes - 1 - byte)));
        assert_refused(file.bytes, file.len, "qcow2", SW_INTEGRITY, hostile[i].part);
        free(file.bytes);
    }
}

static void a_table_that_is_cut_is_refused(void **state)
{
    struct mem_file file = snapshot_file();
    struct sw_err err = {0};
    struct sw_image *img;

    (void)state;
    /* The L1 tables move in front, so that nothing but the table is lost. */
    be64_put(file.bytes + TABLE, Q_L1 * Q_CLUSTER);
    be64_put(file.bytes + TABLE + LEN, Q_L1 * Q_CLUSTER);
    for (size_t len = TABLE; len < TABLE + 2 * LEN - 1; len++)
        assert_refused(file.bytes, len, "qcow2", SW_INTEGRITY,
                       len < TABLE + 2 * RECORD ? "'nr_snapshots'" : "is truncated: snapshot");
    /* The last record's padding need not be there. */
    file.len = TABLE + 2 * LEN - 1;
    assert_ok(q_open(&file, NULL, &img, &err), err);
    sw_image_close(img);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_active_state_is_read_and_the_snapshots_are_counted),
        cmocka_unit_test(a_hostile_table_is_refused_by_field_and_value),
        cmocka_unit_test(a_table_that_is_cut_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
