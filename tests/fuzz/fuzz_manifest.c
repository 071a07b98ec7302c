/* The text of a manifest that somebody sent: what parses lists files by names in one folder, with all their digests. */
#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/provenance/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(const struct sw_manifest_file *file)
{
    const struct sw_digests *digests = &file->digests;
    uint8_t sum = 0;

    if (!sw_is_file_name(file->name) || (file->keys != NULL && !sw_is_file_name(file->keys)))
        abort();
    if (!sw_is_pow2(digests->chunk_bytes) ||
        digests->nr_chunks != sw_div_up(digests->bytes, digests->chunk_bytes))
        abort();
    for (size_t i = 0; i < digests->nr_chunks; i++)
        sum ^= digests->chunks[i][SW_DIGEST_BYTES - 1];
    __asm__ volatile("" : : "r"(sum)); /* read, whatever it is */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_manifest *manifest = calloc(1, sizeof(*manifest));

    if (manifest == NULL)
        abort();
    if (provenance_parse(manifest, (const char *)data, size, "manifest", &err) == 0) {
        if (manifest->nr_files == 0 || manifest->nr_files > SW_MANIFEST_FILES_MAX)
            abort();
        for (size_t i = 0; i < manifest->nr_files; i++)
            check_file(&manifest->files[i]);
    } else if (err.code != SW_INTEGRITY) {
        abort();
    }
    sw_manifest_free(manifest);
    return 0;
}
