/* A file's digests are those of its bytes, however it is written and however many threads hash. */
#include "tests/unit/testing.h"

#include "slipway/digests.h"
#include "src/base/buf.h"
#include "src/base/digest.h"
#include "tests/lib/mem_in.h"

enum { MIB = 1 << 20, CHUNK = SW_CHUNK_BYTES };

static uint8_t *pattern(size_t len)
{
    uint8_t *bytes = malloc(len + 1);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 13));
    return bytes;
}

static void check(const struct sw_digests *digests, const uint8_t *bytes, size_t len)
{
    struct sw_err err = {0};
    uint8_t want[SW_DIGEST_BYTES];

    assert_int_equal(digests->bytes, len);
    assert_int_equal(digests->chunk_bytes, CHUNK);
    assert_int_equal(digests->nr_chunks, (len + CHUNK - 1) / CHUNK);
    assert_ok(sw_sha256(bytes, len, want, &err), err);
    assert_memory_equal(digests->sha256, want, sizeof(want));
    for (size_t i = 0; i < digests->nr_chunks; i++) {
        size_t n = len - i * CHUNK < CHUNK ? len - i * CHUNK : CHUNK;

        assert_ok(sw_sha256(bytes + i * CHUNK, n, want, &err), err);
        assert_memory_equal(digests->chunks[i], want, sizeof(want));
    }
}

static void write_in_pieces(size_t len, size_t piece, unsigned jobs)
{
    struct sw_err err = {0};
    struct mem_file file = {0};
    struct sw_digests digests = {0};
    uint8_t *bytes = pattern(len);
    struct sw_out *out = sw_digest_out(mem_out(&file, true), 0, jobs, &digests, &err);

    assert_non_null(out);
    assert_false(sw_out_seekable(out));
    for (size_t at = 0; at < len; at += piece)
        assert_ok(sw_out_write(out, bytes + at, len - at < piece ? len - at : piece, &err), err);
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    check(&digests, bytes, len);
    assert_int_equal(file.len, len);
    assert_true(len == 0 || memcmp(file.bytes, bytes, len) == 0);
    sw_digests_free(&digests);
    free(file.bytes);
    free(bytes);
}

static void what_is_written_and_what_is_digested_are_the_same_bytes(void **state)
{
    static const size_t sizes[] = {0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 77};

    (void)state;
    for (unsigned jobs = 1; jobs <= 2; jobs++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            write_in_pieces(sizes[i], 300001, jobs);
}

static void a_chunk_ends_where_it_should(void **state)
{
    (void)state;
    write_in_pieces(CHUNK, 7 * MIB, 2);
    write_in_pieces(CHUNK + 1, 16 * MIB, 1);
}

static void reading_gives_the_same_digests_as_writing(void **state)
{
    size_t len = 3 * MIB + 5;
    uint8_t *bytes = pattern(len);

    (void)state;
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        struct sw_err err = {0};
        struct sw_digests digests = {0};
        struct sw_in *in = mem_in(bytes, len);

        assert_ok(sw_digest_in(in, jobs, NULL, &digests, &err), err);
        check(&digests, bytes, len);
        sw_digests_free(&digests);
        sw_in_close(in);
    }
    free(bytes);
}

static void what_is_not_committed_leaves_no_threads_behind(void **state)
{
    struct sw_err err = {0};
    struct mem_file file = {0};
    struct sw_digests digests = {0};
    struct sw_out *out = sw_digest_out(mem_out(&file, true), 0, 2, &digests, &err);

    (void)state;
    assert_non_null(out);
    assert_ok(sw_out_write(out, "abc", 3, &err), err);
    sw_out_close(out);
    sw_digests_free(&digests);
    free(file.bytes);
}

static void larger_files_have_larger_chunks_not_more_of_them(void **state)
{
    uint64_t tib = (uint64_t)1 << 40;

    (void)state;
    assert_int_equal(sw_chunk_bytes_for(0), CHUNK);
    assert_int_equal(sw_chunk_bytes_for(4 * tib), CHUNK);
    assert_int_equal(sw_chunk_bytes_for(4 * tib + 1), 2 * (uint64_t)CHUNK);
    assert_int_equal(sw_chunk_bytes_for(64 * tib), 16 * (uint64_t)CHUNK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_and_what_is_digested_are_the_same_bytes),
        cmocka_unit_test(a_chunk_ends_where_it_should),
        cmocka_unit_test(reading_gives_the_same_digests_as_writing),
        cmocka_unit_test(what_is_not_committed_leaves_no_threads_behind),
        cmocka_unit_test(larger_files_have_larger_chunks_not_more_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
