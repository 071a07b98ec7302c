/* Media: what the recipe's repositories are, their digests, and the images that the appliance gets. */
#include "src/guest/media.h"

#include "slipway/io.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Changes when what is taken into a digest, or how an image is made, does. */
#define MEDIA_REVISION "1"

size_t media_count(const struct sw_media *media)
{
    return media->n;
}

const char *media_image(const struct sw_media *media, size_t i)
{
    return media->items[i].image;
}

/* ---- Digests ----------------------------------------------------------------------------------------------- */

/* A file is its own tree of one entry. */
static int read_tree(const struct medium *medium, struct tree *tree, struct sw_err *err)
{
    struct stat st;

    if (medium->kind == MEDIUM_FOLDER)
        return tree_read(medium->path, tree, err);
    *tree = (struct tree){.items = sw_calloc(1, sizeof(*tree->items), err), .n = 1};
    if (tree->items == NULL)
        return -1;
    tree->items[0].name = sw_strdup("", err);
    if (tree->items[0].name == NULL)
        return -1;
    if (stat(medium->path, &st) < 0)
        return sw_fail_errno(err, "cannot look at it");
    tree->items[0].size_bytes = (uint64_t)st.st_size;
    tree->items[0].device = st.st_dev;
    tree->items[0].inode = st.st_ino;
    tree->items[0].mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    tree->items[0].ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
    return 0;
}

static int take_digest(const struct medium *medium, const struct tree *tree, char hex[SW_SHA256_HEX],
                       struct sw_err *err)
{
    uint8_t bytes[SW_SHA256_BYTES];

    if ((medium->kind == MEDIUM_FOLDER ? tree_digest(tree, medium->path, bytes, err)
                                       : sw_sha256_file(medium->path, bytes, err)) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    return 0;
}

/* What the cache knows of a tree that was not changed since. */
static bool recall(const char *path, char hex[SW_SHA256_HEX])
{
    SW_AUTO_BUF struct sw_buf text = {0};
    struct sw_err ignored = {.code = SW_OK};
    uint8_t bytes[SW_SHA256_BYTES];

    if (sw_read_file(path, SW_SHA256_HEX, &text, &ignored) < 0 || text.len != SW_SHA256_HEX - 1 ||
        sw_unhex(text.data, text.len, bytes, sizeof(bytes)) < 0)
        return false;
    memcpy(hex, text.data, SW_SHA256_HEX);
    return true;
}

static int find_digest(struct sw_media *media, struct medium *medium, const struct tree *tree,
                       struct sw_err *err)
{
    uint8_t signature[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];
    SW_AUTO_FREE char *known = NULL;
    struct sw_err ignored = {.code = SW_OK};

    if (tree_signature(tree, signature, err) < 0)
        return -1;
    sw_hex(signature, sizeof(signature), hex);
    known = sw_strf(err, "%s/%s.known-" MEDIA_REVISION, media->cache_dir, hex);
    if (known == NULL)
        return -1;
    if (recall(known, medium->digest))
        return 0;
    if (take_digest(medium, tree, medium->digest, err) < 0)
        return -1;
    /* Without a cache the next build reads it once more. */
    if (sw_mkdir_p(media->cache_dir, 0700, &ignored) < 0 ||
        sw_write_file(known, medium->digest, strlen(medium->digest), 0600, &ignored) < 0)
        sw_log(SW_LOG_DEBUG, "cannot remember a digest: %s", ignored.text);
    return 0;
}

/* ---- What it is -------------------------------------------------------------------------------------------- */

static int look_into(struct medium *medium, const struct tree *tree, struct sw_err *err)
{
    int rc = 0;

    if (medium->kind != MEDIUM_FOLDER)
        return archive_look(medium->path, &medium->kind, &medium->layout, err);
    for (size_t i = 0; i < tree->n && rc == 0; i++)
        if (!tree->items[i].folder)
            rc = layout_add(&medium->layout, tree->items[i].name, err);
    return rc;
}

static int check_layout(struct layout *layout, struct sw_err *err)
{
    layout_sort(layout);
    if (layout->n > 0)
        return 0;
    if (layout->has_deb)
        return sw_fail(err, SW_RECIPE,
                       "it holds packages and no index of them: make one with apt-ftparchive packages . "
                       "> Packages");
    if (layout->has_rpm)
        return sw_fail(err, SW_RECIPE,
                       "it holds packages and no index of them: make one with createrepo_c .");
    return sw_fail(err, SW_RECIPE,
                   "it holds no package repository: neither dists/ nor Packages nor repodata/repomd.xml");
}

static int open_medium(struct sw_media *media, const char *path, struct sw_err *err)
{
    struct medium *medium = &media->items[media->n];
    struct tree tree = {.items = NULL};
    struct stat st;
    int rc = -1;

    if (stat(path, &st) < 0)
        return sw_fail(err, errno == ENOENT ? SW_OFFLINE : SW_FAILED, "%s", strerror(errno));
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return sw_fail(err, SW_RECIPE, "it is neither a folder nor a file");
    *medium = (struct medium){.kind = S_ISDIR(st.st_mode) ? MEDIUM_FOLDER : MEDIUM_TAR};
    media->n++;
    medium->path = sw_strdup(path, err);
    if (medium->path == NULL)
        return -1;
    if (read_tree(medium, &tree, err) == 0 && look_into(medium, &tree, err) == 0 &&
        check_layout(&medium->layout, err) == 0)
        rc = find_digest(media, medium, &tree, err);
    tree_free(&tree);
    return rc;
}

int sw_media_open(const char *const *paths, size_t n, const char *cache_dir, struct sw_media **out,
                  struct sw_err *err)
{
    struct sw_media *media = n <= SW_MEDIA_MAX ? sw_calloc(1, sizeof(*media), err) : NULL;
    int rc = 0;

