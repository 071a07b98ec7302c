/* What a replayed log lays over the file: disjoint runs of the newest write, found by bisection. */
#include "formats/vhdx/vhdx.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

#define NOBODY UINT32_MAX

struct vhdx_overlay {
    struct vhdx_write *writes;
    uint64_t *edges; /* where any write begins or ends, ascending, each once */
    uint32_t *owner; /* of the run from an edge to the next one: the newest write, or NOBODY */
    size_t nr_edges;
};

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

static void find_edges(struct vhdx_overlay *overlay, size_t n)
{
    size_t unique = 0;

    for (size_t i = 0; i < n; i++) {
        overlay->edges[2 * i] = overlay->writes[i].off;
        overlay->edges[2 * i + 1] = overlay->writes[i].off + overlay->writes[i].len;
    }
    qsort(overlay->edges, 2 * n, sizeof(*overlay->edges), by_value);
    for (size_t i = 0; i < 2 * n; i++)
        if (i == 0 || overlay->edges[i] != overlay->edges[unique - 1])
            overlay->edges[unique++] = overlay->edges[i];
    overlay->nr_edges = unique;
}

/* How many edges are at or before off. */
static size_t edges_until(const struct vhdx_overlay *overlay, uint64_t off)
{
    size_t low = 0, high = overlay->nr_edges;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (overlay->edges[middle] <= off)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first run from i on that nobody owns; what is passed is shortened for the next one who asks. */
static uint32_t next_free(uint32_t *next, uint32_t i)
{
    uint32_t root = i;

    while (next[root] != root)
        root = next[root];
    while (next[i] != root) {
        uint32_t step = next[i];

        next[i] = root;
        i = step;
    }
    return root;
}

/* The newest write first: what it takes stays its own. */
static void give_runs(struct vhdx_overlay *overlay, size_t n, uint32_t *next)
{
    for (size_t i = 0; i < overlay->nr_edges; i++) {
        overlay->owner[i] = NOBODY;
        next[i] = (uint32_t)i;
    }
    for (size_t i = n; i-- > 0;) {
        const struct vhdx_write *write = &overlay->writes[i];
        uint32_t end = (uint32_t)edges_until(overlay, write->off + write->len) - 1;
        uint32_t run = next_free(next, (uint32_t)edges_until(overlay, write->off) - 1);

        for (; run < end; run = next_free(next, run)) {
            overlay->owner[run] = (uint32_t)i;
            next[run] = run + 1;
        }
    }
}

struct vhdx_overlay *vhdx_overlay_new(struct vhdx_write *writes, size_t n, struct sw_err *err)
{
    struct vhdx_overlay *overlay = sw_calloc(1, sizeof(*overlay), err);
    SW_AUTO_FREE uint32_t *next = NULL;

    if (overlay == NULL) {
        free(writes);
        return NULL;
    }
    overlay->writes = writes;
    overlay->edges = sw_calloc(2 * n + 1, sizeof(*overlay->edges), err);
    if (overlay->edges != NULL)
        overlay->owner = sw_calloc(2 * n + 1, sizeof(*overlay->owner), err);
    if (overlay->owner != NULL)
        next = sw_calloc(2 * n + 1, sizeof(*next), err);
    if (overlay->edges == NULL || overlay->owner == NULL || next == NULL) {
        vhdx_overlay_free(overlay);
        return NULL;
    }
    find_edges(overlay, n);
    give_runs(overlay, n, next);
    return overlay;
}

void vhdx_overlay_free(struct vhdx_overlay *overlay)
{
    if (overlay == NULL)
        return;
    free(overlay->writes);
    free(overlay->edges);
    free(overlay->owner);
    free(overlay);
}

const struct vhdx_write *vhdx_overlay_at(const struct vhdx_overlay *overlay, uint64_t off, uint64_t *len)
{
    size_t after = overlay != NULL ? edges_until(overlay, off) : 0;
    uint32_t owner = after > 0 ? overlay->owner[after - 1] : NOBODY;

    *len = overlay != NULL && after < overlay->nr_edges ? overlay->edges[after] - off : UINT64_MAX - off;
    return owner != NOBODY ? &overlay->writes[owner] : NULL;
}

/* len bytes of the write from off on, all of them its own. */
static int read_write(const struct vhdx_image *vhdx, const struct vhdx_write *write, uint8_t *buf, size_t len,
                      uint64_t off, struct sw_err *err)
{
    struct vhdx_data_sector sector;
    uint8_t *bytes = (uint8_t *)&sector;

    if (write->data_at == 0) {
        memset(buf, 0, len);
        return 0;
    }
    if (sw_in_read(vhdx->base.in, bytes, sizeof(sector), write->data_at, err) < 0)
        return -1;
    memcpy(bytes, write->ends, 8);
    memcpy(sector.sequence_low, write->ends + 8, 4);
    memcpy(buf, bytes + (off - write->off), len);
    return 0;
}

/* The file's own bytes; past its end, where the replay lengthens it, zeros. */
static int read_file(const struct vhdx_image *vhdx, uint8_t *buf, size_t len, uint64_t off,
                     struct sw_err *err)
{
    uint64_t size = vhdx->base.in->size_bytes;
    size_t there = off < size ? (size_t)sw_min_u64(len, size - off) : 0;

    if (off > vhdx->file_end || vhdx->file_end - off < len)
        there = len; /* let the reader say that it is truncated */
    memset(buf + there, 0, len - there);
    return there == 0 ? 0 : sw_in_read(vhdx->base.in, buf, there, off, err);
}

int vhdx_read(const struct vhdx_image *vhdx, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint8_t *to = buf;

    while (len > 0) {
        uint64_t run;
        const struct vhdx_write *write = vhdx_overlay_at(vhdx->overlay, off, &run);
        size_t n = (size_t)sw_min_u64(len, run);

        if (write != NULL ? read_write(vhdx, write, to, n, off, err) < 0
                          : read_file(vhdx, to, n, off, err) < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}
