/* OVF envelopes of any bytes, each number and unit in them, and the same bytes as a manifest. */
#include "formats/ova/manifest.h"
#include "formats/ova/ovf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct ovf *ovf)
{
    uint64_t value;

    for (size_t i = 0; i < ovf->nr_files; i++)
        if (ovf->files[i].size != NULL)
            (void)!ovf_number(ovf->files[i].size, &value);
    for (size_t i = 0; i < ovf->nr_disks; i++) {
        const struct ovf_disk *disk = &ovf->disks[i];

        if (disk->capacity != NULL)
            (void)!ovf_number(disk->capacity, &value);
        (void)!ovf_units(disk->units, &value);
        if (disk->file_ref != NULL && ovf_file(ovf, disk->file_ref) == NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ovf ovf;
    struct manifest manifest;
    struct sw_err err = {.code = SW_OK};

    if (ovf_parse((const char *)data, size, "x.ova", &ovf, &err) == 0) {
        use(&ovf);
        ovf_free(&ovf);
    } else if (err.code == SW_OK || err.text[0] == '\0') {
        abort();
    }
    err = (struct sw_err){.code = SW_OK};
    if (manifest_parse((const char *)data, size, "x.mf", &manifest, &err) == 0)
        manifest_free(&manifest);
    else if (err.code == SW_OK || err.text[0] == '\0')
        abort();
    return 0;
}
