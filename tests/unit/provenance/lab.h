/* A folder with a signing key, a file and a manifest over it. */
#ifndef TESTS_UNIT_PROVENANCE_LAB_H
#define TESTS_UNIT_PROVENANCE_LAB_H

#include "tests/unit/testing.h"

#include "slipway/manifest.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#define LAB_MIB ((size_t)1 << 20)

/* Bytes that differ from MiB to MiB. Free them. */
static inline uint8_t *lab_pattern(size_t len)
{
    uint8_t *bytes = malloc(len + 1);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 12));
    return bytes;
}

static inline void lab_write(const char *path, const void *bytes, size_t len)
{
    struct sw_err err = {0};

    assert_ok(sw_write_file(path, bytes, len, 0644, &err), err);
}

/* The digests of a file, with chunks of chunk_bytes. */
static inline json_t *lab_output(const char *path, uint64_t chunk_bytes)
{
    struct sw_err err = {0};
    struct sw_in *in = NULL;
    struct sw_digests digests = {0};
    json_t *output;

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_digest_in(in, 1, NULL, &digests, &err), err);
    if (chunk_bytes < digests.chunk_bytes) {
        /* Small chunks, as others may write them: each by itself. */
        size_t n = (digests.bytes + chunk_bytes - 1) / chunk_bytes;
        uint8_t(*chunks)[SW_DIGEST_BYTES] = calloc(n + 1, SW_DIGEST_BYTES);
        uint8_t *bytes = malloc(chunk_bytes);

        assert_true(chunks != NULL && bytes != NULL);
        for (size_t i = 0; i < n; i++) {
            uint64_t off = i * chunk_bytes;
            size_t len = digests.bytes - off < chunk_bytes ? digests.bytes - off : chunk_bytes;

            assert_ok(sw_in_read(in, bytes, len, off, &err), err);
            assert_ok(sw_sha256(bytes, len, chunks[i], &err), err);
        }
        free(bytes);
        free(digests.chunks);
        digests.chunks = chunks;
        digests.nr_chunks = n;
        digests.chunk_bytes = chunk_bytes;
    }
    sw_in_close(in);
    output = sw_manifest_output(sw_path_base(path), &digests, &err);
    sw_digests_free(&digests);
    assert_non_null(output);
    return output;
}

/* Signs with the key file "key", made when it is missing. Takes the reference. */
static inline void lab_sign(json_t *output, const char *path)
{
    struct sw_err err = {0};
    json_t *manifest = json_pack("{s:[o]}", "outputs", output);
    struct sw_signer *signer;

    if (!sw_path_exists("key"))
        assert_ok(sw_keygen("sign-ec", "key", &err), err);
    signer = sw_signer_open("pem:key", &err);
    assert_non_null(signer);
    assert_ok(sw_manifest_write(manifest, path, signer, &err), err);
    sw_signer_free(signer);
    json_decref(manifest);
}

static inline struct sw_trust *lab_trust(void)
{
    static const char *const path = "key.pub";
    struct sw_err err = {0};
    struct sw_trust *trust = NULL;

    assert_ok(sw_trust_open(&path, 1, &trust, &err), err);
    return trust;
}

#endif
