/* Reads a bundle; everything in it may come from anybody. */
#include "src/store/bundle.h"

#include "src/base/fs.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* ---- A tar, member by member ---------------------------------------------------------------------------------- */

static int tar_damaged(const struct sw_bundle *bundle, struct archive *tar, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s' is no whole tar: %s", bundle->path, archive_error_string(tar));
}

static struct archive *open_tar(const struct sw_bundle *bundle, struct sw_err *err)
{
    struct archive *tar = archive_read_new();

    if (tar == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    if (archive_read_support_format_tar(tar) == ARCHIVE_OK &&
        archive_read_open_filename(tar, bundle->path, BUNDLE_CHUNK) == ARCHIVE_OK)
        return tar;
    sw_fail(err, SW_USAGE, "'%s' is neither a folder nor a tar: %s", bundle->path, archive_error_string(tar));
    archive_read_free(tar);
    return NULL;
}

/* 1 and the next regular file, 0 at the end. A name may begin with "./". */
static int next_member(const struct sw_bundle *bundle, struct archive *tar, const char **name, uint64_t *size,
                       struct sw_err *err)
{
    struct archive_entry *entry;

    for (;;) {
        int rc = archive_read_next_header(tar, &entry);

        if (rc == ARCHIVE_EOF)
            return 0;
        if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
            return tar_damaged(bundle, tar, err);
        *name = archive_entry_pathname(entry);
        if (*name == NULL || archive_entry_filetype(entry) != AE_IFREG ||
            archive_entry_hardlink(entry) != NULL || archive_entry_size(entry) < 0)
            continue;
        *name += strncmp(*name, "./", 2) == 0 ? 2 : 0;
        *size = (uint64_t)archive_entry_size(entry);
        return 1;
    }
}

static int read_member(const struct sw_bundle *bundle, struct archive *tar, uint64_t size, struct sw_buf *out,
                       struct sw_err *err)
{
    if (size > BUNDLE_INDEX_MAX)
        return sw_fail(err, SW_INTEGRITY, "'%s': a document of %llu bytes", bundle->path,
                       (unsigned long long)size);
    if (sw_buf_reserve(out, (size_t)size + 1, err) < 0)
        return -1;
    if (archive_read_data(tar, out->data, (size_t)size) != (la_ssize_t)size)
        return tar_damaged(bundle, tar, err);
    out->len = (size_t)size;
    out->data[size] = '\0';
    return 0;
}

static int find_in_tar(const struct sw_bundle *bundle, const char *wanted, struct sw_buf *out,
                       struct sw_err *err)
{
    struct archive *tar = open_tar(bundle, err);
    const char *name;
    uint64_t size;
    int rc;

