/* What was fetched before: files named by their digests, and a record for each source of what it had. */
#include "src/build/fetch_set.h"

#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { RECORD_MAX = 4 << 20 };

#define BLOBS   "sha256"
#define RECORDS "sources"

int fetch_cache_open(struct fetch_cache *cache, struct sw_err *err)
{
    cache->dir = sw_xdg_path("XDG_CACHE_HOME", ".cache", "fetched", err);
    return cache->dir != NULL ? 0 : -1;
}

void fetch_cache_close(struct fetch_cache *cache)
{
    free(SW_STEAL_PTR(cache->dir));
}

char *fetch_cache_path(const struct fetch_cache *cache, const char *sha256, struct sw_err *err)
{
    return sw_strf(err, "%s/" BLOBS "/%s", cache->dir, sha256);
}

bool fetch_cache_has(const char *path, uint64_t size_bytes)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size_bytes;
}

/* A source and whose bucket it must be in are known by their digest alone: a source may hold a secret. */
static char *record_path(const struct fetch_cache *cache, const struct fetch_set *set, struct sw_err *err)
{
    SW_AUTO_FREE char *name = sw_strf(err, "%s\n%s", set->uri, set->owner != NULL ? set->owner : "");
    uint8_t bytes[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (name == NULL || sw_sha256(name, strlen(name), bytes, err) < 0)
        return NULL;
    sw_hex(bytes, sizeof(bytes), hex);
    return sw_strf(err, "%s/" RECORDS "/%s.json", cache->dir, hex);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* 1: the record's file is there; 0: it is not, or the record makes no sense. */
static int add_recorded(const struct fetch_cache *cache, const json_t *json, struct fetch_set *set,
                        struct sw_err *err)
{
    const char *name = sw_json_text(json, "name"), *sha256 = sw_json_text(json, "sha256");
    struct sw_remote_file file = {.name = name};
    json_int_t size = json_integer_value(json_object_get(json, "size"));
    SW_AUTO_FREE char *path = NULL;

    if (sha256 == NULL || strlen(sha256) != 64 || sha256[strspn(sha256, "0123456789abcdef")] != '\0' ||
        size < 0 || (name != NULL && !sw_is_relative_path(name)) ||
        (fetch_is_prefix(set->uri) && name == NULL))
        return 0;
    memcpy(file.sha256, sha256, sizeof(file.sha256));
    file.size_bytes = (uint64_t)size;
    path = fetch_cache_path(cache, sha256, err);
    if (path == NULL)
        return -1;
    if (!fetch_cache_has(path, file.size_bytes))
        return 0;
    file.path = path;
    return fetch_set_add(set, &file, err) == 0 ? 1 : -1;
}

/* A file that came without a look at the certificate is only for those who ask for no such look. */
static int read_record(const struct fetch_cache *cache, const json_t *record, struct fetch_set *set,
                       struct sw_err *err)
{
    const json_t *files = json_object_get(record, "files"), *file;
    size_t i;
    int rc = 1;

    if (json_array_size(files) == 0 || json_array_size(files) > FETCH_OBJECTS_MAX ||
        (json_is_true(json_object_get(record, "insecure")) && !set->insecure))
        return 0;
    json_array_foreach (files, i, file) {
        rc = add_recorded(cache, file, set, err);
        if (rc <= 0)
            break;
    }
    if (rc <= 0)
        fetch_set_empty(set);
    else
        set->origin = FETCH_CACHE;
    return rc;
}

int fetch_from_cache(const struct fetch_cache *cache, struct fetch_set *set, struct sw_err *err)
{
    SW_AUTO_FREE char *path = record_path(cache, set, err);
    SW_AUTO_JSON json_t *record = NULL;
    struct sw_err damaged = {.code = SW_OK};

    if (path == NULL)
        return -1;
    if (!sw_path_exists(path))
        return 0;
    /* A record that cannot be read is none: it is written anew with the next fetch. */
    record = sw_json_read(path, RECORD_MAX, &damaged);
    return record != NULL ? read_record(cache, record, set, err) : 0;
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

static int make_folder(const struct fetch_cache *cache, const char *leaf, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(cache->dir, leaf, err);

    return path != NULL ? sw_mkdir_p(path, 0700, err) : -1;
}

static json_t *describe_file(const struct sw_remote_file *file, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if ((file->name != NULL && sw_json_set(json, "name", json_string(file->name), err) < 0) ||
        sw_json_set(json, "sha256", json_string(file->sha256), err) < 0 ||
        sw_json_set(json, "size", json_integer((json_int_t)file->size_bytes), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

int fetch_cache_note(const struct fetch_cache *cache, const struct fetch_set *set, struct sw_err *err)
{
    SW_AUTO_FREE char *path = record_path(cache, set, err);
    SW_AUTO_JSON json_t *record = json_object();

    if (path == NULL || make_folder(cache, RECORDS, err) < 0 ||
        sw_json_set(record, "insecure", json_boolean(set->insecure), err) < 0 ||
        sw_json_set(record, "files", json_array(), err) < 0)
        return -1;
    for (size_t i = 0; i < set->n; i++)
        if (sw_json_append(json_object_get(record, "files"), describe_file(&set->files[i], err), err) < 0)
            return -1;
    return sw_json_write(path, record, err);
}

int fetch_cache_create(const struct fetch_cache *cache, struct sw_out **out, struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;
    uint64_t id;

    if (make_folder(cache, BLOBS, err) < 0 || sw_random(&id, sizeof(id), err) < 0)
        return -1;
    path = sw_strf(err, "%s/" BLOBS "/.new-%016" PRIx64, cache->dir, id);
    return path != NULL ? sw_out_create_file(path, 0600, out, err) : -1;
}

int fetch_cache_keep(const struct fetch_cache *cache, struct sw_out *out, const char *sha256,
                     struct sw_err *err)
{
    SW_AUTO_FREE char *path = fetch_cache_path(cache, sha256, err);

    if (path == NULL || sw_out_commit(out, err) < 0)
        return -1;
    if (rename(out->name, path) < 0)
        return sw_fail_errno(err, "cannot rename '%s' to '%s'", out->name, path);
    return 0;
}

/* ---- Unpacking -------------------------------------------------------------------------------------------------- */

struct unpacking {
    struct sw_bundle_taker base;
    const struct fetch_cache *cache;
    struct fetch_set *const *sets;
    size_t n;
};

static bool is_wanted(const struct unpacking *u, const char *sha256)
{
    for (size_t i = 0; i < u->n; i++)
        for (size_t k = 0; k < u->sets[i]->n; k++)
            if (strcmp(u->sets[i]->files[k].sha256, sha256) == 0)
                return true;
    return false;
}

static int begin_file(struct sw_bundle_taker *taker, const char *sha256, uint64_t size_bytes,
                      struct sw_out **out, struct sw_err *err)
{
    const struct unpacking *u = (const struct unpacking *)taker;
    SW_AUTO_FREE char *path = NULL;

    *out = NULL;
    if (!is_wanted(u, sha256))
        return 0;
    path = fetch_cache_path(u->cache, sha256, err);
    if (path == NULL || make_folder(u->cache, BLOBS, err) < 0)
        return -1;
    return fetch_cache_has(path, size_bytes) ? 0 : sw_out_create_file(path, 0600, out, err);
}

/* How many of the sets' files are not there yet. */
static int count_missing(const struct unpacking *u, size_t *missing, struct sw_err *err)
{
    *missing = 0;
    for (size_t i = 0; i < u->n; i++) {
        for (size_t k = 0; k < u->sets[i]->n; k++) {
            struct sw_remote_file *file = &u->sets[i]->files[k];
            SW_AUTO_FREE char *path = fetch_cache_path(u->cache, file->sha256, err);

            if (path == NULL)
                return -1;
            if (!fetch_cache_has(path, file->size_bytes))
                (*missing)++;
            else if (file->path == NULL)
                file->path = SW_STEAL_PTR(path);
        }
    }
    return 0;
}

int fetch_cache_unpack(const struct fetch_cache *cache, struct sw_bundle *bundle,
                       struct fetch_set *const *sets, size_t n, struct sw_err *err)
{
    struct unpacking u = {.base = {.begin = begin_file}, .cache = cache, .sets = sets, .n = n};
    size_t missing;

    if (count_missing(&u, &missing, err) < 0)
        return -1;
    if (missing == 0)
        return 0;
    if (sw_bundle_take(bundle, &u.base, err) < 0 || count_missing(&u, &missing, err) < 0)
        return -1;
    if (missing > 0)
        return sw_fail(err, SW_INTEGRITY, "%zu of the files that its manifest lists are not in it", missing);
    return 0;
}
