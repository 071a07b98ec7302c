/* Which file gave which base layer, so that a file that did not change is not read again. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/log.h"

#include <inttypes.h>
#include <string.h>

enum { BASE_MAX = 64 << 10 };

static int64_t stamp_ns(const struct timespec *ts)
{
    return (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
}

bool store_base_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           stamp_ns(&a->st_mtim) == stamp_ns(&b->st_mtim) && stamp_ns(&a->st_ctim) == stamp_ns(&b->st_ctim);
}

/* One record for a file and a way to read it; a newer state of the file replaces it. */
static char *base_name(const struct stat *st, const char *format, bool opened, struct sw_err *err)
{
    SW_AUTO_FREE char *text =
        sw_strf(err, "%" PRIu64 " %" PRIu64 " %s%s", (uint64_t)st->st_dev, (uint64_t)st->st_ino,
                format != NULL ? format : "", opened ? " opened" : "");
    char hex[SW_SHA256_HEX];

    if (text == NULL || sw_sha256_hex(text, strlen(text), hex, err) < 0)
        return NULL;
    return sw_strf(err, STORE_BASES "/%s.json", hex);
}

static bool member_is(const json_t *json, const char *key, int64_t want)
{
    const json_t *member = json_object_get(json, key);

    return json_is_integer(member) && json_integer_value(member) == want;
}

static bool is_of(const json_t *json, const struct stat *st)
{
    return member_is(json, "device", (int64_t)st->st_dev) && member_is(json, "inode", (int64_t)st->st_ino) &&
           member_is(json, "size_bytes", st->st_size) &&
           member_is(json, "mtime_ns", stamp_ns(&st->st_mtim)) &&
           member_is(json, "ctime_ns", stamp_ns(&st->st_ctim));
}

int store_base_find(struct sw_store *store, const struct stat *st, const char *format, bool opened,
                    struct sw_layer *out, struct sw_err *err)
{
    SW_AUTO_FREE char *name = base_name(st, format, opened, err);
    SW_AUTO_FREE char *path = name != NULL ? store_json_path(store, name, err) : NULL;
    SW_AUTO_JSON json_t *json = NULL;
    struct sw_err why = {0};

    if (path == NULL)
        return -1;
    if (!sw_path_exists(path))
        return 0;
    json = store_json_read(store, name, BASE_MAX, &why);
    if (json == NULL ||
        (is_of(json, st) && store_layer_parse(json_object_get(json, "layer"), out, &why) < 0)) {
        sw_log(SW_LOG_WARNING, "a base's record is of no use, the base is read again: %s", why.text);
        return 0;
    }
    return is_of(json, st) ? store_layer_there(store, out, err) : 0;
}

int store_base_record(struct sw_store *store, const struct stat *st, const char *format, bool opened,
                      const struct sw_layer *layer, struct sw_err *err)
{
    SW_AUTO_FREE char *name = base_name(st, format, opened, err);
    SW_AUTO_JSON json_t *json = json_object();

    if (name == NULL || sw_json_set(json, "device", json_integer((json_int_t)st->st_dev), err) < 0 ||
        sw_json_set(json, "inode", json_integer((json_int_t)st->st_ino), err) < 0 ||
        sw_json_set(json, "size_bytes", json_integer(st->st_size), err) < 0 ||
        sw_json_set(json, "mtime_ns", json_integer(stamp_ns(&st->st_mtim)), err) < 0 ||
        sw_json_set(json, "ctime_ns", json_integer(stamp_ns(&st->st_ctim)), err) < 0 ||
        sw_json_set(json, "format", json_string(format != NULL ? format : ""), err) < 0 ||
        sw_json_set(json, "opened", json_boolean(opened), err) < 0 ||
        sw_json_set(json, "layer", store_layer_json(layer, err), err) < 0)
        return -1;
    return store_json_write(store, name, json, err);
}

int sw_store_known_base(struct sw_store *store, const char *path, const char *format, bool opened,
                        struct sw_layer *out, struct sw_err *err)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", path);
    return store_base_find(store, &st, format, opened, out, err);
}
