/* Writes a bundle: an OCI layout of one artifact, into a folder or a tar. */
#include "src/store/bundle.h"

#include "src/base/fs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

/* Where the members go: one of the two is set. */
struct writer {
    const char *dir;
    struct archive *tar;
    struct sw_out *out; /* behind the tar */
    struct sw_err *err; /* of the tar's own writing */
};

/* A small member. */
struct text {
    char *name, *bytes;
    char hex[SW_STORE_HEX];
};

static void text_free(struct text *text)
{
    free(text->name);
    free(text->bytes);
}

/* ---- Documents ----------------------------------------------------------------------------------------------- */

static int digest_text(const char *text, char hex[SW_STORE_HEX], struct sw_err *err)
{
    uint8_t bytes[SW_SHA256_BYTES];

    if (sw_sha256(text, strlen(text), bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    return 0;
}

static json_t *describe_file(const struct sw_bundle_file *file, struct sw_err *err)
{
    SW_AUTO_JSON json_t *layer =
        store_descriptor_json(BUNDLE_MEDIA_FILE, file->sha256, file->size_bytes, err);
    json_t *notes = json_object();
    const char *title = sw_path_base(file->name != NULL ? file->name : file->source);

    if (layer == NULL) {
        json_decref(notes);
        return NULL;
    }
    if (sw_json_set(layer, "annotations", notes, err) < 0 ||
        sw_json_set(notes, BUNDLE_SOURCE, json_string(file->source), err) < 0 ||
        (file->name != NULL && sw_json_set(notes, BUNDLE_NAME, json_string(file->name), err) < 0) ||
        (file->insecure && sw_json_set(notes, BUNDLE_INSECURE, json_string("true"), err) < 0) ||
        (title[0] != '\0' && sw_json_set(notes, BUNDLE_TITLE, json_string(title), err) < 0))
        return NULL;
    return SW_STEAL_PTR(layer);
}

static json_t *describe_files(const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    SW_AUTO_JSON json_t *layers = json_array();

    for (size_t i = 0; i < n; i++)
        if (sw_json_append(layers, describe_file(&files[i], err), err) < 0)
            return NULL;
    return SW_STEAL_PTR(layers);
}

static json_t *make_manifest(const struct sw_bundle_file *files, size_t n, const char *config_hex,
                             struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "schemaVersion", json_integer(2), err) < 0 ||
        sw_json_set(json, "mediaType", json_string(STORE_MEDIA_MANIFEST), err) < 0 ||
        sw_json_set(json, "artifactType", json_string(BUNDLE_MEDIA_TYPE), err) < 0 ||
        sw_json_set(json, "config", store_descriptor_json(BUNDLE_MEDIA_EMPTY, config_hex, 2, err), err) < 0 ||
        sw_json_set(json, "layers", describe_files(files, n, err), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

static json_t *make_index(const struct text *manifest, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();
    json_t *entry = store_descriptor_json(STORE_MEDIA_MANIFEST, manifest->hex, strlen(manifest->bytes), err);

    if (entry == NULL)
        return NULL;
    if (sw_json_set(entry, "artifactType", json_string(BUNDLE_MEDIA_TYPE), err) < 0) {
        json_decref(entry);
        return NULL;
    }
    if (sw_json_set(json, "schemaVersion", json_integer(2), err) < 0 ||
        sw_json_set(json, "mediaType", json_string(STORE_MEDIA_INDEX), err) < 0 ||
        sw_json_set(json, "manifests", json_array(), err) < 0) {
        json_decref(entry);
        return NULL;
    }
    return sw_json_append(json_object_get(json, "manifests"), entry, err) == 0 ? SW_STEAL_PTR(json) : NULL;
}

/* Takes the reference of json. name NULL: it is a blob. */
static int fill_text(struct text *text, const char *name, json_t *json, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = json;

    text->bytes = owned != NULL ? sw_json_canonical(owned, err) : NULL;
    if (text->bytes == NULL || digest_text(text->bytes, text->hex, err) < 0)
        return -1;
    text->name = name != NULL ? sw_strdup(name, err) : sw_strf(err, STORE_BLOBS "/%s", text->hex);
    return text->name != NULL ? 0 : -1;
}

/* ---- Members -------------------------------------------------------------------------------------------------- */

static int tar_failed(const struct writer *w, struct sw_err *err)
{
    if (w->err->code != SW_OK) {
        *err = *w->err;
        return -1;
    }
    return sw_fail(err, SW_FAILED, "cannot write the tar: %s", archive_error_string(w->tar));
}

static int begin_member(const struct writer *w, const char *name, uint64_t size_bytes, struct sw_err *err)
{
    struct archive_entry *entry = archive_entry_new();
    int rc;

    if (entry == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (int64_t)size_bytes);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    rc = archive_write_header(w->tar, entry) == ARCHIVE_OK ? 0 : tar_failed(w, err);
    archive_entry_free(entry);
    return rc;
}

/* A writer's member of this size: *out is a file's, and NULL for a tar. */
static int open_member(const struct writer *w, const char *name, uint64_t size_bytes, struct sw_out **out,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *path = NULL;

    *out = NULL;
    if (w->tar != NULL)
        return begin_member(w, name, size_bytes, err);
    path = sw_path_join(w->dir, name, err);
    return path != NULL ? sw_out_create_file(path, 0644, out, err) : -1;
}

static int write_member(const struct writer *w, struct sw_out *out, const void *bytes, size_t len,
                        struct sw_err *err)
{
    if (out != NULL)
        return sw_out_write(out, bytes, len, err);
    return archive_write_data(w->tar, bytes, len) == (la_ssize_t)len ? 0 : tar_failed(w, err);
}

static int put_text(const struct writer *w, const char *name, const char *bytes, struct sw_err *err)
{
    struct sw_out *out;
    int rc;

    if (open_member(w, name, strlen(bytes), &out, err) < 0)
        return -1;
    rc = write_member(w, out, bytes, strlen(bytes), err);
    if (rc == 0 && out != NULL)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

static int copy_checked(const struct writer *w, struct sw_in *in, struct sw_out *out,
                        const struct sw_bundle_file *file, struct sw_err *err)
{
    SW_AUTO_FREE char *chunk = sw_calloc(1, BUNDLE_CHUNK, err);
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    uint8_t bytes[SW_SHA256_BYTES];
    char hex[SW_STORE_HEX];

    if (chunk == NULL || digest == NULL)
        return -1;
    for (uint64_t at = 0; at < file->size_bytes;) {
        size_t n = file->size_bytes - at < BUNDLE_CHUNK ? (size_t)(file->size_bytes - at) : BUNDLE_CHUNK;

        if (sw_check_interrupt(err) < 0 || sw_in_read(in, chunk, n, at, err) < 0 ||
            sw_digest_update(digest, chunk, n, err) < 0 || write_member(w, out, chunk, n, err) < 0)
            return -1;
        at += n;
    }
    if (sw_digest_final(digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    if (in->size_bytes != file->size_bytes || strcmp(hex, file->sha256) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' is not what it was: its SHA-256 differs", in->name);
    return 0;
}

static int put_file(const struct writer *w, const struct sw_bundle_file *file, struct sw_err *err)
{
    SW_AUTO_FREE char *name = sw_strf(err, STORE_BLOBS "/%s", file->sha256);
    struct sw_in *in = NULL;
    struct sw_out *out = NULL;
    int rc;

    if (name == NULL || sw_in_open_file(file->path, &in, err) < 0)
        return -1;
    rc = open_member(w, name, file->size_bytes, &out, err);
    if (rc == 0)
        rc = copy_checked(w, in, out, file, err);
    if (rc == 0 && out != NULL)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    sw_in_close(in);
    return rc;
}

static int by_digest(const void *a, const void *b)
{
    const struct sw_bundle_file *const *x = a, *const *y = b;

    return strcmp((*x)->sha256, (*y)->sha256);
}

/* Each blob once, in the order of their names. */
static int put_files(const struct writer *w, const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    SW_AUTO_FREE const struct sw_bundle_file **sorted = sw_calloc(n + 1, sizeof(*sorted), err);

    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &files[i];
    qsort(sorted, n, sizeof(*sorted), by_digest);
    for (size_t i = 0; i < n; i++)
        if ((i == 0 || strcmp(sorted[i]->sha256, sorted[i - 1]->sha256) != 0) &&
            put_file(w, sorted[i], err) < 0)
            return -1;
    return 0;
}

/* A tar begins with what a reader looks for first; a folder gets its index last, when all that it names is there. */
static int put_all(const struct writer *w, const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    SW_CLEANUP(text_free) struct text config = {NULL, NULL, ""};
    SW_CLEANUP(text_free) struct text manifest = {NULL, NULL, ""};
    SW_CLEANUP(text_free) struct text index = {NULL, NULL, ""};

    if (fill_text(&config, NULL, json_object(), err) < 0 ||
        fill_text(&manifest, NULL, make_manifest(files, n, config.hex, err), err) < 0 ||
        fill_text(&index, STORE_INDEX, make_index(&manifest, err), err) < 0 ||
        put_text(w, STORE_LAYOUT, BUNDLE_LAYOUT_TEXT, err) < 0 ||
        (w->tar != NULL && put_text(w, index.name, index.bytes, err) < 0) ||
        put_text(w, manifest.name, manifest.bytes, err) < 0 ||
        put_text(w, config.name, config.bytes, err) < 0 || put_files(w, files, n, err) < 0)
        return -1;
    return w->tar != NULL ? 0 : put_text(w, index.name, index.bytes, err);
}

/* ---- A folder and a tar ----------------------------------------------------------------------------------------- */

static int write_folder(const char *path, const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    SW_AUTO_FREE char *blobs = sw_path_join(path, STORE_BLOBS, err);
    SW_AUTO_FREE char *layout = sw_path_join(path, STORE_LAYOUT, err);
    const struct writer w = {.dir = path};

    if (blobs == NULL || layout == NULL)
        return -1;
    if (sw_path_exists(path) && !sw_path_exists(layout) && rmdir(path) < 0)
        return sw_fail(err, SW_USAGE, "'%s' is there already, and is no bundle", path);
    if (sw_mkdir_p(blobs, 0777, err) < 0)
        return -1;
    return put_all(&w, files, n, err);
}

static la_ssize_t write_tar_bytes(struct archive *tar, void *arg, const void *bytes, size_t len)
{
    const struct writer *w = arg;

    if (sw_out_write(w->out, bytes, len, w->err) == 0)
        return (la_ssize_t)len;
    archive_set_error(tar, EIO, "%s", w->err->text);
    return -1;
}

static int write_tar_to(struct writer *w, const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    if (archive_write_set_format_pax_restricted(w->tar) != ARCHIVE_OK ||
        archive_write_open(w->tar, w, NULL, write_tar_bytes, NULL) != ARCHIVE_OK)
        return tar_failed(w, err);
    if (put_all(w, files, n, err) < 0)
        return -1;
    if (archive_write_close(w->tar) != ARCHIVE_OK)
        return tar_failed(w, err);
    return sw_out_commit(w->out, err);
}

static int write_tar(const char *path, const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    struct sw_err own = {.code = SW_OK};
    struct writer w = {.err = &own, .tar = archive_write_new()};
    int rc;

    if (w.tar == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    rc = sw_out_create_file(path, 0644, &w.out, err);
    if (rc == 0)
        rc = write_tar_to(&w, files, n, err);
    archive_write_free(w.tar);
    sw_out_close(w.out);
    return rc;
}

int sw_bundle_write(const char *path, const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    size_t len = strlen(path);
    int rc;

    if (n > SW_BUNDLE_FILES_MAX)
        return sw_fail(err, SW_FAILED, "more than %d files in one bundle", (int)SW_BUNDLE_FILES_MAX);
    if (len > 4 && strcmp(path + len - 4, ".tar") == 0)
        rc = write_tar(path, files, n, err);
    else
        rc = write_folder(path, files, n, err);
    return rc == 0 ? 0 : sw_context(err, "bundle '%s'", path);
}
