/* The engine of a Windows guest: its drive in the runner's root, names found whatever their case. */
#include "src/guest/windows.h"

#include <string.h>

static struct sw_guest *below(struct sw_guest *guest)
{
    struct sw_guest *engine = ((struct windows_guest *)guest)->below;

    engine->deadline_ns = guest->deadline_ns;
    return engine;
}

/* ---- Where a path lies on the disk ------------------------------------------------------------------------- */

enum { EVERYTHING = SW_LIST_FILES | SW_LIST_FOLDERS | SW_LIST_LINKS };

/* Appends the name of dir that is `name` in another case, if there is one. 1: appended, 0: there is none. */
static int append_alike(struct sw_guest *guest, struct sw_buf *path, const char *name, struct sw_err *err)
{
    struct sw_guest_names names = {.text = NULL};
    int found = 0;

    if (guest->ops->list(guest, path->data, "*", EVERYTHING, &names, err) < 0)
        return -1;
    for (size_t at = 0; at < names.len && found == 0; at += strlen(names.text + at) + 1)
        if (windows_name_matches(names.text + at, name))
            found = sw_buf_printf(path, err, "/%s", names.text + at) < 0 ? -1 : 1;
    free(names.text);
    return found;
}

/* Appends one name as it is on the disk. 1 when it is there, 0 when it is not and was appended as it was given. */
static int descend(struct sw_guest *guest, struct sw_buf *path, const char *name, struct sw_err *err)
{
    size_t before = path->len;
    struct sw_guest_stat st;
    int found;

    if (sw_buf_printf(path, err, "/%s", name) < 0 || guest->ops->stat(guest, path->data, false, &st, err) < 0)
        return -1;
    if (st.kind != SW_FILE_NONE)
        return 1;
    path->len = before;
    path->data[before] = '\0';
    if (guest->ops->stat(guest, path->data, true, &st, err) < 0)
        return -1;
    found = st.kind == SW_FILE_DIR ? append_alike(guest, path, name, err) : 0;
    return found == 0 ? sw_buf_printf(path, err, "/%s", name) : found;
}

static int walk(struct sw_guest *guest, char *names, struct sw_buf *path, struct sw_err *err)
{
    int found = 1;
    char *rest = NULL;

    for (char *name = strtok_r(names, "/", &rest); name != NULL; name = strtok_r(NULL, "/", &rest)) {
        if (found > 0)
            found = descend(guest, path, name, err);
        else if (sw_buf_printf(path, err, "/%s", name) < 0)
            found = -1;
        if (found < 0)
            return -1;
    }
    return 0;
}

/* "C:/x/Y/" as the engine below has it: "/C:/X/y". Free it. */
static char *place(struct sw_guest *guest, const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf found = {0};
    SW_AUTO_FREE char *names = NULL;
    struct sw_guest_stat st;

    if (strncmp(path, "C:/", 3) != 0 || strchr(path, '*') != NULL) {
        sw_fail(err, SW_GUEST, "'%s' is no path of a file or folder", path);
        return NULL;
    }
    if (sw_buf_printf(&found, err, "/%s", path) < 0)
        return NULL;
    while (found.data[found.len - 1] == '/')
        found.data[--found.len] = '\0';
    if (below(guest)->ops->stat(below(guest), found.data, false, &st, err) < 0)
        return NULL;
    if (st.kind != SW_FILE_NONE)
        return sw_buf_steal(&found);
    names = sw_strdup(path + 3, err);
    found.len = strlen("/C:");
    found.data[found.len] = '\0';
    if (names == NULL || walk(below(guest), names, &found, err) < 0)
        return NULL;
    return sw_buf_steal(&found);
}

/* The same for what is made: names that come from elsewhere than a step's path are looked at here. */
static char *new_place(struct sw_guest *guest, const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *checked = windows_path(path, "C:/", err);

    if (checked != NULL)
        return place(guest, checked, err);
    err->code = SW_GUEST;
    return NULL;
}

/* ---- The operations ---------------------------------------------------------------------------------------- */

static int needs_boot(const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_GUEST, "%s in a Windows image", what);
}

static int windows_run(struct sw_guest *guest, const struct sw_guest_run *run, struct sw_guest_exit *out,
                       struct sw_err *err)
{
    (void)guest;
    (void)run;
    (void)out;
    return needs_boot("nothing can be run before it is booted", err);
}

static int windows_shell(struct sw_guest *guest, const struct sw_guest_shell *shell,
                         struct sw_guest_exit *out, struct sw_err *err)
{
    (void)guest;
    (void)shell;
    (void)out;
    return needs_boot("there is no shell before it is booted", err);
}

static int windows_stat(struct sw_guest *guest, const char *path, bool follow, struct sw_guest_stat *out,
                        struct sw_err *err)
{
    SW_AUTO_FREE char *at = place(guest, path, err);

    return at != NULL ? below(guest)->ops->stat(below(guest), at, follow, out, err) : -1;
}

static int windows_put(struct sw_guest *guest, const char *path, const void *bytes, size_t len, unsigned how,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *at = new_place(guest, path, err);

    return at != NULL ? below(guest)->ops->put(below(guest), at, bytes, len, how, err) : -1;
}

static int windows_put_from(struct sw_guest *guest, const char *path, struct sw_in *in, unsigned how,
                            struct sw_err *err)
{
    SW_AUTO_FREE char *at = new_place(guest, path, err);

