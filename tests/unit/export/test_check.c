/* Bytes against S3's digests, in whatever pieces they come. */
#include "tests/unit/testing.h"

#include "src/base/digest.h"
#include "src/export/check.h"

enum { SIZE = 1000, PART = 300 };

static uint8_t bytes[SIZE];

/* The digest of the parts' digests, made the plain way. */
static void of_parts(enum sw_hash hash, uint8_t out[SW_HASH_BYTES_MAX])
{
    struct sw_err err = {.code = SW_OK};
    struct sw_digest *inner = sw_digest_new_of(hash, &err), *outer = sw_digest_new_of(hash, &err);
    uint8_t part[SW_HASH_BYTES_MAX];

    for (size_t at = 0; at < SIZE; at += PART) {
        assert_ok(sw_digest_update(inner, bytes + at, SIZE - at < PART ? SIZE - at : PART, &err), err);
        assert_ok(sw_digest_final(inner, part, &err), err);
        assert_ok(sw_digest_update(outer, part, sw_hash_bytes(hash), &err), err);
    }
    assert_ok(sw_digest_final(outer, out, &err), err);
    sw_digest_free(inner);
    sw_digest_free(outer);
}

static struct sw_s3_facts both(void)
{
    struct sw_s3_facts facts = {.found = true, .size_bytes = SIZE, .part_bytes = PART};
    uint8_t digest[SW_HASH_BYTES_MAX];

    of_parts(SW_HASH_MD5, digest);
    facts.md5.known = facts.md5.of_parts = true;
    memcpy(facts.md5.bytes, digest, 16);
    of_parts(SW_HASH_SHA256, digest);
    facts.sha256.known = facts.sha256.of_parts = true;
    memcpy(facts.sha256.bytes, digest, 32);
    return facts;
}

static int feed_in(const struct sw_s3_facts *facts, size_t piece, size_t total, struct sw_err *err)
{
    struct object_check *check = NULL;
    int rc;

    assert_ok(object_check_new(facts, &check, err), *err);
    assert_non_null(check);
    for (size_t at = 0; at < total; at += piece)
        assert_ok(object_check_feed(check, bytes + at, total - at < piece ? total - at : piece, err), *err);
    rc = object_check_end(check, err);
    object_check_free(check);
    return rc;
}

static void the_digests_come_out_whatever_the_pieces(void **state)
{
    static const size_t pieces[] = {1, 7, PART - 1, PART, PART + 1, 2 * PART, SIZE};
    struct sw_s3_facts facts = both();

    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_ok(feed_in(&facts, pieces[i], SIZE, &err), err);
    }
}

static void a_digest_over_all_bytes_needs_no_parts(void **state)
{
    struct sw_s3_facts facts = {
        .found = true, .size_bytes = SIZE, .part_bytes = SIZE, .md5 = {.known = true}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(sw_md5(bytes, SIZE, facts.md5.bytes, &err), err);
    assert_ok(feed_in(&facts, 33, SIZE, &err), err);
}

/* A server that does not tell the length of a part leaves what is over all bytes. */
static void a_part_of_no_known_length_is_no_part(void **state)
{
    struct sw_s3_facts facts = {.found = true, .size_bytes = SIZE, .sha256 = {.known = true}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(sw_sha256(bytes, SIZE, facts.sha256.bytes, &err), err);
    assert_ok(feed_in(&facts, 33, SIZE, &err), err);
}

static void one_other_byte_is_named_by_the_digest_that_differs(void **state)
{
    struct sw_s3_facts facts = both();
    struct sw_err err = {.code = SW_OK};

    (void)state;
    facts.md5.known = false;
    bytes[SIZE - 1] ^= 1;
    assert_failed(feed_in(&facts, 100, SIZE, &err), err, SW_INTEGRITY, "x-amz-checksum-sha256");
    bytes[SIZE - 1] ^= 1;
    facts = both();
    bytes[0] ^= 1;
    assert_failed(feed_in(&facts, 100, SIZE, &err), err, SW_INTEGRITY, "ETag");
    bytes[0] ^= 1;
}

static void a_part_of_the_bytes_is_no_whole(void **state)
{
    struct sw_s3_facts facts = both();
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_failed(feed_in(&facts, PART, 2 * PART, &err), err, SW_FAILED, "up to byte 600 only");
}

static void without_a_digest_there_is_no_check(void **state)
{
    struct sw_s3_facts facts = {.found = true, .size_bytes = SIZE, .part_bytes = SIZE};
    struct sw_err err = {.code = SW_OK};
    struct object_check *check = NULL;

    (void)state;
    assert_ok(object_check_new(&facts, &check, &err), err);
    assert_null(check);
    object_check_free(check);
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digests_come_out_whatever_the_pieces),
        cmocka_unit_test(a_digest_over_all_bytes_needs_no_parts),
        cmocka_unit_test(a_part_of_no_known_length_is_no_part),
        cmocka_unit_test(one_other_byte_is_named_by_the_digest_that_differs),
        cmocka_unit_test(a_part_of_the_bytes_is_no_whole),
        cmocka_unit_test(without_a_digest_there_is_no_check),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
