/* What a qcow2 that is half written goes on from: the tables so far and the reference counts. */
#include "formats/state.h"
#include "formats/qcow2/writer.h"
#include "src/base/ckd.h"

#include <string.h>
#include <zstd.h>

/* A count of fewer references is one byte; more are this byte and two of the count. */
enum { LONG_COUNT = 255, COUNTS_STEP = 4096 };

/* L1 entries up to the last that is set. */
static uint64_t nr_l1_set(const struct qcow2_writer *writer)
{
    uint64_t nr = writer->l1_size;

    while (nr > 0 && writer->l1[nr - 1] == 0)
        nr--;
    return nr;
}

static int save_counts(const struct qcow2_writer *writer, struct sw_buf *state, struct sw_err *err)
{
    uint8_t bytes[COUNTS_STEP + 3];
    size_t n = 0;

    for (uint64_t i = 0; i < writer->nr_clusters; i++) {
        uint16_t count = writer->refs[i];

        bytes[n++] = count < LONG_COUNT ? (uint8_t)count : LONG_COUNT;
        if (count >= LONG_COUNT) {
            be16_put(bytes + n, count);
            n += 2;
        }
        if (n >= COUNTS_STEP) {
            if (sw_buf_append(state, bytes, n, err) < 0)
                return -1;
            n = 0;
        }
    }
    return sw_buf_append(state, bytes, n, err);
}

int qcow2_save(const struct sw_image *img, uint64_t point, struct sw_buf *state, uint64_t *kept_bytes,
               struct sw_err *err)
{
    const struct qcow2_writer *writer = qcow2_writer_of(img);
    uint64_t nr_l1 = nr_l1_set(writer);
    /* Another version of the library would go on with other bytes. */
    const uint64_t numbers[] = {ZSTD_versionNumber(), writer->nr_clusters, writer->packed, writer->l2_index,
                                nr_l1};

    (void)point;
    *kept_bytes = writer->nr_clusters << writer->cluster_bits;
    for (size_t i = 0; i < SW_ARRAY_LEN(numbers); i++)
        if (sw_state_put_u64(state, numbers[i], err) < 0)
            return -1;
    if (sw_buf_append(state, writer->l1, (size_t)nr_l1 * 8, err) < 0 ||
        (writer->l2_index != QCOW2_NO_TABLE &&
         sw_buf_append(state, writer->l2, (size_t)1 << writer->cluster_bits, err) < 0))
        return -1;
    return save_counts(writer, state, err);
}

static int take_numbers(struct qcow2_writer *writer, struct sw_state *rest, uint64_t point, uint64_t *nr_l1,
                        struct sw_err *err)
{
    uint64_t version, table_bytes = UINT64_C(1) << (2 * writer->cluster_bits - 3);

    if (!sw_state_take_u64(rest, &version) || version != ZSTD_versionNumber())
        return sw_state_bad("version of zstd", err);
    /* Each cluster has at least a byte of the state. */
    if (!sw_state_take_u64(rest, &writer->nr_clusters) || writer->nr_clusters == 0 ||
        writer->nr_clusters > rest->left)
        return sw_state_bad("number of clusters", err);
    if (!sw_state_take_u64(rest, &writer->packed) || writer->packed > writer->nr_clusters
                                                                          << writer->cluster_bits)
        return sw_state_bad("end of the packed clusters", err);
    if (!sw_state_take_u64(rest, &writer->l2_index) ||
        (writer->l2_index != QCOW2_NO_TABLE &&
         (writer->l2_index >= writer->l1_size || writer->l2_index * table_bytes >= point)))
        return sw_state_bad("table number", err);
    if (!sw_state_take_u64(rest, nr_l1) || *nr_l1 > writer->l1_size)
        return sw_state_bad("number of L1 entries", err);
    return 0;
}

/* The host offset of a table lies in the file, and the table that is not written has none. */
static int check_l1(const struct qcow2_writer *writer, struct sw_err *err)
{
    uint64_t end = writer->nr_clusters << writer->cluster_bits;

    for (uint64_t i = 0; i < writer->l1_size; i++) {
        uint64_t entry = be64_get(&writer->l1[i]), host = entry & QCOW2_HOST_MASK;

        if (entry != 0 && (entry != (host | QCOW2_COPIED) || host == 0 || host >= end ||
                           host % (UINT64_C(1) << writer->cluster_bits) != 0 || i == writer->l2_index))
            return sw_state_bad("L1 table", err);
    }
    return 0;
}

/* The host offset of a cluster lies in the file. */
static int check_l2(const struct qcow2_writer *writer, struct sw_err *err)
{
    uint64_t end = writer->nr_clusters << writer->cluster_bits;
    uint64_t coded = (UINT64_C(1) << qcow2_coded_bits(writer->cluster_bits)) - 1;

    for (uint64_t i = 0; i < UINT64_C(1) << (writer->cluster_bits - 3); i++) {
        uint64_t entry = be64_get(&writer->l2[i]);
        uint64_t host = entry & ((entry & QCOW2_COMPRESSED) != 0 ? coded : QCOW2_HOST_MASK);

        if (host >= end)
            return sw_state_bad("L2 table", err);
    }
    return 0;
}

static int take_tables(struct qcow2_writer *writer, struct sw_state *rest, uint64_t nr_l1, struct sw_err *err)
{
    size_t l2_bytes = writer->l2_index != QCOW2_NO_TABLE ? (size_t)1 << writer->cluster_bits : 0;
    const uint8_t *l1 = sw_state_take(rest, (size_t)nr_l1 * 8), *l2 = sw_state_take(rest, l2_bytes);

    if (l1 == NULL || l2 == NULL)
        return sw_state_bad("length", err);
    memcpy(writer->l1, l1, (size_t)nr_l1 * 8);
    memcpy(writer->l2, l2, l2_bytes);
    return check_l1(writer, err) < 0 || check_l2(writer, err) < 0 ? -1 : 0;
}

static int take_counts(struct qcow2_writer *writer, struct sw_state *rest, struct sw_err *err)
{
    size_t cap = (size_t)sw_round_up(writer->nr_clusters, COUNTS_STEP);
    uint16_t *refs;

    if (writer->nr_clusters > rest->left)
        return sw_state_bad("reference counts", err);
    refs = sw_calloc(cap, sizeof(*refs), err);
    if (refs == NULL)
        return -1;
    free(writer->refs);
    writer->refs = refs;
    writer->refs_cap = cap;
    for (uint64_t i = 0; i < writer->nr_clusters; i++) {
        const uint8_t *at = sw_state_take(rest, 1);

        if (at != NULL && *at == LONG_COUNT) {
            at = sw_state_take(rest, 2);
            refs[i] = at != NULL ? be16_get(at) : 0;
        } else if (at != NULL) {
            refs[i] = *at;
        }
        if (at == NULL || refs[i] == 0)
            return sw_state_bad("reference counts", err);
    }
    return rest->left == 0 ? 0 : sw_state_bad("length", err);
}

int qcow2_restore(struct sw_image *img, uint64_t point, const void *state, size_t len, struct sw_err *err)
{
    struct qcow2_writer *writer = qcow2_writer_of(img);
    struct sw_state rest = {state, len};
    uint64_t nr_l1 = 0;

    if (take_numbers(writer, &rest, point, &nr_l1, err) < 0 || take_tables(writer, &rest, nr_l1, err) < 0)
        return -1;
    return take_counts(writer, &rest, err);
}
