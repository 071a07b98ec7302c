/* An object's bytes, in order, against the digests that S3 keeps of them. */
#include "src/export/check.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/digest.h"

#include <string.h>

enum { LANES = 2 };

/* One digest that is recomputed. */
struct lane {
    const char *name;
    const struct sw_s3_digest *want;
    enum sw_hash hash;
    struct sw_digest *inner; /* over the bytes, or those of one part; NULL: the digest is not known */
    struct sw_digest *outer; /* over the parts' digests */
};

struct object_check {
    struct lane lanes[LANES];
    uint64_t pos, size_bytes, part_bytes;
};

static int open_lane(struct lane *lane, struct sw_err *err)
{
    if (!lane->want->known)
        return 0;
    lane->inner = sw_digest_new_of(lane->hash, err);
    if (lane->inner != NULL && lane->want->of_parts)
        lane->outer = sw_digest_new_of(lane->hash, err);
    return lane->inner == NULL || (lane->want->of_parts && lane->outer == NULL) ? -1 : 0;
}

int object_check_new(const struct sw_s3_facts *facts, struct object_check **out, struct sw_err *err)
{
    struct object_check *check;

    *out = NULL;
    if (!facts->md5.known && !facts->sha256.known)
        return 0;
    check = sw_calloc(1, sizeof(*check), err);
    if (check == NULL)
        return -1;
    check->size_bytes = facts->size_bytes;
    /* 0 where nobody knows: then no digest is over parts. */
    check->part_bytes = facts->part_bytes != 0 ? facts->part_bytes : facts->size_bytes;
    check->lanes[0] = (struct lane){.name = "ETag", .want = &facts->md5, .hash = SW_HASH_MD5};
    check->lanes[1] =
        (struct lane){.name = "x-amz-checksum-sha256", .want = &facts->sha256, .hash = SW_HASH_SHA256};
    for (size_t i = 0; i < LANES; i++) {
        if (open_lane(&check->lanes[i], err) < 0) {
            object_check_free(check);
            return -1;
        }
    }
    *out = check;
    return 0;
}

static int end_part(struct object_check *check, struct sw_err *err)
{
    uint8_t digest[SW_HASH_BYTES_MAX];

    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &check->lanes[i];

        if (lane->outer != NULL &&
            (sw_digest_final(lane->inner, digest, err) < 0 ||
             sw_digest_update(lane->outer, digest, sw_hash_bytes(lane->hash), err) < 0))
            return -1;
    }
    return 0;
}

int object_check_feed(struct object_check *check, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    while (len > 0) {
        size_t part = (size_t)sw_min_u64(len, check->part_bytes - check->pos % check->part_bytes);

        for (size_t i = 0; i < LANES; i++)
            if (check->lanes[i].inner != NULL &&
                sw_digest_update(check->lanes[i].inner, bytes, part, err) < 0)
                return -1;
        check->pos += part;
        bytes += part;
        len -= part;
        if ((check->pos % check->part_bytes == 0 || check->pos == check->size_bytes) &&
            end_part(check, err) < 0)
            return -1;
    }
    return 0;
}

int object_check_end(struct object_check *check, struct sw_err *err)
{
    uint8_t digest[SW_HASH_BYTES_MAX];

    if (check->pos != check->size_bytes)
        return sw_fail(err, SW_FAILED, "the object was checked up to byte %llu only",
                       (unsigned long long)check->pos);
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &check->lanes[i];

        if (lane->inner == NULL)
            continue;
        if (sw_digest_final(lane->outer != NULL ? lane->outer : lane->inner, digest, err) < 0)
            return -1;
        if (memcmp(digest, lane->want->bytes, sw_hash_bytes(lane->hash)) != 0)
            return sw_fail(err, SW_INTEGRITY, "the bytes that came are not those of the object's %s",
                           lane->name);
    }
    return 0;
}

void object_check_free(struct object_check *check)
{
    for (size_t i = 0; check != NULL && i < LANES; i++) {
        sw_digest_free(check->lanes[i].inner);
        sw_digest_free(check->lanes[i].outer);
    }
    free(check);
}
