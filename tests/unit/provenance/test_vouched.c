/* An input that is vouched for gives out bytes that the manifest lists, and no others. */
#include "tests/unit/provenance/lab.h"

#include "src/base/pool.h"

enum { CHUNKS = 5, LEN = CHUNKS * SW_CHUNK_BYTES_MIN - 4321 };

struct lab {
    uint8_t *bytes;
    struct sw_trust *trust;
};

static struct lab lab_new(void)
{
    struct lab lab = {.bytes = lab_pattern(LEN)};

    lab_write("f.sealed", lab.bytes, LEN);
    lab_sign(lab_output("f.sealed", SW_CHUNK_BYTES_MIN), "f.manifest.json");
    lab.trust = lab_trust();
    return lab;
}

static void lab_free(struct lab *lab)
{
    sw_trust_free(lab->trust);
    free(lab->bytes);
}

static int open_vouched(const struct lab *lab, bool authenticated, struct sw_in **in, struct sw_err *err)
{
    const struct sw_vouching how = {
        .base = {.open = sw_vouched_open}, .trust = lab->trust, .authenticated = authenticated};

    return sw_in_open_by(&how.base, "f.sealed", in, err);
}

static void every_range_reads_as_it_was_written(void **state)
{
    struct lab lab = lab_new();
    uint8_t *got = malloc(LEN);

    (void)state;
    assert_non_null(got);
    for (int authenticated = 0; authenticated <= 1; authenticated++) {
        struct sw_err err = {0};
        struct sw_in *in = NULL;

        assert_ok(open_vouched(&lab, authenticated != 0, &in, &err), err);
        assert_int_equal(in->size_bytes, LEN);
        assert_int_equal(in->fd, -1);
        for (size_t off = 0; off < LEN; off += 700001) {
            size_t len = LEN - off < 1500000 ? LEN - off : 1500000;

            assert_ok(sw_in_read(in, got, len, off, &err), err);
            assert_memory_equal(got, lab.bytes + off, len);
        }
        assert_ok(sw_in_read(in, got, LEN, 0, &err), err);
        assert_memory_equal(got, lab.bytes, LEN);
        assert_int_equal(sw_in_read(in, got, 2, LEN - 1, &err), -1);
        sw_in_close(in);
    }
    free(got);
    lab_free(&lab);
}

static void an_output_of_its_name_is_told(void **state)
{
    struct lab lab = lab_new();

    (void)state;
    for (int authenticated = 0; authenticated <= 1; authenticated++) {
        struct sw_err err = {0};
        struct sw_in *in = NULL;

        assert_ok(open_vouched(&lab, authenticated != 0, &in, &err), err);
        assert_failed(sw_refuse_same_file(in, "./f.sealed", &err), err, SW_USAGE, "are the same file");
        err.code = SW_OK;
        assert_ok(sw_refuse_same_file(in, "f.manifest.json", &err), err);
        sw_in_close(in);
    }
    lab_free(&lab);
}

static void a_changed_chunk_gives_out_nothing_and_the_others_do(void **state)
{
    struct lab lab = lab_new();
    uint8_t got[100];

    (void)state;
    lab.bytes[2 * LAB_MIB + 9] ^= 1;
    lab_write("f.sealed", lab.bytes, LEN);
    for (int authenticated = 0; authenticated <= 1; authenticated++) {
        struct sw_err err = {0};
        struct sw_in *in = NULL;

        assert_ok(open_vouched(&lab, authenticated != 0, &in, &err), err);
        memset(got, 0, sizeof(got));
        for (int again = 0; again < 2; again++)
            assert_failed(sw_in_read(in, got, sizeof(got), 3 * LAB_MIB - 50, &err), err, SW_INTEGRITY,
                          "1048576 bytes at 2097152 are not those that 'f.manifest.json' vouches for");
        assert_ok(sw_in_read(in, got, sizeof(got), 3 * LAB_MIB, &err), err);
        assert_memory_equal(got, lab.bytes + 3 * LAB_MIB, sizeof(got));
        assert_ok(sw_in_read(in, got, sizeof(got), 0, &err), err);
        sw_in_close(in);
    }
    lab_free(&lab);
}

/* What is changed after it was compared. */
static void change_in_place(size_t off)
{
    FILE *file = fopen("f.sealed", "r+");

    assert_non_null(file);
    assert_int_equal(fseek(file, (long)off, SEEK_SET), 0);
    assert_int_not_equal(fputc(0xAA, file), EOF);
    fclose(file);
}

