/* Compressed qcow2 clusters: raw deflate and zstd, with the few clusters that were opened last. */
#include "formats/qcow2/qcow2.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"

#include <libdeflate.h>
#include <string.h>
#include <zstd.h>

/* So many clusters are kept, as far as these bytes go, before one is given up for another. */
enum { DECODERS_MAX = 64, KEPT_MAX = 8, KEPT_MIN = 2, KEPT_BYTES = 16 << 20 };

#define NO_CLUSTER UINT64_MAX

/* A context and the cluster that it holds. */
struct decoder {
    struct decoder *next;
    ZSTD_DCtx *zstd;
    struct libdeflate_decompressor *deflate;
    uint8_t *coded, *plain;
    uint64_t host; /* of what plain holds, or is about to hold */
    uint64_t used; /* when it was taken last */
    bool filled;   /* plain holds it */
    bool busy;
};

struct qcow2_decoders {
    struct sw_in *in;
    unsigned compression;
    size_t cluster_bytes;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct decoder *all;
    unsigned nr, nr_kept;
    uint64_t clock;
};

static void decoder_free(struct decoder *decoder)
{
    ZSTD_freeDCtx(decoder->zstd);
    libdeflate_free_decompressor(decoder->deflate);
    free(decoder->coded);
    free(decoder->plain);
    free(decoder);
}
SW_DEFINE_AUTO(decoder, struct decoder, decoder_free)

struct qcow2_decoders *qcow2_decoders_new(struct sw_in *in, unsigned compression, unsigned cluster_bits,
                                          struct sw_err *err)
{
    struct qcow2_decoders *decoders = sw_calloc(1, sizeof(*decoders), err);

    if (decoders == NULL)
        return NULL;
    decoders->in = in;
    decoders->compression = compression;
    decoders->cluster_bytes = (size_t)1 << cluster_bits;
    decoders->nr_kept =
        (unsigned)sw_min_u64(KEPT_MAX, sw_max_u64(KEPT_MIN, KEPT_BYTES / ((uint64_t)3 << cluster_bits)));
    pthread_mutex_init(&decoders->lock, NULL);
    pthread_cond_init(&decoders->idle, NULL);
    return decoders;
}

void qcow2_decoders_free(struct qcow2_decoders *decoders)
{
    if (decoders == NULL)
        return;
    while (decoders->all != NULL) {
        struct decoder *decoder = decoders->all;

        decoders->all = decoder->next;
        decoder_free(decoder);
    }
    pthread_cond_destroy(&decoders->idle);
    pthread_mutex_destroy(&decoders->lock);
    free(decoders);
}

static struct decoder *decoder_new(const struct qcow2_decoders *decoders, struct sw_err *err)
{
    SW_CLEANUP(decoder_auto) struct decoder *decoder = sw_calloc(1, sizeof(*decoder), err);

    if (decoder == NULL)
        return NULL;
    decoder->host = NO_CLUSTER;
    /* A compressed entry can claim at most two clusters' worth of sectors. */
    decoder->coded = sw_calloc(2, decoders->cluster_bytes, err);
    if (decoder->coded == NULL)
        return NULL;
    if (decoders->compression == QCOW2_COMPRESSION_ZSTD)
        decoder->zstd = ZSTD_createDCtx();
    else
        decoder->deflate = libdeflate_alloc_decompressor();
    if (decoder->zstd == NULL && decoder->deflate == NULL) {
        sw_fail(err, SW_FAILED, "out of memory (a decompression context)");
        return NULL;
    }
    return SW_STEAL_PTR(decoder);
}

/* The decoder that holds host, or the one that was idle longest; NULL when there shall be one more. */
static struct decoder *find_idle(const struct qcow2_decoders *decoders, uint64_t host, bool *wait)
{
    struct decoder *oldest = NULL;

    *wait = false;
    for (struct decoder *at = decoders->all; at != NULL; at = at->next) {
        if (host != NO_CLUSTER && at->host == host) {
            /* Somebody is opening this very cluster: do not do so twice. */
            *wait = at->busy;
            return at->busy ? NULL : at;
        }
        if (!at->busy && (oldest == NULL || at->used < oldest->used))
            oldest = at;
    }
    /* Another worker is soon back for the rest of what the oldest one holds. */
    return host != NO_CLUSTER && decoders->nr < decoders->nr_kept ? NULL : oldest;
}

