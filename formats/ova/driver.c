/* OVA, a virtual machine in a tar: reads one of its disks in place, writes a package of one disk. */
#include "formats/ova/ova.h"
#include "src/base/cleanup.h"

static bool ova_probe(const struct sw_probe *probe)
{
    return tar_is_header(probe->head, probe->head_len);
}

static void ova_close(struct sw_image *img)
{
    struct ova_image *ova = ova_of(img);

    sw_image_close(ova->inner);
    sw_in_close(img->in);
    tar_free(&ova->tar);
    ovf_free(&ova->ovf);
    manifest_free(&ova->manifest);
    free(ova->package.disks);
    sw_digest_free(ova->writing.digest);
    free(ova);
}

static const char *const ova_extensions[] = {"ova", NULL};

const struct sw_format sw_format_ova = {
    .name = "ova",
    .extensions = ova_extensions,
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_CAN_WRITE | SW_FORMAT_PACKAGE | SW_FORMAT_WHOLE_UNITS,
    .probe = ova_probe,
    .open = ova_open,
    .pread = ova_pread,
    .next_extent = ova_next_extent,
    .verify = ova_verify,
    .create = ova_create,
    .worker_new = ova_worker_new,
    .worker_free = ova_worker_free,
    .encode = ova_encode,
    .coded_bound = ova_coded_bound,
    .put = ova_put,
    .finish = ova_finish,
    .close = ova_close,
};
