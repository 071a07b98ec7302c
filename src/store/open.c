/* Opening a store: finding it, making what is missing, refusing what is something else. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char index_text[] =
    "{\"schemaVersion\":2,\"mediaType\":\"" STORE_MEDIA_INDEX "\",\"manifests\":[]}\n";
static const char version_text[] = "1\n";

enum { SMALL_MAX = 4096 };

char *store_path(const struct sw_store *store, const char *relative, struct sw_err *err)
{
    return sw_strf(err, "%s/%s", store->dir, relative);
}

/* Nothing but what a killed creation leaves behind. */
static int check_unused(const char *dir, struct sw_err *err)
{
    SW_AUTO_DIR DIR *entries = opendir(dir);
    const struct dirent *entry;

    if (entries == NULL)
        return sw_fail_errno(err, "cannot open the folder '%s'", dir);
    while ((entry = readdir(entries)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strncmp(entry->d_name, "." STORE_LAYOUT ".tmp-", sizeof("." STORE_LAYOUT ".tmp-") - 1) != 0)
            return sw_fail(err, SW_USAGE, "'%s' is neither a store nor an empty folder (it holds '%s')", dir,
                           entry->d_name);
    return 0;
}

/* A store's parent folders get the usual mode; itself holds the contents of disks and is its owner's alone. */
static int make_root(const char *dir, struct sw_err *err)
{
    SW_AUTO_FREE char *up = sw_path_dir(dir, err);

    if (up == NULL || sw_mkdir_p(up, 0755, err) < 0)
        return -1;
    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return sw_fail_errno(err, "cannot make the store '%s'", dir);
    return 0;
}

static int check_layout(const char *path, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = sw_json_read(path, SMALL_MAX, err);
    const char *version;

    if (json == NULL)
        return -1;
    version = sw_json_text(json, "imageLayoutVersion");
    if (version == NULL || strncmp(version, "1.", 2) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': 'imageLayoutVersion' is not 1.0.0", path);
    return 0;
}

static int check_version(const struct sw_store *store, struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_path(store, STORE_VERSION, err);
    SW_AUTO_BUF struct sw_buf text = {0};

    if (path == NULL)
        return -1;
    if (!sw_path_exists(path))
        return 0;
    if (sw_read_file(path, SMALL_MAX, &text, err) < 0)
        return -1;
    if (text.len != sizeof(version_text) - 1 || memcmp(text.data, version_text, text.len) != 0)
        return sw_fail(err, SW_FAILED,
                       "the store '%s' is of a version that this slipway does not know: %.20s", store->dir,
                       text.data);
    return 0;
}

static int write_missing(const struct sw_store *store, const char *relative, const char *text,
                         struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_path(store, relative, err);

    if (path == NULL)
        return -1;
    return sw_path_exists(path) ? 0 : sw_write_file(path, text, strlen(text), 0644, err);
}

/* A link here could lead a sweep into somebody's folder. */
static int check_folder(const struct sw_store *store, const char *relative, struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_path(store, relative, err);
    struct stat st;

    if (path == NULL)
        return -1;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : sw_fail_errno(err, "cannot look at '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return sw_fail(err, SW_INTEGRITY, "'%s' is not a folder", path);
    return 0;
}

static const char *const folders[] = {
    "blobs",     NULL /* of blobs */, STORE_PRIVATE, STORE_KEYS,
    STORE_STEPS, STORE_BASES,         STORE_SCRATCH, STORE_CODED,
};

static const char *folder_name(const struct sw_store *store, size_t i)
{
    return folders[i] != NULL ? folders[i] : store_blobs(store);
}

static int make_folders(const struct sw_store *store, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(folders); i++) {
        SW_AUTO_FREE char *path = store_path(store, folder_name(store, i), err);

        if (path == NULL)
            return -1;
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return sw_fail_errno(err, "cannot make the folder '%s'", path);
    }
    return 0;
}

/* The layout file comes first, so that a store that was half made is known as one. */
static int create_missing(struct sw_store *store, struct sw_err *err)
{
    SW_AUTO_FREE char *lock_path = store_path(store, STORE_LOCK, err);
    SW_AUTO_CLOSE int lock = -1;

    if (lock_path == NULL || (!store->sealed && write_missing(store, STORE_LAYOUT, layout_text, err) < 0) ||
        make_folders(store, err) < 0)
        return -1;
    lock = sw_lock_file(lock_path, true, err);
    if (lock < 0 || write_missing(store, STORE_VERSION, version_text, err) < 0 ||
        (!store->sealed && write_missing(store, STORE_INDEX, index_text, err) < 0))
        return -1;
    return sw_fsync_dir(store->dir, err);
}

/* A folder without a layout file may become a store. Another process may make it one while this one looks. */
static int check_bare(const struct sw_store *store, const char *layout, bool create, struct sw_err *err)
{
    struct sw_err why = {.code = SW_OK};
    bool unused = check_unused(store->dir, &why) == 0;

    if (!unused && sw_path_exists(layout))
        return check_layout(layout, err);
    if (!create) {
        sw_fail(err, SW_FAILED, "'%s' is not a store (it has no '" STORE_LAYOUT "')", store->dir);
        err->sys = unused ? ENOENT : 0;
        return -1;
    }
    if (!unused)
        *err = why;
    return unused ? 0 : -1;
}

static int check_or_create(struct sw_store *store, bool create, struct sw_err *err)
{
    SW_AUTO_FREE char *layout = store_path(store, STORE_LAYOUT, err);
    SW_AUTO_FREE char *sealed = store_path(store, STORE_SEALED, err);

    if (layout == NULL || sealed == NULL)
        return -1;
    store->sealed = sw_path_exists(sealed);
    if (store->sealed && sw_path_exists(layout))
        return sw_fail(err, SW_INTEGRITY, "'%s' has both '" STORE_LAYOUT "' and '" STORE_SEALED "'",
                       store->dir);
    if (!store->sealed &&
        (sw_path_exists(layout) ? check_layout(layout, err) : check_bare(store, layout, create, err)) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(folders); i++)
        if (check_folder(store, folder_name(store, i), err) < 0)
            return -1;
    if (check_version(store, err) < 0)
        return -1;
    return create ? create_missing(store, err) : 0;
}

static int open_blobs(struct sw_store *store, struct sw_err *err)
{
    SW_AUTO_FREE char *path = store_path(store, store_blobs(store), err);

    if (path == NULL)
        return -1;
    store->blobs_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (store->blobs_fd < 0 && errno != ENOENT)
        return sw_fail_errno(err, "cannot open the folder '%s'", path);
    return 0;
}

/* Held by whoever makes a folder a store: of the two kinds it becomes one. NFS locks only what can be written, no folder. */
static int lock_root(const char *dir, struct sw_err *err)
{
    int lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (lock >= 0 && (flock(lock, LOCK_EX) == 0 || errno == EBADF))
        return lock;
    sw_fail_errno(err, "cannot lock '%s'", dir);
    if (lock >= 0)
        close(lock);
    return -1;
}

/* locked: the caller has the root's lock. What is a store already stays of its kind. */
static int create_or_check(struct sw_store *store, bool create, bool locked, struct sw_err *err)
{
    SW_AUTO_FREE char *layout = store_path(store, STORE_LAYOUT, err);
    SW_AUTO_CLOSE int lock = -1;

    if (layout == NULL)
        return -1;
    if (create && !locked && !sw_path_exists(layout)) {
        lock = lock_root(store->dir, err);
        if (lock < 0)
            return -1;
    }
    return check_or_create(store, create, err);
}

static int open_at(struct sw_store *store, const char *dir, bool create, bool locked, struct sw_err *err)
{
    if (create && make_root(dir, err) < 0)
        return -1;
    store->dir = realpath(dir, NULL);
    if (store->dir == NULL && errno == ENOENT) {
        sw_fail(err, SW_FAILED, "there is no store at '%s'", dir);
        err->sys = ENOENT;
        return -1;
    }
    if (store->dir == NULL)
        return sw_fail_errno(err, "cannot open the store '%s'", dir);
    if (create_or_check(store, create, locked, err) < 0 || open_blobs(store, err) < 0)
        return -1;
    if (create)
        store_sweep(store);
    return 0;
}

/* The folder that dir names; free it. */
static char *choose_dir(const char *dir, struct sw_err *err)
{
    return dir != NULL ? sw_strdup(dir, err) : sw_xdg_path("XDG_DATA_HOME", ".local/share", "store", err);
}

/* What a killed init left may be there: the keys of a vault that never was. */
static int check_empty(const char *dir, struct sw_err *err)
{
    SW_AUTO_DIR DIR *entries = opendir(dir);
    const struct dirent *entry;

    if (entries == NULL)
        return sw_fail_errno(err, "cannot open the folder '%s'", dir);
    while ((entry = readdir(entries)) != NULL)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, STORE_SEALED_KEYS) != 0)
            return sw_fail(err, SW_USAGE,
                           "'%s' is not an empty folder (it holds '%s'): a store is sealed "
                           "from its beginning",
                           dir, entry->d_name);
    return 0;
}

