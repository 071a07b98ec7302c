/* Reading the package's files against the digests of its manifest. */
#include "formats/ova/ova.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>

enum { CHUNK_BYTES = 1 << 20 };

static int stopped(const atomic_bool *stop, struct sw_err *err)
{
    if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed))
        return sw_fail(err, SW_INTERRUPTED, "verifying was stopped");
    return sw_check_interrupt(err);
}

static int digest_of(struct ova_image *ova, const struct tar_member *member, struct sw_digest *digest,
                     struct sw_progress *progress, const atomic_bool *stop, struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *chunk = sw_calloc(1, CHUNK_BYTES, err);

    if (chunk == NULL)
        return -1;
    for (uint64_t at = 0; at < member->size_bytes;) {
        size_t n = (size_t)sw_min_u64(member->size_bytes - at, CHUNK_BYTES);

        if (stopped(stop, err) < 0 || sw_in_read(ova->base.in, chunk, n, member->data + at, err) < 0 ||
            sw_digest_update(digest, chunk, n, err) < 0)
            return -1;
        at += n;
        sw_progress_tick(progress, at, member->size_bytes);
    }
    return 0;
}

int ova_verify_member(struct ova_image *ova, const struct tar_member *member, struct sw_progress *progress,
                      const atomic_bool *stop, struct sw_err *err)
{
    const struct manifest_line *line = manifest_find(&ova->manifest, member->name);
    SW_AUTO_DIGEST struct sw_digest *digest = NULL;
    uint8_t bytes[SW_HASH_BYTES_MAX];
    char hex[2 * SW_HASH_BYTES_MAX + 1];

    if (line == NULL) /* there is no manifest: one that leaves a file out was refused */
        return 0;
    digest = sw_digest_new_of(line->hash, err);
    if (digest == NULL || digest_of(ova, member, digest, progress, stop, err) < 0 ||
        sw_digest_final(digest, bytes, err) < 0)
        return -1;
    if (memcmp(bytes, line->digest, sw_hash_bytes(line->hash)) == 0)
        return 0;
    sw_hex(bytes, sw_hash_bytes(line->hash), hex);
    return sw_fail(err, SW_INTEGRITY,
                   "'%s': '%s' at %llu is not what the manifest has: its %s is %s, another is written there",
                   ova->base.in->name, member->name, (unsigned long long)member->data,
                   sw_hash_name(line->hash), hex);
}

int ova_verify(struct sw_image *img, struct sw_progress *progress, const atomic_bool *stop,
               struct sw_err *err)
{
    struct ova_image *ova = ova_of(img);

    if (ova->package.chosen != 0)
        return ova->member != NULL ? ova_verify_member(ova, ova->member, progress, stop, err) : 0;
    for (size_t i = 0; i < ova->tar.n; i++)
        if (ova_verify_member(ova, &ova->tar.members[i], progress, stop, err) < 0)
            return -1;
    return 0;
}
