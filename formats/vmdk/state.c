/* What a disk that is half written goes on from: the table at hand, and of a stream its directory so far. */
#include "formats/state.h"
#include "formats/vmdk/vmdk.h"

#include <string.h>
#include <strings.h>

/* Tables that are written. */
static uint32_t nr_written(const struct vmdk_image *vmdk)
{
    return vmdk->gt_index == VMDK_NO_TABLE ? 0 : vmdk->gt_index;
}

static bool is_stream(const struct sw_image *img)
{
    return strcasecmp(img->subformat, "streamOptimized") == 0;
}

/* monolithicSparse: the tables before lie in their places, in front of all grains. */
static int save_sparse(const struct vmdk_image *vmdk, struct sw_buf *state, uint64_t *kept_bytes,
                       struct sw_err *err)
{
    *kept_bytes = vmdk->next_sector * SW_SECTOR_BYTES;
    if (sw_state_put_u64(state, vmdk->next_sector, err) < 0 ||
        sw_state_put_u64(state, vmdk->gt_index, err) < 0)
        return -1;
    return sw_buf_append(state, vmdk->gt, sizeof(vmdk->gt), err);
}

int vmdk_save(const struct sw_image *img, uint64_t point, struct sw_buf *state, uint64_t *kept_bytes,
              struct sw_err *err)
{
    const struct vmdk_image *vmdk = (const struct vmdk_image *)img;

    (void)point;
    if (!is_stream(img))
        return save_sparse(vmdk, state, kept_bytes, err);
    *kept_bytes = img->out->pos;
    if (sw_state_put_u64(state, img->out->pos, err) < 0 || sw_state_put_u64(state, vmdk->gt_index, err) < 0 ||
        sw_buf_append(state, vmdk->gd, (size_t)nr_written(vmdk) * 4, err) < 0)
        return -1;
    return sw_buf_append(state, vmdk->gt, sizeof(vmdk->gt), err);
}

/* Every sector lies before the stream's end. */
static bool are_before(const uint32_t *table, size_t n, uint64_t end)
{
    for (size_t i = 0; i < n; i++)
        if ((uint64_t)le32_get(&table[i]) * SW_SECTOR_BYTES >= end)
            return false;
    return true;
}

static int take_tables(struct vmdk_image *vmdk, struct sw_state *rest, uint64_t pos, struct sw_err *err)
{
    const uint8_t *gd = sw_state_take(rest, (size_t)nr_written(vmdk) * 4);
    const uint8_t *gt = sw_state_take(rest, sizeof(vmdk->gt));

    if (gd == NULL || gt == NULL || rest->left != 0)
        return sw_state_bad("length", err);
    memcpy(vmdk->gd, gd, (size_t)nr_written(vmdk) * 4);
    memcpy(vmdk->gt, gt, sizeof(vmdk->gt));
    if (!are_before(vmdk->gd, nr_written(vmdk), pos))
        return sw_state_bad("grain directory", err);
    return are_before(vmdk->gt, VMDK_GTES_MAX, pos) ? 0 : sw_state_bad("grain table", err);
}

static int take_gt_index(struct vmdk_image *vmdk, struct sw_state *rest, uint64_t point, struct sw_err *err)
{
    uint64_t gt_index;

    if (!sw_state_take_u64(rest, &gt_index) || (gt_index != VMDK_NO_TABLE && gt_index >= vmdk->nr_gts) ||
        (gt_index != VMDK_NO_TABLE && gt_index * VMDK_GTES_MAX * VMDK_UNIT_BYTES >= point))
        return sw_state_bad("table number", err);
    vmdk->gt_index = (uint32_t)gt_index;
    return 0;
}

static int restore_sparse(struct vmdk_image *vmdk, uint64_t point, struct sw_state *rest, struct sw_err *err)
{
    uint64_t first = vmdk->next_sector, next;
    const uint8_t *gt;

    if (!sw_state_take_u64(rest, &next) || next < first || next > UINT32_MAX ||
        (next - first) % VMDK_UNIT_SECTORS != 0)
        return sw_state_bad("next sector", err);
    if (take_gt_index(vmdk, rest, point, err) < 0)
        return -1;
    gt = sw_state_take(rest, sizeof(vmdk->gt));
    if (gt == NULL || rest->left != 0)
        return sw_state_bad("length", err);
    memcpy(vmdk->gt, gt, sizeof(vmdk->gt));
    vmdk->next_sector = next;
    return are_before(vmdk->gt, VMDK_GTES_MAX, next * SW_SECTOR_BYTES) ? 0 : sw_state_bad("grain table", err);
}

int vmdk_restore(struct sw_image *img, uint64_t point, const void *state, size_t len, struct sw_err *err)
{
    struct vmdk_image *vmdk = vmdk_of(img);
    struct sw_state rest = {state, len};
    uint64_t pos;

    if (!is_stream(img))
        return restore_sparse(vmdk, point, &rest, err);
    /* What create wrote comes first. */
    if (!sw_state_take_u64(&rest, &pos) || pos < img->out->pos || pos % SW_SECTOR_BYTES != 0)
        return sw_state_bad("position", err);
    if (take_gt_index(vmdk, &rest, point, err) < 0)
        return -1;
    img->out->pos = pos;
    return take_tables(vmdk, &rest, pos, err);
}