/* host: the cluster that plain shall hold; NO_CLUSTER when plain is not wanted. */
static struct decoder *take(struct qcow2_decoders *decoders, uint64_t host, struct sw_err *err)
{
    SW_AUTO_UNLOCK pthread_mutex_t *lock = &decoders->lock;
    struct decoder *decoder;
    bool wait;

    pthread_mutex_lock(lock);
    while ((decoder = find_idle(decoders, host, &wait)) == NULL && (wait || decoders->nr == DECODERS_MAX))
        pthread_cond_wait(&decoders->idle, lock);
    if (decoder == NULL) {
        decoder = decoder_new(decoders, err);
        if (decoder == NULL)
            return NULL;
        decoder->next = decoders->all;
        decoders->all = decoder;
        decoders->nr++;
    }
    decoder->busy = true;
    decoder->used = ++decoders->clock;
    if (host != NO_CLUSTER && decoder->host != host) {
        decoder->host = host;
        decoder->filled = false;
    }
    return decoder;
}

static void give_back(struct qcow2_decoders *decoders, struct decoder *decoder)
{
    pthread_mutex_lock(&decoders->lock);
    if (!decoder->filled)
        decoder->host = NO_CLUSTER;
    decoder->busy = false;
    pthread_cond_broadcast(&decoders->idle);
    pthread_mutex_unlock(&decoders->lock);
}

/* One or more frames, until the cluster is full; what follows in the last sector is padding. */
static bool inflate_zstd(const struct decoder *decoder, size_t coded_len, uint8_t *to, size_t len)
{
    size_t in = 0, out = 0;

    while (out < len) {
        size_t frame = ZSTD_findFrameCompressedSize(decoder->coded + in, coded_len - in);
        size_t n;

        if (ZSTD_isError(frame))
            return false;
        n = ZSTD_decompressDCtx(decoder->zstd, to + out, len - out, decoder->coded + in, frame);
        if (ZSTD_isError(n))
            return false;
        in += frame;
        out += n;
    }
    return true;
}

static bool inflate_deflate(const struct decoder *decoder, size_t coded_len, uint8_t *to, size_t len)
{
    size_t used, made;

    return libdeflate_deflate_decompress_ex(decoder->deflate, decoder->coded, coded_len, to, len, &used,
                                            &made) == LIBDEFLATE_SUCCESS &&
           made == len;
}

static int inflate(const struct qcow2_decoders *decoders, const struct decoder *decoder,
                   const struct qcow2_place *place, uint8_t *to, struct sw_err *err)
{
    bool zstd = decoders->compression == QCOW2_COMPRESSION_ZSTD;
    bool good;

    if (sw_in_read(decoders->in, decoder->coded, place->coded_len, place->host, err) < 0)
        return -1;
    good = zstd ? inflate_zstd(decoder, place->coded_len, to, decoders->cluster_bytes)
                : inflate_deflate(decoder, place->coded_len, to, decoders->cluster_bytes);
    if (!good)
        return sw_fail(err, SW_INTEGRITY, "'%s': the compressed cluster at %llu is damaged (%s, %u bytes)",
                       decoders->in->name, (unsigned long long)place->host, zstd ? "zstd" : "zlib",
                       place->coded_len);
    return 0;
}

/* Makes plain hold the cluster. */
static int fill(const struct qcow2_decoders *decoders, struct decoder *decoder,
                const struct qcow2_place *place, struct sw_err *err)
{
    if (decoder->filled)
        return 0;
    if (decoder->plain == NULL)
        decoder->plain = malloc(decoders->cluster_bytes);
    if (decoder->plain == NULL)
        return sw_fail(err, SW_FAILED, "out of memory (a cluster of %zu bytes)", decoders->cluster_bytes);
    if (inflate(decoders, decoder, place, decoder->plain, err) < 0)
        return -1;
    decoder->filled = true;
    return 0;
}

int qcow2_decode(struct qcow2_decoders *decoders, const struct qcow2_place *place, uint8_t *buf, size_t len,
                 size_t off, struct sw_err *err)
{
    bool whole = off == 0 && len == decoders->cluster_bytes;
    struct decoder *decoder = take(decoders, whole ? NO_CLUSTER : place->host, err);
    int rc;

    if (decoder == NULL)
        return -1;
    if (whole) {
        rc = inflate(decoders, decoder, place, buf, err);
    } else {
        rc = fill(decoders, decoder, place, err);
        if (rc == 0)
            memcpy(buf, decoder->plain + off, len);
    }
    give_back(decoders, decoder);
    return rc;
}