char *sw_store_sealed_path(const char *dir, struct sw_err *err)
{
    SW_AUTO_FREE char *chosen = choose_dir(dir, err);

    return chosen != NULL ? sw_path_join(chosen, STORE_SEALED, err) : NULL;
}

static int open_store(const char *dir, bool create, bool locked, struct sw_store **out, struct sw_err *err)
{
    SW_AUTO_FREE char *path = choose_dir(dir, err);
    struct sw_store *store;

    if (path == NULL)
        return -1;
    store = sw_calloc(1, sizeof(*store), err);
    if (store == NULL)
        return -1;
    store->blobs_fd = -1;
    if (open_at(store, path, create, locked, err) < 0) {
        sw_store_close(store);
        return -1;
    }
    *out = store;
    return 0;
}

int sw_store_open(const char *dir, bool create, struct sw_store **out, struct sw_err *err)
{
    return open_store(dir, create, false, out, err);
}

int sw_store_init_sealed(const char *dir, const struct sw_keyring *recipients, struct sw_err *err)
{
    SW_AUTO_FREE char *chosen = choose_dir(dir, err);
    SW_AUTO_FREE char *path = chosen != NULL ? sw_store_sealed_path(chosen, err) : NULL;
    SW_AUTO_CLOSE int lock = -1;
    struct sw_store *store = NULL;

    if (path == NULL || make_root(chosen, err) < 0)
        return -1;
    lock = lock_root(chosen, err);
    if (lock < 0 || check_empty(chosen, err) < 0 || sw_vault_create(path, recipients, err) < 0 ||
        open_store(chosen, true, true, &store, err) < 0)
        return -1;
    sw_store_close(store);
    return 0;
}

void sw_store_close(struct sw_store *store)
{
    if (store == NULL)
        return;
    if (store->blobs_fd >= 0)
        close(store->blobs_fd);
    sw_vault_close(store->vault);
    free(store->dir);
    free(store);
}

const char *sw_store_dir(const struct sw_store *store)
{
    return store->dir;
}
