/* The qcow2 driver's table and its magic. */
#include "formats/qcow2/qcow2.h"

#include <string.h>

static bool qcow2_probe(const struct sw_probe *probe)
{
    return probe->head_len >= 4 && memcmp(probe->head, "QFI\xfb", 4) == 0;
}

static void qcow2_close(struct sw_image *img)
{
    if (img->in != NULL)
        qcow2_reader_close(img);
    else
        qcow2_writer_close(img);
}

static const char *const qcow2_extensions[] = {"qcow2", NULL};
static const char *const qcow2_subformats[] = {"zstd", "zlib", "plain", NULL};

const struct sw_format sw_format_qcow2 = {
    .name = "qcow2",
    .extensions = qcow2_extensions,
    .subformats = qcow2_subformats,
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_CAN_WRITE | SW_FORMAT_BACKING | SW_FORMAT_WHOLE_UNITS,
    .probe = qcow2_probe,
    .open = qcow2_open,
    .pread = qcow2_pread,
    .next_extent = qcow2_next_extent,
    .create = qcow2_create,
    .worker_new = qcow2_worker_new,
    .worker_free = qcow2_worker_free,
    .encode = qcow2_encode_block,
    .coded_bound = qcow2_coded_bound,
    .put = qcow2_put,
    .finish = qcow2_finish,
    .save = qcow2_save,
    .restore = qcow2_restore,
    .close = qcow2_close,
};
