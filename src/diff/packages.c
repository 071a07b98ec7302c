/* Packages that are installed, by the databases of dpkg, apk and rpm. */
#include "slipway/packages.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/diff/diff_private.h"
#include "src/diff/facts.h"

#include <string.h>

/* Kernels are there in several versions at once; a version is told of that often, and then no more. */
enum { VERSIONS_MAX = 64 };

static int add_text(json_t *to, const char *key, const struct sw_package_text *text, struct sw_err *err)
{
    return sw_json_set(to, key, sw_json_bytes(text->len > 0 ? text->at : "", text->len), err);
}

/* A package that is there as it should be has no status to tell of. */
static json_t *new_row(const struct sw_installed *package, struct sw_err *err)
{
    static const char good[] = "install ok installed";
    SW_AUTO_JSON json_t *row = json_object();

    if (add_text(row, "version", &package->version, err) < 0)
        return NULL;
    if (package->status.len > 0 &&
        (package->status.len != sizeof(good) - 1 ||
         memcmp(package->status.at, good, sizeof(good) - 1) != 0) &&
        add_text(row, "status", &package->status, err) < 0)
        return NULL;
    return SW_STEAL_PTR(row);
}

static char *name_of(const struct sw_installed *package, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf both = {0};
    const struct sw_package_text *architecture = &package->architecture;

    if (sw_buf_append(&both, package->name.at, package->name.len, err) < 0 ||
        (architecture->len > 0 && (sw_buf_puts(&both, ":", err) < 0 ||
                                   sw_buf_append(&both, architecture->at, architecture->len, err) < 0)))
        return NULL;
    return sw_buf_steal(&both);
}

/* The versions in order, whatever the database's is: "5.1-1, 5.1-2". Takes what the row had. */
static int merge(json_t *row, const json_t *more, struct sw_err *err)
{
    const char *has = sw_json_text(row, "version"), *next = sw_json_text(more, "version");
    SW_AUTO_BUF struct sw_buf all = {0};
    unsigned n = 1;

    for (const char *at = has; (at = strstr(at, ", ")) != NULL; at += 2)
        n++;
    if (n >= VERSIONS_MAX)
        return 0;
    /* Behind those that come before it. */
    for (const char *at = has; at != NULL && *at != '\0';) {
        const char *end = strstr(at, ", ");
        size_t len = end != NULL ? (size_t)(end - at) : strlen(at);

        if (next != NULL && (strncmp(next, at, len) < 0)) {
            if (sw_buf_printf(&all, err, "%s%s", all.len > 0 ? ", " : "", next) < 0)
                return -1;
            next = NULL;
        }
        if (sw_buf_printf(&all, err, "%s%.*s", all.len > 0 ? ", " : "", (int)len, at) < 0)
            return -1;
        at = end != NULL ? end + 2 : NULL;
    }
    if (next != NULL && sw_buf_printf(&all, err, "%s%s", all.len > 0 ? ", " : "", next) < 0)
        return -1;
    return sw_json_set(row, "version", json_string(all.data), err);
}

static int take_package(void *arg, const struct sw_installed *package, struct sw_err *err)
{
    static const char gone[] = " not-installed";
    const struct sw_package_text *status = &package->status;
    json_t *map = arg, *there;
    SW_AUTO_FREE char *both = NULL;
    SW_AUTO_JSON json_t *name = NULL, *row = NULL;

    if (status->len >= sizeof(gone) - 1 &&
        memcmp(status->at + status->len - (sizeof(gone) - 1), gone, sizeof(gone) - 1) == 0)
        return 0;
    both = name_of(package, err);
    row = both != NULL ? new_row(package, err) : NULL;
    if (row == NULL)
        return -1;
    name = diff_text(both);
    if (name == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    there = json_object_get(map, json_string_value(name));
    if (there != NULL)
        return merge(there, row, err);
    return sw_json_set(map, json_string_value(name), json_incref(row), err);
}

/* Adds what one database tells to the map; of a damaged one all that came before the damage is there. */
static int read_database(const struct diff_side *side, const struct sw_package_database *database,
                         json_t *map, struct sw_err *err)
{
    SW_AUTO_FREE char *bytes = NULL;
    size_t len;

    if (diff_side_get(side, database->path, SW_PACKAGE_DATABASE_MAX, &bytes, &len, err) < 0)
        return -1;
    return bytes != NULL ? sw_packages_read(database, bytes, len, take_package, map, err) : 0;
}

json_t *facts_packages(const struct diff_side *side, struct sw_err *err)
{
    SW_AUTO_JSON json_t *map = json_object();

    for (size_t i = 0; i < sw_nr_package_databases; i++) {
        const struct sw_package_database *database = &sw_package_databases[i];
        struct sw_err cause = {.code = SW_OK};

        if (read_database(side, database, map, &cause) == 0)
            continue;
        if (cause.code != SW_INTEGRITY && cause.code != SW_REFUSED) {
            *err = cause;
            return NULL;
        }
        sw_log(SW_LOG_WARNING, "'%s': the packages are not all told of: '%s': %s", side->name, database->path,
               cause.text);
    }
    return SW_STEAL_PTR(map);
}

/* Whether all that the database has to tell is in its file: a log that was not written back has more. */
static bool has_log(const struct diff_side *side, const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *name = sw_strf(err, "%s-wal", path);
    const struct diff_file *log = name != NULL ? diff_side_find(side, name) : NULL;

    return log != NULL && log->entry.size_bytes > 0;
}

/* Both sides of one database; what cannot be read is told of, and no package of it. */
static int compare(struct differing *to, const struct sw_package_database *database, json_t *const maps[2],
                   struct sw_err *err)
{
    const struct diff_side *sides[] = {&to->a, &to->b};
    SW_AUTO_JSON json_t *a = json_object();
    SW_AUTO_JSON json_t *b = json_object();
    struct sw_err cause = {.code = SW_OK};

    for (int i = 0; i < 2; i++) {
        if (has_log(sides[i], database->path, err))
            return diff_not_compared(to, database->path, "it has a log that was not written back", err);
        if (read_database(sides[i], database, i == 0 ? a : b, &cause) == 0)
            continue;
        if (cause.code == SW_INTEGRITY || cause.code == SW_REFUSED)
            return diff_not_compared(to, database->path, cause.text, err);
        *err = cause;
        return -1;
    }
    if (json_object_update_missing(maps[0], a) < 0 || json_object_update_missing(maps[1], b) < 0)
        return sw_fail(err, SW_FAILED, "out of memory");
    return 0;
}

int diff_packages(struct differing *to, struct sw_err *err)
{
    SW_AUTO_JSON json_t *a = json_object();
    SW_AUTO_JSON json_t *b = json_object();
    json_t *const maps[] = {a, b};

    for (size_t i = 0; i < sw_nr_package_databases; i++)
        if (diff_is_changed(to, sw_package_databases[i].path) &&
            compare(to, &sw_package_databases[i], maps, err) < 0)
            return -1;
    return diff_maps(to, "packages", "package", maps, err);
}