static void what_changes_after_it_was_compared_is_not_given_out(void **state)
{
    struct lab lab = lab_new();
    struct sw_err err = {0};
    struct sw_in *in = NULL;
    uint8_t got[10];

    (void)state;
    assert_ok(open_vouched(&lab, false, &in, &err), err);
    assert_ok(sw_in_read(in, got, sizeof(got), LAB_MIB, &err), err);
    change_in_place(LAB_MIB + 5);
    assert_ok(sw_in_read(in, got, sizeof(got), LAB_MIB, &err), err);
    assert_memory_equal(got, lab.bytes + LAB_MIB, sizeof(got));
    sw_in_close(in);
    lab_free(&lab);

    /* Of a message, its header at least is what was compared: all else hangs on it. */
    lab = lab_new();
    assert_ok(open_vouched(&lab, true, &in, &err), err);
    assert_ok(sw_in_read(in, got, sizeof(got), 500000, &err), err);
    change_in_place(3);
    assert_ok(sw_in_read(in, got, sizeof(got), 0, &err), err);
    assert_memory_equal(got, lab.bytes, sizeof(got));
    sw_in_close(in);
    lab_free(&lab);
}

struct crowd {
    struct sw_in *in;
    const uint8_t *bytes;
    bool wrong[8];
};

static void read_all_over(void *arg, unsigned index)
{
    struct crowd *crowd = arg;
    struct sw_err err = {0};
    uint8_t *got = malloc(300000);

    for (unsigned i = 0; i < 60; i++) {
        size_t off = (size_t)(index * 7919 + i * 104729) * 31 % (LEN - 300000);

        if (got == NULL || sw_in_read(crowd->in, got, 300000, off, &err) < 0 ||
            memcmp(got, crowd->bytes + off, 300000) != 0)
            crowd->wrong[index] = true;
    }
    free(got);
}

static void many_threads_read_at_once(void **state)
{
    struct lab lab = lab_new();

    (void)state;
    for (int authenticated = 0; authenticated <= 1; authenticated++) {
        struct sw_err err = {0};
        struct crowd crowd = {.bytes = lab.bytes};

        assert_ok(open_vouched(&lab, authenticated != 0, &crowd.in, &err), err);
        assert_ok(sw_threads_run(8, read_all_over, &crowd, &err), err);
        for (unsigned i = 0; i < 8; i++)
            assert_false(crowd.wrong[i]);
        sw_in_close(crowd.in);
    }
    lab_free(&lab);
}

static void without_a_manifest_or_in_another_length_nothing_is_opened(void **state)
{
    struct lab lab = lab_new();
    struct sw_err err = {0};
    struct sw_in *in = NULL;
    struct sw_vouching how = {.base = {.open = sw_vouched_open}, .trust = lab.trust};

    (void)state;
    assert_int_equal(truncate("f.sealed", LEN - 1), 0);
    assert_failed(open_vouched(&lab, true, &in, &err), err, SW_INTEGRITY, "vouches for");
    assert_int_equal(rename("f.sealed", "g.sealed") + truncate("g.sealed", LEN), 0);
    assert_failed(sw_in_open_by(&how.base, "g.sealed", &in, &err), err, SW_INTEGRITY,
                  "neither 'g.manifest.json' nor");
    how.manifest = "f.manifest.json";
    assert_ok(sw_in_open_by(&how.base, "g.sealed", &in, &err), err); /* its only file, by another name */
    sw_in_close(in);
    assert_int_equal(rename("f.manifest.json", "manifest.json") + rename("f.manifest.sig", "manifest.sig"),
                     0);
    how.manifest = NULL;
    assert_failed(sw_in_open_by(&how.base, "g.sealed", &in, &err), err, SW_INTEGRITY, "does not list it");
    assert_int_equal(rename("g.sealed", "f.sealed"), 0);
    assert_ok(sw_in_open_by(&how.base, "f.sealed", &in, &err), err);
    sw_in_close(in);
    how.trust = NULL;
    assert_int_equal(unlink("manifest.json"), 0);
    assert_ok(sw_in_open_by(&how.base, "f.sealed", &in, &err), err); /* nothing is demanded */
    sw_in_close(in);
    lab_free(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_reads_as_it_was_written),
        cmocka_unit_test(an_output_of_its_name_is_told),
        cmocka_unit_test(a_changed_chunk_gives_out_nothing_and_the_others_do),
        cmocka_unit_test(what_changes_after_it_was_compared_is_not_given_out),
        cmocka_unit_test(many_threads_read_at_once),
        cmocka_unit_test(without_a_manifest_or_in_another_length_nothing_is_opened),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
