/* Sources from the net: http and https by a plain GET, s3 by signed calls; into the cache, hashed on the way. */
#include "src/build/fetch_set.h"

#include "slipway/cloud.h"
#include "src/base/buf.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/number.h"

#include <string.h>

/* The most that one file may have, unless SLIPWAY_FETCH_MAX says another number. */
#define MAX_BYTES (UINT64_C(64) << 30)

/* A file on its way. */
struct incoming {
    struct sw_http_sink base;
    const struct fetch_net *net;
    const struct fetch_cache *cache;
    struct sw_out *out;
    struct sw_digest *digest;
};

static int begin_file(struct sw_http_sink *sink, struct sw_err *err)
{
    struct incoming *in = (struct incoming *)sink;

    sw_out_close(SW_STEAL_PTR(in->out));
    sw_digest_free(SW_STEAL_PTR(in->digest));
    in->digest = sw_digest_new(err);
    sw_progress_tick(in->net->progress, 0, 0);
    return in->digest != NULL ? fetch_cache_create(in->cache, &in->out, err) : -1;
}

static int take_bytes(struct sw_http_sink *sink, const void *bytes, size_t len, struct sw_err *err)
{
    struct incoming *in = (struct incoming *)sink;

    if (len > in->net->max_bytes - in->out->pos)
        return sw_fail(err, SW_FAILED, "it is larger than %llu bytes (SLIPWAY_FETCH_MAX)",
                       (unsigned long long)in->net->max_bytes);
    if (sw_out_write(in->out, bytes, len, err) < 0 || sw_digest_update(in->digest, bytes, len, err) < 0)
        return -1;
    sw_progress_tick(in->net->progress, in->out->pos, 0);
    return 0;
}

/* Ends the file and gives it its name. */
static int keep_file(struct incoming *in, struct fetch_set *set, const char *name, struct sw_err *err)
{
    struct sw_remote_file file = {.name = name, .size_bytes = in->out->pos};
    uint8_t bytes[SW_SHA256_BYTES];
    SW_AUTO_FREE char *path = NULL;

    if (sw_digest_final(in->digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), file.sha256);
    path = fetch_cache_path(in->cache, file.sha256, err);
    if (path == NULL || fetch_cache_keep(in->cache, in->out, file.sha256, err) < 0)
        return -1;
    file.path = path;
    return fetch_set_add(set, &file, err);
}

static void incoming_end(struct incoming *in)
{
    sw_out_close(in->out);
    sw_digest_free(in->digest);
}

/* One object (key set) or one URL. */
static int fetch_one(struct fetch_net *net, const struct fetch_cache *cache, struct fetch_set *set,
                     const struct sw_s3_upload *object, const char *name, struct sw_err *err)
{
    struct incoming in = {.base = {.restart = begin_file, .write = take_bytes}, .net = net, .cache = cache};
    int rc;

    if (object != NULL)
        rc = sw_s3_get(net->cloud, object, set->owner, &in.base, err);
    else
        rc = sw_http_fetch(net->transport, set->uri, set->insecure, &in.base, err);
    if (rc == 0)
        rc = keep_file(&in, set, name, err);
    incoming_end(&in);
    return rc;
}

/* The keys beneath a prefix. A key that ends in a slash is what a console shows as a folder; it has no file. */
static int fetch_keys(struct fetch_net *net, const struct fetch_cache *cache, struct fetch_set *set,
                      const struct sw_s3_upload *prefix, struct sw_err *err)
{
    struct sw_s3_keys keys;
    int rc = sw_s3_list(net->cloud, prefix, set->owner, FETCH_OBJECTS_MAX, &keys, err);

    for (size_t i = 0; rc == 0 && i < keys.n; i++) {
        const char *key = keys.items[i], *name = key + strlen(prefix->key);
        struct sw_s3_upload object = {.bucket = prefix->bucket, .key = key};

        if (key[0] != '\0' && key[strlen(key) - 1] == '/')
            continue;
        if (!sw_is_relative_path(name))
            rc = sw_fail(err, SW_REFUSED, "the object '%s' has a key that is no path beneath '%s'", key,
                         set->uri);
        else
            rc = fetch_one(net, cache, set, &object, name, err);
    }
    sw_s3_keys_free(&keys);
    if (rc == 0 && set->n == 0)
        rc = sw_fail(err, SW_FAILED, "'%s': there are no objects", set->uri);
    return rc;
}

static int fetch_s3(struct fetch_net *net, const struct fetch_cache *cache, struct fetch_set *set,
                    struct sw_err *err)
{
    const char *bucket = set->uri + strlen("s3://"), *slash = strchr(bucket, '/');
    SW_AUTO_FREE char *bucket_name = NULL;
    SW_AUTO_FREE char *key = NULL;
    SW_AUTO_FREE char *name = NULL;
    static const struct sw_cloud_config config = {.region = NULL};
    size_t trim = fetch_is_prefix(set->uri) ? 1 : 0;
    struct sw_s3_upload object;

    if (slash == NULL || slash[1] == '\0')
        return sw_fail(err, SW_RECIPE, "'%s' names a bucket and no object", set->uri);
    if (net->cloud == NULL && sw_cloud_open(&config, NULL, &net->cloud, err) < 0)
        return -1;
    bucket_name = sw_strf(err, "%.*s", (int)(slash - bucket), bucket);
    key = sw_strf(err, "%.*s", (int)(strlen(slash + 1) - trim), slash + 1);
    if (bucket_name == NULL || key == NULL || fetch_base_name(set->uri, &name, err) < 0)
        return -1;
    object = (struct sw_s3_upload){.bucket = bucket_name, .key = key};
    if (trim > 0)
        return fetch_keys(net, cache, set, &object, err);
    return fetch_one(net, cache, set, &object, name, err);
}

static int fetch_web(struct fetch_net *net, const struct fetch_cache *cache, struct fetch_set *set,
                     struct sw_err *err)
{
    SW_AUTO_FREE char *name = NULL;

    if (net->transport == NULL && sw_transport_open_curl(NULL, &net->transport, err) < 0)
        return -1;
    if (fetch_base_name(set->uri, &name, err) < 0)
        return -1;
    return fetch_one(net, cache, set, NULL, name, err);
}

int fetch_from_net(struct fetch_net *net, const struct fetch_cache *cache, struct fetch_set *set,
                   struct sw_err *err)
{
    int rc;

    fetch_set_empty(set);
    rc = sw_is_s3_uri(set->uri) ? fetch_s3(net, cache, set, err) : fetch_web(net, cache, set, err);
    if (rc == 0) {
        fetch_set_sort(set);
        set->origin = FETCH_NET;
        rc = fetch_cache_note(cache, set, err);
    }
    if (rc < 0)
        fetch_set_empty(set);
    return rc;
}

int fetch_net_open(struct fetch_net *net, struct sw_progress *progress, struct sw_err *err)
{
    const char *most = getenv("SLIPWAY_FETCH_MAX");

    *net = (struct fetch_net){.progress = progress, .max_bytes = MAX_BYTES};
    if (most != NULL && most[0] != '\0' && sw_parse_bytes(most, "KMGT", &net->max_bytes) < 0)
        return sw_fail(err, SW_USAGE, "SLIPWAY_FETCH_MAX is '%s': it must be a number of bytes, such as 10G",
                       most);
    return 0;
}

void fetch_net_close(struct fetch_net *net)
{
    sw_cloud_close(net->cloud);
    sw_transport_close(net->transport);
}