    if (tar == NULL)
        return -1;
    while ((rc = next_member(bundle, tar, &name, &size, err)) > 0) {
        if (strcmp(name, wanted) != 0)
            continue;
        rc = read_member(bundle, tar, size, out, err);
        archive_read_free(tar);
        return rc;
    }
    archive_read_free(tar);
    if (rc < 0)
        return -1;
    return sw_fail(err, SW_USAGE, "'%s' is no bundle: it has no '%s'", bundle->path, wanted);
}

/* ---- Documents ------------------------------------------------------------------------------------------------- */

static int read_document(const struct sw_bundle *bundle, const char *name, struct sw_buf *out,
                         struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;

    if (bundle->is_tar)
        return find_in_tar(bundle, name, out, err);
    path = sw_path_join(bundle->path, name, err);
    if (path == NULL)
        return -1;
    if (!sw_path_exists(path))
        return sw_fail(err, SW_USAGE, "'%s' is no bundle: it has no '%s'", bundle->path, name);
    return sw_read_file(path, BUNDLE_INDEX_MAX, out, err);
}

/* The manifest's descriptor: the first of the index that is a bundle's. */
static int read_index(const struct sw_bundle *bundle, struct store_descriptor *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_JSON json_t *index = NULL;
    const json_t *entry;
    size_t i;

    if (read_document(bundle, STORE_INDEX, &text, err) < 0)
        return -1;
    index = store_index_parse(text.data != NULL ? text.data : "", text.len, err);
    if (index == NULL)
        return -1;
    json_array_foreach (json_object_get(index, "manifests"), i, entry) {
        const char *type = sw_json_text(entry, "artifactType");

        if (type == NULL || strcmp(type, BUNDLE_MEDIA_TYPE) != 0)
            continue;
        if (store_descriptor_parse(entry, out, err) < 0)
            return -1;
        out->media_type = NULL; /* it goes with the index */
        return 0;
    }
    return sw_fail(err, SW_USAGE, "'%s' is no bundle: its index names no %s", bundle->path,
                   BUNDLE_MEDIA_TYPE);
}

static int check_digest(const struct store_descriptor *what, const struct sw_buf *text, struct sw_err *err)
{
    uint8_t bytes[SW_SHA256_BYTES];
    char hex[SW_STORE_HEX];

    if (sw_sha256(text->data != NULL ? text->data : "", text->len, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    if (text->len != what->size_bytes || strcmp(hex, what->hex) != 0)
        return sw_fail(err, SW_INTEGRITY, "the manifest '%s' does not have that digest", what->hex);
    return 0;
}

/* A copy that the bundle owns; *out stays NULL for a missing text. */
static int take_text(const char *text, const char **out, struct sw_err *err)
{
    *out = text != NULL ? sw_strdup(text, err) : NULL;
    return text == NULL || *out != NULL ? 0 : -1;
}

static int add_file(struct sw_bundle *bundle, const json_t *layer, struct sw_err *err)
{
    struct sw_bundle_file *file = &bundle->files[bundle->n];
    const json_t *notes = json_object_get(layer, "annotations");
    const char *source = sw_json_text(notes, BUNDLE_SOURCE), *name = sw_json_text(notes, BUNDLE_NAME);
    const char *insecure = sw_json_text(notes, BUNDLE_INSECURE);
    struct store_descriptor what;

    if (store_descriptor_parse(layer, &what, err) < 0)
        return -1;
    if (source == NULL)
        return sw_fail(err, SW_INTEGRITY, "layer '%s' has no '%s'", what.hex, BUNDLE_SOURCE);
    if (name != NULL && !sw_is_relative_path(name))
        return sw_fail(err, SW_INTEGRITY, "layer '%s' has a name that leads out of its folder", what.hex);
    *file = (struct sw_bundle_file){.size_bytes = what.size_bytes,
                                    .insecure = insecure != NULL && strcmp(insecure, "true") == 0};
    memcpy(file->sha256, what.hex, sizeof(file->sha256));
    bundle->n++;
    if (take_text(source, &file->source, err) < 0 || take_text(name, &file->name, err) < 0)
        return -1;
    if (!bundle->is_tar)
        file->path = sw_strf(err, "%s/" STORE_BLOBS "/%s", bundle->path, file->sha256);
    return bundle->is_tar || file->path != NULL ? 0 : -1;
}

static int add_files(struct sw_bundle *bundle, const json_t *layers, struct sw_err *err)
{
    const json_t *layer;
    size_t i;

    if (!json_is_array(layers) || json_array_size(layers) > SW_BUNDLE_FILES_MAX)
        return sw_fail(err, SW_INTEGRITY, "'layers' of the manifest is no array of at most %d",
                       (int)SW_BUNDLE_FILES_MAX);
    bundle->files = sw_calloc(json_array_size(layers) + 1, sizeof(*bundle->files), err);
    if (bundle->files == NULL)
        return -1;
    json_array_foreach (layers, i, layer) {
        if (add_file(bundle, layer, err) < 0)
            return -1;
    }
    return 0;
}

int bundle_parse(struct sw_bundle *bundle, const char *text, size_t len, struct sw_err *err)
{
    SW_AUTO_JSON json_t *manifest = sw_json_parse(text, len, "the manifest", err);

    return manifest != NULL ? add_files(bundle, json_object_get(manifest, "layers"), err) : -1;
}

static int read_manifest(struct sw_bundle *bundle, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_FREE char *name = NULL;
    struct store_descriptor what;

    if (read_index(bundle, &what, err) < 0)
        return -1;
    name = sw_strf(err, STORE_BLOBS "/%s", what.hex);
    if (name == NULL || read_document(bundle, name, &text, err) < 0 || check_digest(&what, &text, err) < 0)
        return -1;
    return bundle_parse(bundle, text.data != NULL ? text.data : "", text.len, err);
}

int sw_bundle_open(const char *path, struct sw_bundle **out, struct sw_err *err)
{
    struct sw_bundle *bundle = sw_calloc(1, sizeof(*bundle), err);
    struct stat st;

    if (bundle == NULL)
        return -1;
    bundle->path = sw_strdup(path, err);
    if (bundle->path == NULL || stat(path, &st) < 0) {
        if (bundle->path != NULL)
            sw_fail_errno(err, "cannot open the bundle '%s'", path);
        sw_bundle_close(bundle);
        return -1;
    }
    bundle->is_tar = !S_ISDIR(st.st_mode);
    if (read_manifest(bundle, err) < 0) {
        sw_bundle_close(bundle);
        return sw_context(err, "bundle '%s'", path);
    }
    *out = bundle;
    return 0;
}

void sw_bundle_close(struct sw_bundle *bundle)
{
    if (bundle == NULL)
        return;
    for (size_t i = 0; i < bundle->n; i++) {
        free((char *)(uintptr_t)bundle->files[i].source);
        free((char *)(uintptr_t)bundle->files[i].name);
        free((char *)(uintptr_t)bundle->files[i].path);
    }
    free(bundle->files);
    free(bundle->path);
    free(bundle);
}

const struct sw_bundle_file *sw_bundle_files(const struct sw_bundle *bundle, size_t *n)
{
    *n = bundle->n;
    return bundle->files;
}

/* ---- Taking files out of a tar ----------------------------------------------------------------------------------- */

static int copy_member(const struct sw_bundle *bundle, struct archive *tar, uint64_t size, struct sw_out *out,
                       char hex[SW_STORE_HEX], struct sw_err *err)
{
    SW_AUTO_FREE char *chunk = sw_calloc(1, BUNDLE_CHUNK, err);
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    uint8_t bytes[SW_SHA256_BYTES];

    if (chunk == NULL || digest == NULL)
        return -1;
    while (size > 0) {
        size_t n = size < BUNDLE_CHUNK ? (size_t)size : BUNDLE_CHUNK;

        if (sw_check_interrupt(err) < 0)
            return -1;
        if (archive_read_data(tar, chunk, n) != (la_ssize_t)n)
            return tar_damaged(bundle, tar, err);
        if (sw_digest_update(digest, chunk, n, err) < 0 || sw_out_write(out, chunk, n, err) < 0)
            return -1;
        size -= n;
    }
    if (sw_digest_final(digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    return 0;
}

static int take_member(const struct sw_bundle *bundle, struct archive *tar, const struct sw_bundle_file *file,
                       struct sw_bundle_taker *taker, struct sw_err *err)
{
    struct sw_out *out = NULL;
    char hex[SW_STORE_HEX];
    int rc;

    if (taker->begin(taker, file->sha256, file->size_bytes, &out, err) < 0)
        return -1;
    if (out == NULL)
        return 0;
    rc = copy_member(bundle, tar, file->size_bytes, out, hex, err);
    if (rc == 0 && strcmp(hex, file->sha256) != 0)
        rc = sw_fail(err, SW_INTEGRITY, "'%s': the file '%s' does not have that digest", bundle->path,
                     file->sha256);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

/* The listed file that a member holds, or NULL. */
static const struct sw_bundle_file *member_file(const struct sw_bundle *bundle, const char *name,
                                                uint64_t size)
{
    size_t skip = strlen(STORE_BLOBS "/");

    if (strncmp(name, STORE_BLOBS "/", skip) != 0)
        return NULL;
    for (size_t i = 0; i < bundle->n; i++)
        if (strcmp(bundle->files[i].sha256, name + skip) == 0 && bundle->files[i].size_bytes == size)
            return &bundle->files[i];
    return NULL;
}

int sw_bundle_take(struct sw_bundle *bundle, struct sw_bundle_taker *taker, struct sw_err *err)
{
    struct archive *tar;
    const char *name;
    uint64_t size;
    int rc;

    if (!bundle->is_tar)
        return 0;
    tar = open_tar(bundle, err);
    if (tar == NULL)
        return -1;
    while ((rc = next_member(bundle, tar, &name, &size, err)) > 0) {
        const struct sw_bundle_file *file = member_file(bundle, name, size);

        if (file != NULL && take_member(bundle, tar, file, taker, err) < 0) {
            rc = -1;
            break;
        }
    }
    archive_read_free(tar);
    return rc;
}
