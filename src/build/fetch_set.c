/* A source and its files. */
#include "src/build/fetch_set.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <string.h>

static void free_text(const char *text)
{
    free((char *)(uintptr_t)text);
}

void fetch_set_empty(struct fetch_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        free_text(set->files[i].name);
        free_text(set->files[i].path);
    }
    free(set->files);
    set->files = NULL;
    set->n = 0;
    set->origin = FETCH_NOWHERE;
}

void fetch_set_clear(struct fetch_set *set)
{
    fetch_set_empty(set);
    free(set->uri);
    free(set->shown);
    free(set->owner);
    free(set->why);
    *set = (struct fetch_set){.uri = NULL};
}

int fetch_set_add(struct fetch_set *set, const struct sw_remote_file *file, struct sw_err *err)
{
    struct sw_remote_file *grown, *slot;

    if (set->n == FETCH_OBJECTS_MAX)
        return sw_fail(err, SW_FAILED, "'%s' stands for more than %d files", set->uri,
                       (int)FETCH_OBJECTS_MAX);
    grown = reallocarray(set->files, set->n + 1, sizeof(*grown));
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    set->files = grown;
    slot = &grown[set->n++];
    *slot = *file;
    slot->name = file->name != NULL ? sw_strdup(file->name, err) : NULL;
    slot->path = file->path != NULL ? sw_strdup(file->path, err) : NULL;
    return (file->name == NULL || slot->name != NULL) && (file->path == NULL || slot->path != NULL) ? 0 : -1;
}

static int by_name(const void *a, const void *b)
{
    const struct sw_remote_file *x = a, *y = b;

    return strcmp(x->name != NULL ? x->name : "", y->name != NULL ? y->name : "");
}

void fetch_set_sort(struct fetch_set *set)
{
    if (set->n > 1)
        qsort(set->files, set->n, sizeof(*set->files), by_name);
}

bool fetch_is_prefix(const char *uri)
{
    size_t len = strlen(uri);

    return sw_is_s3_uri(uri) && len > 2 && strcmp(uri + len - 2, "/*") == 0;
}

int fetch_base_name(const char *uri, char **out, struct sw_err *err)
{
    const char *host = strstr(uri, "://") + 3;
    size_t len = sw_is_s3_uri(uri) ? strlen(uri) : strcspn(uri, "?#");
    const char *slash = memrchr(uri, '/', len);
    SW_AUTO_FREE char *name = NULL;
    size_t n = 0;

    *out = NULL;
    if (slash < host)
        return 0;
    name = sw_strf(err, "%.*s", (int)(uri + len - slash - 1), slash + 1);
    if (name == NULL)
        return -1;
    /* S3's keys are not encoded. */
    for (const char *at = name; *at != '\0'; at++) {
        bool coded =
            !sw_is_s3_uri(uri) && at[0] == '%' && sw_hex_digit(at[1]) >= 0 && sw_hex_digit(at[2]) >= 0;

        name[n++] = coded ? (char)(sw_hex_digit(at[1]) * 16 + sw_hex_digit(at[2])) : *at;
        at += coded ? 2 : 0;
    }
    if (memchr(name, '\0', n) != NULL || memchr(name, '/', n) != NULL)
        return 0;
    name[n] = '\0';
    if (sw_is_relative_path(name))
        *out = SW_STEAL_PTR(name);
    return 0;
}

int fetch_hash_file(const char *path, enum sw_hash hash, char *hex, uint64_t *size_bytes, struct sw_err *err)
{
    enum { CHUNK = 1 << 20 };
    SW_AUTO_FREE char *chunk = sw_calloc(1, CHUNK, err);
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new_of(hash, err);
    uint8_t bytes[SW_HASH_BYTES_MAX];
    struct sw_in *in = NULL;
    int rc = 0;

    if (chunk == NULL || digest == NULL || sw_in_open_file(path, &in, err) < 0)
        return -1;
    for (uint64_t at = 0; rc == 0 && at < in->size_bytes;) {
        size_t n = in->size_bytes - at < CHUNK ? (size_t)(in->size_bytes - at) : CHUNK;

        rc = sw_check_interrupt(err);
        if (rc == 0)
            rc = sw_in_read(in, chunk, n, at, err);
        if (rc == 0)
            rc = sw_digest_update(digest, chunk, n, err);
        at += n;
    }
    if (size_bytes != NULL)
        *size_bytes = in->size_bytes;
    sw_in_close(in);
    if (rc < 0 || sw_digest_final(digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sw_hash_bytes(hash), hex);
    return 0;
}