    return at != NULL ? below(guest)->ops->put_from(below(guest), at, in, how, err) : -1;
}

static int windows_get_to(struct sw_guest *guest, const char *path, sw_guest_sink_fn *sink, void *arg,
                          struct sw_err *err)
{
    SW_AUTO_FREE char *at = place(guest, path, err);

    return at != NULL ? below(guest)->ops->get_to(below(guest), at, sink, arg, err) : -1;
}

static int windows_get(struct sw_guest *guest, const char *path, size_t max_bytes, char **bytes, size_t *len,
                       struct sw_err *err)
{
    SW_AUTO_FREE char *at = place(guest, path, err);

    return at != NULL ? below(guest)->ops->get(below(guest), at, max_bytes, bytes, len, err) : -1;
}

static int windows_mkdir(struct sw_guest *guest, const char *path, unsigned mode, bool parents,
                         struct sw_err *err)
{
    SW_AUTO_FREE char *at = new_place(guest, path, err);

    return at != NULL ? below(guest)->ops->mkdir(below(guest), at, mode, parents, err) : -1;
}

static int windows_symlink(struct sw_guest *guest, const char *target, const char *path, struct sw_err *err)
{
    (void)guest;
    (void)target;
    (void)path;
    return needs_boot("no symbolic links are made", err);
}

static int windows_copy(struct sw_guest *guest, const char *from, const char *to, unsigned how,
                        struct sw_err *err)
{
    SW_AUTO_FREE char *source = place(guest, from, err);
    SW_AUTO_FREE char *target = source != NULL ? new_place(guest, to, err) : NULL;

    return target != NULL ? below(guest)->ops->copy(below(guest), source, target, how, err) : -1;
}

static int windows_remove(struct sw_guest *guest, const char *path, unsigned how, struct sw_err *err)
{
    SW_AUTO_FREE char *at = place(guest, path, err);

    if (at != NULL && strcmp(at, "/C:") == 0)
        return sw_fail(err, SW_GUEST, "the drive C: itself cannot be removed");
    return at != NULL ? below(guest)->ops->remove(below(guest), at, how, err) : -1;
}

static int windows_move(struct sw_guest *guest, const char *from, const char *to, unsigned how,
                        struct sw_err *err)
{
    SW_AUTO_FREE char *source = place(guest, from, err);
    SW_AUTO_FREE char *target = source != NULL ? new_place(guest, to, err) : NULL;

    return target != NULL ? below(guest)->ops->move(below(guest), source, target, how, err) : -1;
}

/* One by one: a name may be there in another case. */
static int windows_carry(struct sw_guest *guest, const struct sw_guest_carry *what, size_t *failed,
                         struct sw_err *err)
{
    int (*carry)(struct sw_guest *, const char *, const char *, unsigned, struct sw_err *) =
        (what->how & SW_PUT_MOVE) != 0 ? windows_move : windows_copy;

    for (*failed = 0; *failed < what->n; ++*failed) {
        SW_AUTO_FREE char *from = sw_strf(err, "%s/%s", what->from, what->names[*failed]);
        SW_AUTO_FREE char *to = sw_strf(err, "%s/%s", what->to, what->names[*failed]);

        if (from == NULL || to == NULL || carry(guest, from, to, what->how, err) < 0)
            return -1;
    }
    return 0;
}

static int windows_chmod(struct sw_guest *guest, const char *path, unsigned mode, bool tree,
                         struct sw_err *err)
{
    (void)guest;
    (void)path;
    (void)mode;
    (void)tree;
    return needs_boot("there are no permissions to set", err);
}

static int windows_chown(struct sw_guest *guest, const char *path, const char *owner, const char *group,
                         bool tree, struct sw_err *err)
{
    (void)guest;
    (void)path;
    (void)owner;
    (void)group;
    (void)tree;
    return needs_boot("there is no owner or group to set", err);
}

/* The pattern is for the last name of what lies deeper too. */
static int windows_list(struct sw_guest *guest, const char *dir, const char *pattern, unsigned what,
                        struct sw_guest_names *out, struct sw_err *err)
{
    SW_AUTO_FREE char *at = place(guest, dir, err);
    size_t kept = 0;

    if (at == NULL || below(guest)->ops->list(below(guest), at, "*", what, out, err) < 0)
        return -1;
    for (size_t i = 0, n; i < out->len; i += n) {
        const char *name = out->text + i, *slash = strrchr(name, '/');

        n = strlen(name) + 1;
        if (!windows_name_matches(slash != NULL ? slash + 1 : name, pattern))
            continue;
        memmove(out->text + kept, name, n);
        kept += n;
    }
    out->len = kept;
    return 0;
}

static const struct sw_guest_ops windows_ops = {
    .run = windows_run,
    .shell = windows_shell,
    .stat = windows_stat,
    .put = windows_put,
    .put_from = windows_put_from,
    .get = windows_get,
    .get_to = windows_get_to,
    .mkdir = windows_mkdir,
    .symlink = windows_symlink,
    .copy = windows_copy,
    .move = windows_move,
    .carry = windows_carry,
    .remove = windows_remove,
    .chmod = windows_chmod,
    .chown = windows_chown,
    .list = windows_list,
};

void windows_guest_init(struct windows_guest *guest, struct sw_guest *below_it)
{
    *guest = (struct windows_guest){.base = {.ops = &windows_ops, .platform = SW_WINDOWS}, .below = below_it};
}
