/* The store's cache of encoded units: a file a layer and coding, the ones used last kept within a bound. */
#include "src/store/coded.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/number.h"
#include "src/store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CODED_MAX_BYTES (UINT64_C(16) << 30)

struct level {
    struct coded_reader *reader;
    struct coded_writer *writer;
};

struct coded_cache {
    struct sw_coded_cache base;
    struct sw_store *store;
    struct store_chain chain;
    struct level levels[SW_CODED_LEVELS_MAX];
    uint64_t max_bytes;
};

/* What the folder may hold: the bound, or less where the file system is nearly full. */
static int find_max(const struct sw_store *store, uint64_t *out, struct sw_err *err)
{
    const char *text = getenv("SLIPWAY_CODED_MAX");
    struct statvfs fs;

    *out = CODED_MAX_BYTES;
    if (text != NULL && sw_parse_bytes(text, "KMG", out) < 0)
        return sw_fail(err, SW_USAGE, "SLIPWAY_CODED_MAX: '%s' is not a number of bytes", text);
    if (statvfs(store->dir, &fs) == 0)
        *out = sw_min_u64(*out, (uint64_t)fs.f_bavail * fs.f_frsize / 4);
    return 0;
}

static char *file_of(const struct coded_cache *cache, unsigned i, const char *coding, uint32_t unit_bytes,
                     struct sw_err *err)
{
    SW_AUTO_FREE char *name =
        sw_strf(err, STORE_CODED "/%s-%s-%u", cache->chain.layers[i].digest, coding, (unsigned)unit_bytes);

    return name != NULL ? store_path(cache->store, name, err) : NULL;
}

/* Opens the layer's file, or begins it. What fails costs time and nothing else. */
static struct sw_coded *open_level(const struct coded_cache *cache, struct level *level, const char *path)
{
    struct sw_err why = {.code = SW_OK};
    struct sw_in *in = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd >= 0 && sw_in_open_fd(fd, path, &in, &why) == 0 &&
        coded_reader_open(in, &level->reader, &why) == 0) {
        (void)futimens(fd, NULL); /* used last now */
        return coded_reader_coded(level->reader);
    }
    if (fd >= 0)
        sw_log(SW_LOG_DEBUG, "encoded units are made anew: %s", why.text);
    if (coded_writer_open(path, cache->max_bytes, &level->writer, &why) == 0)
        return coded_writer_coded(level->writer);
    sw_log(SW_LOG_DEBUG, "encoded units are not kept: %s", why.text);
    return NULL;
}

static void cache_open(struct sw_coded_cache *self, const char *coding, uint32_t unit_bytes,
                       struct sw_coded **items, unsigned nr)
{
    struct coded_cache *cache = (struct coded_cache *)self;

    for (unsigned i = 0; i < nr; i++) {
        struct sw_err why = {.code = SW_OK};
        SW_AUTO_FREE char *path = NULL;

        items[i] = NULL;
        if (cache->max_bytes == 0 || i >= cache->chain.n)
            continue;
        path = file_of(cache, i, coding, unit_bytes, &why);
        if (path != NULL)
            items[i] = open_level(cache, &cache->levels[i], path);
    }
}

struct kept {
    char *path;
    uint64_t bytes;
    struct timespec used;
};

struct folder {
    const struct sw_store *store;
    struct kept *files;
    size_t n, cap;
    uint64_t bytes;
};

static int add_file(void *arg, const char *name, struct sw_err *err)
{
    struct folder *folder = arg;
    SW_AUTO_FREE char *relative = sw_strf(err, STORE_CODED "/%s", name);
    SW_AUTO_FREE char *path = relative != NULL ? store_path(folder->store, relative, err) : NULL;
    struct stat st;

    if (path == NULL)
        return -1;
    if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    if (folder->n == folder->cap) {
        size_t cap = folder->cap > 0 ? 2 * folder->cap : 32;
        struct kept *grown = reallocarray(folder->files, cap, sizeof(*grown));

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "out of memory");
        folder->files = grown;
        folder->cap = cap;
    }
    folder->bytes += (uint64_t)st.st_size;
    folder->files[folder->n++] = (struct kept){SW_STEAL_PTR(path), (uint64_t)st.st_size, st.st_mtim};
    return 0;
}

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct kept *)a)->used, *y = &((const struct kept *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Removes what was not used for longest until the rest fits. */
static void trim(const struct coded_cache *cache)
{
    struct folder folder = {.store = cache->store};
    struct sw_err why = {.code = SW_OK};

    if (store_each_name(cache->store, STORE_CODED, add_file, &folder, &why) < 0)
        sw_log(SW_LOG_DEBUG, "cannot look at the encoded units: %s", why.text);
    if (folder.n > 1)
        qsort(folder.files, folder.n, sizeof(*folder.files), by_use);
    for (size_t i = 0; i < folder.n; i++) {
        if (folder.bytes > cache->max_bytes && unlink(folder.files[i].path) == 0)
            folder.bytes -= folder.files[i].bytes;
        free(folder.files[i].path);
    }
    free(folder.files);
}

static void cache_close(struct sw_coded_cache *self, bool whole)
{
    struct coded_cache *cache = (struct coded_cache *)self;

    for (unsigned i = 0; i < SW_CODED_LEVELS_MAX; i++) {
        struct level *level = &cache->levels[i];
        struct sw_err why = {.code = SW_OK};

        if (whole && level->writer != NULL && coded_writer_is_good(level->writer))
            if (coded_writer_commit(level->writer, &why) < 0)
                sw_log(SW_LOG_DEBUG, "encoded units are not kept: %s", why.text);
        coded_writer_free(level->writer);
        coded_reader_free(level->reader);
        *level = (struct level){.reader = NULL};
    }
    trim(cache);
}

int sw_store_coded_new(struct sw_store *store, const char *digest, struct sw_coded_cache **out,
                       struct sw_err *err)
{
    struct coded_cache *cache;

    *out = NULL;
    if (store->sealed) /* it would be the layers' content in clear */
        return store_check_unlocked(store, err);
    cache = sw_calloc(1, sizeof(*cache), err);
    if (cache == NULL)
        return -1;
    cache->base = (struct sw_coded_cache){.open = cache_open, .close = cache_close};
    cache->store = store;
    if (find_max(store, &cache->max_bytes, err) < 0 ||
        store_chain_open(store, digest, &cache->chain, NULL, err) < 0) {
        free(cache);
        return -1;
    }
    *out = &cache->base;
    return 0;
}

void sw_store_coded_free(struct sw_coded_cache *cache)
{
    free(cache);
}
