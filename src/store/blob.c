/* Blobs: regular files named by the SHA-256 of their bytes, which appear whole and durable. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Not read-only: skopeo writes a manifest again that is there already. */
enum { BLOB_MODE = 0644, HASH_CHUNK = 1 << 20 };

bool store_is_hex(const char *text)
{
    size_t n = strspn(text, "0123456789abcdef");

    return n == SW_STORE_HEX - 1 && text[n] == '\0';
}

int store_digest_hex(const char *text, char hex[SW_STORE_HEX])
{
    static const char prefix[] = "sha256:";

    if (text == NULL || strncmp(text, prefix, sizeof(prefix) - 1) != 0 ||
        !store_is_hex(text + sizeof(prefix) - 1))
        return -1;
    memcpy(hex, text + sizeof(prefix) - 1, SW_STORE_HEX);
    return 0;
}

int store_file_size(const struct sw_store *store, const char *file, uint64_t *size_bytes, struct sw_err *err)
{
    struct stat st;

    if (store->blobs_fd < 0)
        return 0;
    if (fstatat(store->blobs_fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : sw_fail_errno(err, "cannot look at blob '%s'", file);
    if (!S_ISREG(st.st_mode))
        return sw_fail(err, SW_INTEGRITY, "blob '%s' is not a regular file", file);
    *size_bytes = (uint64_t)st.st_size;
    return 1;
}

/* The file as it lies there. */
static int open_file(const struct sw_store *store, const char *file, struct sw_in **out, struct sw_err *err)
{
    SW_AUTO_FREE char *name = sw_strf(err, "%s/%s/%s", store->dir, store_blobs(store), file);
    int fd;

    if (name == NULL)
        return -1;
    fd = openat(store->blobs_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", name);
    return sw_in_open_fd(fd, name, out, err);
}

int store_file_open(const struct sw_store *store, const char *file, struct sw_in **out, struct sw_err *err)
{
    struct sw_in *sealed = NULL;

    if (!store->sealed)
        return open_file(store, file, out, err);
    if (store_check_unlocked(store, err) < 0 || open_file(store, file, &sealed, err) < 0)
        return -1;
    *out = sw_vault_in(store->vault, file, sealed, err);
    return *out != NULL ? 0 : -1;
}

/* A message that is cut below its header has no size, and is as good as missing. */
static int plain_size(const struct sw_store *store, const char *file, uint64_t *size_bytes,
                      struct sw_err *err)
{
    struct sw_err why = {.code = SW_OK};
    struct sw_in *sealed = NULL;

    if (open_file(store, file, &sealed, err) < 0)
        return -1;
    if (sw_vault_plain_bytes(sealed, size_bytes, &why) < 0)
        *size_bytes = UINT64_MAX;
    sw_in_close(sealed);
    return 1;
}

int store_blob_size(const struct sw_store *store, const char *hex, uint64_t *size_bytes, struct sw_err *err)
{
    char file[SW_STORE_HEX];
    int there;

    if (store_blob_file(store, hex, file, err) < 0)
        return -1;
    there = store_file_size(store, file, size_bytes, err);
    return there == 1 && store->sealed ? plain_size(store, file, size_bytes, err) : there;
}

int store_blob_open(const struct sw_store *store, const char *hex, struct sw_in **out, struct sw_err *err)
{
    char file[SW_STORE_HEX];
    uint64_t size_bytes;
    int there;

    if (store_blob_file(store, hex, file, err) < 0)
        return -1;
    there = store_file_size(store, file, &size_bytes, err);
    if (there < 0)
        return -1;
    if (there == 0)
        return sw_fail(err, SW_INTEGRITY, "blob '%s' is missing in the store '%s'", hex, store->dir);
    return store_file_open(store, file, out, err);
}

int store_hash(struct sw_in *in, struct store_hashing *count, char hex[SW_STORE_HEX], struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    SW_AUTO_FREE uint8_t *chunk = sw_calloc(1, HASH_CHUNK, err);
    uint8_t bytes[SW_SHA256_BYTES];

    if (digest == NULL || chunk == NULL)
        return -1;
    for (uint64_t off = 0; off < in->size_bytes;) {
        size_t n = in->size_bytes - off < HASH_CHUNK ? (size_t)(in->size_bytes - off) : HASH_CHUNK;

        if (sw_check_interrupt(err) < 0 || sw_in_read(in, chunk, n, off, err) < 0 ||
            sw_digest_update(digest, chunk, n, err) < 0)
            return -1;
        off += n;
        count->done_bytes += n;
        sw_progress_tick(count->progress, count->done_bytes, count->total_bytes);
    }
    if (sw_digest_final(digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    return 0;
}

struct blob_out {
    struct sw_out base; /* its fd is -1 where the store is sealed */
    struct sw_store *store;
    struct sw_tmp tmp;
    struct sw_out *object; /* that seals what is written; NULL in a plain store */
    char *name;            /* for messages */
};

static int blob_commit(struct sw_out *out, struct sw_err *err)
{
    char hex[SW_STORE_HEX];
    uint64_t size_bytes;

    return store_blob_publish(out, hex, &size_bytes, err);
}

static void blob_close(struct sw_out *out)
{
    struct blob_out *blob = (struct blob_out *)out;

    sw_out_close(blob->object);
    sw_tmp_close(&blob->tmp);
    free(blob->name);
    free(blob);
}

static const struct sw_out_ops blob_ops = {
    .write = sw_fd_out_write,
    .pwrite = sw_fd_out_pwrite,
    .truncate = sw_fd_out_truncate,
    .commit = blob_commit,
    .close = blob_close,
};

static int sealed_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return sw_out_pwrite(((struct blob_out *)out)->object, buf, len, out->pos, err);
}

static int sealed_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    return sw_out_pwrite(((struct blob_out *)out)->object, buf, len, off, err);
}

static int sealed_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    return sw_out_truncate(((struct blob_out *)out)->object, size_bytes, err);
}

static const struct sw_out_ops sealed_blob_ops = {
    .write = sealed_write,
    .pwrite = sealed_pwrite,
    .truncate = sealed_truncate,
    .commit = blob_commit,
    .close = blob_close,
};

/* The file itself, lent to the object that writes to it: the blob closes it. */
static void file_close(struct sw_out *out)
{
    free(out);
}

static const struct sw_out_ops file_ops = {
    .write = sw_fd_out_write,
    .pwrite = sw_fd_out_pwrite,
    .truncate = sw_fd_out_truncate,
    .close = file_close,
};

static int begin_object(struct blob_out *blob, struct sw_err *err)
{
    struct sw_out *file = sw_calloc(1, sizeof(*file), err);

    if (file == NULL)
        return -1;
    *file = (struct sw_out){.ops = &file_ops, .fd = blob->tmp.fd, .name = blob->name};
    blob->base.ops = &sealed_blob_ops;
    blob->object = sw_vault_out(blob->store->vault, file, err);
    return blob->object != NULL ? 0 : -1;
}

int store_blob_create(struct sw_store *store, struct sw_out **out, struct sw_err *err)
{
    struct blob_out *blob;

    if (store_check_unlocked(store, err) < 0)
        return -1;
    blob = sw_calloc(1, sizeof(*blob), err);
    if (blob == NULL)
        return -1;
    blob->base = (struct sw_out){.ops = &blob_ops, .fd = -1};
    blob->store = store;
    blob->name = sw_strf(err, "%s/%s/(new blob)", store->dir, store_blobs(store));
    blob->base.name = blob->name;
    blob->tmp =
        (struct sw_tmp){.dir_fd = store->blobs_fd, .folder = ".", .stem = "", .what = blob->name, .fd = -1};
    if (blob->name == NULL || sw_tmp_open(&blob->tmp, BLOB_MODE, err) < 0 ||
        (store->sealed && begin_object(blob, err) < 0)) {
        blob_close(&blob->base);
        return -1;
    }
    if (!store->sealed)
        blob->base.fd = blob->tmp.fd;
    *out = &blob->base;
    return 0;
}

/* A blob of that name whose bytes cannot be right: ours takes its place. */
static int replace(struct blob_out *blob, const char *file, struct sw_err *err)
{
    int dir = blob->store->blobs_fd;

    if (sw_tmp_give_name(&blob->tmp, err) < 0)
        return -1;
    if (renameat(dir, blob->tmp.name, dir, file) < 0)
        return sw_fail_errno(err, "cannot rename a new blob to '%s'", file);
    sw_tmp_named(&blob->tmp);
    return 0;
}

/* The bytes are on the disk; now the name. */
static int give_name(struct blob_out *blob, const char *hex, uint64_t size_bytes, struct sw_err *err)
{
    char file[SW_STORE_HEX];
    uint64_t there_bytes = 0;
    int there;

    if (store_blob_file(blob->store, hex, file, err) < 0)
        return -1;
    if (sw_tmp_link(&blob->tmp, file) == 0)
        return 0;
    /* No hard links on this file system: replacing by the same bytes does no harm. */
    if (blob->tmp.name != NULL && (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS))
        return replace(blob, file, err);
    if (errno != EEXIST)
        return sw_fail_errno(err, "cannot name blob '%s'", file);
    there = store_blob_size(blob->store, hex, &there_bytes, err);
    if (there < 0)
        return -1;
    return there == 1 && there_bytes == size_bytes ? 0 : replace(blob, file, err);
}

static int digest_plain(const struct blob_out *blob, char hex[SW_STORE_HEX], uint64_t *size_bytes,
                        struct sw_err *err)
{
    struct store_hashing count = {0};
    struct sw_in *in = NULL;
    int fd = fcntl(blob->tmp.fd, F_DUPFD_CLOEXEC, 0), rc;

    if (fd < 0)
        return sw_fail_errno(err, "cannot read '%s' again", blob->name);
    if (sw_in_open_fd(fd, blob->name, &in, err) < 0)
        return -1;
    *size_bytes = in->size_bytes;
    rc = store_hash(in, &count, hex, err);
    sw_in_close(in);
    return rc;
}

/* The name is a part of the message, so the message ends with it. */
static int digest_sealed(const struct blob_out *blob, char hex[SW_STORE_HEX], uint64_t *size_bytes,
                         struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];
    char file[SW_STORE_HEX];

    if (sw_vault_out_finish(blob->object, digest, size_bytes, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), hex);
    if (store_blob_file(blob->store, hex, file, err) < 0)
        return -1;
    return sw_vault_out_name(blob->object, file, err);
}

int store_blob_publish(struct sw_out *out, char hex[SW_STORE_HEX], uint64_t *size_bytes, struct sw_err *err)
{
    struct blob_out *blob = (struct blob_out *)out;

    if (blob->object != NULL && digest_sealed(blob, hex, size_bytes, err) < 0)
        return -1;
    if (fsync(blob->tmp.fd) < 0)
        return sw_fail_errno(err, "cannot sync '%s'", out->name);
    if (blob->object == NULL && digest_plain(blob, hex, size_bytes, err) < 0)
        return -1;
    if (give_name(blob, hex, *size_bytes, err) < 0)
        return -1;
    if (fsync(blob->store->blobs_fd) < 0 && errno != EINVAL)
        return sw_fail_errno(err, "cannot sync the folder of '%s'", out->name);
    return 0;
}

int store_blob_put(struct sw_store *store, const char *text, char hex[SW_STORE_HEX], struct sw_err *err)
{
    struct sw_out *out = NULL;
    uint64_t size_bytes;
    int rc;

    if (store_blob_create(store, &out, err) < 0)
        return -1;
    rc = sw_out_write(out, text, strlen(text), err);
    if (rc == 0)
        rc = store_blob_publish(out, hex, &size_bytes, err);
    sw_out_close(out);
    return rc;
}

int store_blob_text(const struct sw_store *store, const char *hex, struct sw_buf *out, struct sw_err *err)
{
    struct sw_in *in = NULL;
    uint8_t digest[SW_SHA256_BYTES];
    char found[SW_STORE_HEX];
    int rc = -1;

    if (store_blob_open(store, hex, &in, err) < 0)
        return -1;
    if (in->size_bytes > STORE_MANIFEST_MAX)
        sw_fail(err, SW_INTEGRITY, "blob '%s' is larger than %d bytes", hex, STORE_MANIFEST_MAX);
    else if (sw_buf_reserve(out, (size_t)in->size_bytes, err) == 0)
        rc = sw_in_read(in, out->data, (size_t)in->size_bytes, 0, err);
    if (rc == 0) {
        out->len = (size_t)in->size_bytes;
        out->data[out->len] = '\0';
    }
    sw_in_close(in);
    if (rc < 0 || sw_sha256(out->data, out->len, digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), found);
    if (strcmp(found, hex) != 0)
        return sw_fail(err, SW_INTEGRITY, "blob '%s' is damaged: its digest is %s", hex, found);
    return 0;
}
