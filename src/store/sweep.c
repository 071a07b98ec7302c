/* What dead processes left: scratch folders nobody locks, files that never got their name. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/tmp.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>

/* A folder's name in scratch/, or that of its lock without the end. */
static char *scratch_id(const char *name, struct sw_err *err)
{
    static const char end[] = ".lock";
    size_t n = strlen(name);

    if (n > sizeof(end) - 1 && strcmp(name + n - (sizeof(end) - 1), end) == 0)
        n -= sizeof(end) - 1;
    return sw_strf(err, "%.*s", (int)n, name);
}

/* The lock is made before the folder and goes after it: who gets the lock knows that nobody uses the folder. */
static int sweep_scratch_one(const char *folder, const char *name, struct sw_err *err)
{
    SW_AUTO_FREE char *id = scratch_id(name, err);
    SW_AUTO_FREE char *path = id != NULL ? sw_path_join(folder, id, err) : NULL;
    SW_AUTO_FREE char *lock_path = path != NULL ? sw_strf(err, "%s.lock", path) : NULL;
    SW_AUTO_CLOSE int lock = -1;

    if (lock_path == NULL)
        return -1;
    lock = sw_lock_file(lock_path, false, err);
    if (lock < 0)
        return err->sys == EWOULDBLOCK ? 0 : -1;
    if (sw_remove_tree(path, err) < 0)
        return -1;
    if (unlink(lock_path) < 0 && errno != ENOENT)
        return sw_fail_errno(err, "cannot remove '%s'", lock_path);
    return 0;
}

int store_sweep_scratch(const char *folder, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = opendir(folder);
    const struct dirent *entry;

    if (dir == NULL)
        return sw_fail_errno(err, "cannot open the folder '%s'", folder);
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && sweep_scratch_one(folder, entry->d_name, err) < 0)
            return -1;
    return 0;
}

static int sweep_files(struct sw_store *store, const char *relative, struct sw_err *err)
{
    SW_AUTO_FREE char *folder = store_path(store, relative, err);

    return folder != NULL ? sw_tmp_sweep(folder, NULL, err) : -1;
}

void store_sweep(struct sw_store *store)
{
    const char *const places[] = {"",          STORE_PRIVATE, store_blobs(store), STORE_KEYS,
                                  STORE_STEPS, STORE_BASES,   STORE_CODED};
    struct sw_err why = {0};
    SW_AUTO_FREE char *scratch = store_path(store, STORE_SCRATCH, &why);

    if (scratch == NULL || store_sweep_scratch(scratch, &why) < 0)
        sw_log(SW_LOG_INFO, "cannot clear the store's scratch folder: %s", why.text);
    for (size_t i = 0; i < SW_ARRAY_LEN(places); i++)
        if (sweep_files(store, places[i], &why) < 0)
            sw_log(SW_LOG_INFO, "cannot clear leftovers in the store: %s", why.text);
}