    if (n > SW_MEDIA_MAX)
        return sw_fail(err, SW_RECIPE, "there are %zu repositories, and %d are the most", n, SW_MEDIA_MAX);
    if (media == NULL)
        return -1;
    media->cache_dir =
        cache_dir != NULL ? sw_strdup(cache_dir, err) : sw_xdg_path("XDG_CACHE_HOME", ".cache", "media", err);
    rc = media->cache_dir != NULL ? 0 : -1;
    for (size_t i = 0; i < n && rc == 0; i++)
        if (open_medium(media, paths[i], err) < 0)
            rc = sw_context(err, "repository '%s'", paths[i]);
    if (rc < 0) {
        sw_media_free(media);
        return -1;
    }
    *out = media;
    return 0;
}

void sw_media_free(struct sw_media *media)
{
    if (media == NULL)
        return;
    for (size_t i = 0; i < media->n; i++) {
        free(media->items[i].path);
        free(media->items[i].image);
        layout_free(&media->items[i].layout);
    }
    free(media->cache_dir);
    free(media);
}

json_t *sw_media_digests(const struct sw_media *media, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < media->n; i++)
        if (sw_json_append(list, json_string(media->items[i].digest), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

/* ---- Images ------------------------------------------------------------------------------------------------ */

static int write_image(const struct medium *medium, int fd, struct sw_err *err)
{
    struct tree tree = {.items = NULL};
    int rc;

    if (medium->kind == MEDIUM_TAR)
        return archive_image_of_tar(medium->path, fd, err);
    if (tree_read(medium->path, &tree, err) < 0)
        return -1;
    rc = archive_image_of_tree(&tree, medium->path, fd, err);
    tree_free(&tree);
    return rc;
}

/* Under its digest: two builds at once make it twice, and one of the two stays. */
static int make_image(const struct sw_media *media, struct medium *medium, struct sw_err *err)
{
    struct sw_out *out = NULL;
    int rc;

    medium->image = sw_strf(err, "%s/%s.iso-" MEDIA_REVISION, media->cache_dir, medium->digest);
    if (medium->image == NULL)
        return -1;
    if (sw_path_exists(medium->image))
        return 0;
    if (sw_mkdir_p(media->cache_dir, 0700, err) < 0 || sw_out_create_file(medium->image, 0600, &out, err) < 0)
        return -1;
    sw_log(SW_LOG_INFO, "repository '%s': making an image of it, once", medium->path);
    rc = write_image(medium, out->fd, err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

int sw_media_make_images(struct sw_media *media, struct sw_err *err)
{
    for (size_t i = 0; i < media->n; i++) {
        struct medium *medium = &media->items[i];
        int rc;

        if (medium->image != NULL)
            continue;
        if (medium->kind == MEDIUM_ISO) {
            medium->image = realpath(medium->path, NULL);
            rc = medium->image != NULL ? 0 : sw_fail_errno(err, "cannot find it");
        } else {
            rc = make_image(media, medium, err);
        }
        if (rc < 0)
            return sw_context(err, "repository '%s'", medium->path);
    }
    return 0;
}
