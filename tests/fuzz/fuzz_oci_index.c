/* OCI documents of a store: any text as an index, a manifest, a config, and the manifest of a bundle. */
#include "src/base/fs.h"
#include "src/store/bundle.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_index(const char *text, size_t len)
{
    struct sw_err err = {0};
    json_t *index = store_index_parse(text, len, &err);
    const json_t *entry;
    size_t i;

    json_array_foreach (json_object_get(index, "manifests"), i, entry) {
        struct store_descriptor descriptor;
        const char *ref = store_entry_ref(entry);

        if (store_descriptor_parse(entry, &descriptor, &err) == 0 && !store_is_hex(descriptor.hex))
            abort();
        if (ref != NULL)
            (void)store_ref_ok(ref);
    }
    json_decref(index);
}

static void read_manifest(const char *text, size_t len)
{
    struct sw_err err = {0};
    struct sw_store_image image = {0};
    struct store_descriptor config;

    if (store_manifest_parse(text, len, &image, &config, &err) == 0)
        for (size_t i = 0; i < image.nr_layers; i++)
            if (!store_is_hex(image.layers[i].digest))
                abort();
    free(image.name);
    free(image.version);
    free(image.created);
    free(image.layers);
}

static void read_config(const char *text, size_t len)
{
    struct sw_err err = {0};
    struct sw_store_image image = {.nr_layers = 1};

    if (store_config_parse(text, len, &image, &err) == 0 && image.virtual_bytes == 0)
        abort();
}

static void read_bundle(const char *text, size_t len)
{
    struct sw_err err = {0};
    struct sw_bundle *bundle = sw_calloc(1, sizeof(*bundle), &err);

    if (bundle == NULL)
        abort();
    bundle->path = sw_strdup("bundle", &err);
    if (bundle->path != NULL && bundle_parse(bundle, text, len, &err) == 0)
        for (size_t i = 0; i < bundle->n; i++)
            if (!store_is_hex(bundle->files[i].sha256) || bundle->files[i].source == NULL ||
                (bundle->files[i].name != NULL && !sw_is_relative_path(bundle->files[i].name)))
                abort();
    sw_bundle_close(bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_index((const char *)data, size);
    read_manifest((const char *)data, size);
    read_config((const char *)data, size);
    read_bundle((const char *)data, size);
    return 0;
}
