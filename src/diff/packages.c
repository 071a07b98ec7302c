/* Packages that are installed, by the database of dpkg or apk. */
#include "src/base/json.h"
#include "src/diff/diff_private.h"
#include "src/diff/facts.h"
#include "src/diff/fields.h"

#include <string.h>

enum { PACKAGES_MAX = 200000 };

/* What a database calls the three members of a package. */
static const struct database {
    const char *path, *name, *version, *architecture, *status;
} databases[] = {
    {"/var/lib/dpkg/status", "Package", "Version", "Architecture", "Status"},
    {"/lib/apk/db/installed", "P", "V", "A", NULL},
    {"/usr/lib/apk/db/installed", "P", "V", "A", NULL},
};

static const char *const rpm_databases[] = {
    "/var/lib/rpm/Packages",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/Packages.db",
    "/usr/lib/sysimage/rpm/Packages",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/Packages.db",
};

/* The fields of the package that is being read. */
struct package {
    struct field name, version, architecture, status;
};

/* A package that is there as it should be has no status to tell of; one that is not there at all is none. */
static int add_package(const struct database *database, const struct package *package, json_t *map,
                       struct sw_err *err)
{
    static const char installed[] = "install ok installed", gone[] = " not-installed";
    const struct field *status = &package->status;
    SW_AUTO_JSON json_t *name = NULL, *value = NULL;
    SW_AUTO_FREE char *both = NULL;

    if (package->name.len == 0 ||
        (status->len >= sizeof(gone) - 1 &&
         memcmp(status->at + status->len - (sizeof(gone) - 1), gone, sizeof(gone) - 1) == 0))
        return 0;
    if (json_object_size(map) == PACKAGES_MAX)
        return sw_fail(err, SW_REFUSED, "'%s' has more than %d packages", database->path, PACKAGES_MAX);
    both = sw_strf(err, "%.*s%s%.*s", (int)package->name.len, package->name.at,
                   package->architecture.len > 0 ? ":" : "", (int)package->architecture.len,
                   package->architecture.len > 0 ? package->architecture.at : "");
    if (both == NULL)
        return -1;
    name = diff_text(both);
    value = json_pack("{s:o}", "version", sw_json_bytes(package->version.at, package->version.len));
    if (name == NULL || value == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (status->len > 0 && !field_is(status, installed) &&
        sw_json_set(value, "status", sw_json_bytes(status->at, status->len), err) < 0)
        return -1;
    return sw_json_set(map, json_string_value(name), json_incref(value), err);
}

static int parse(const struct database *database, const char *text, size_t len, json_t *map,
                 struct sw_err *err)
{
    struct package package = {.name = {.at = NULL}};
    struct field line, key, value;

    while (field_line(&text, &len, &line)) {
        if (line.len == 0) {
            if (add_package(database, &package, map, err) < 0)
                return -1;
            package = (struct package){.name = {.at = NULL}};
            continue;
        }
        if (!field_split(&line, ':', &key, &value))
            continue;
        if (field_is(&key, database->name))
            package.name = value;
        else if (field_is(&key, database->version))
            package.version = value;
        else if (field_is(&key, database->architecture))
            package.architecture = value;
        else if (database->status != NULL && field_is(&key, database->status))
            package.status = value;
    }
    return add_package(database, &package, map, err);
}

json_t *facts_packages(const struct diff_side *side, struct sw_err *err)
{
    SW_AUTO_JSON json_t *map = json_object();

    for (size_t i = 0; i < SW_ARRAY_LEN(databases); i++) {
        SW_AUTO_FREE char *text = NULL;
        size_t len;

        if (diff_side_get(side, databases[i].path, DIFF_TEXT_MAX, &text, &len, err) < 0 ||
            (text != NULL && parse(&databases[i], text, len, map, err) < 0))
            return NULL;
    }
    return SW_STEAL_PTR(map);
}

static int compare(struct differing *to, struct sw_err *err)
{
    SW_AUTO_JSON json_t *a = facts_packages(&to->a, err);
    SW_AUTO_JSON json_t *b = a != NULL ? facts_packages(&to->b, err) : NULL;

    return b == NULL ? -1 : diff_maps(to, "packages", "package", (json_t *[]){a, b}, err);
}

int diff_packages(struct differing *to, struct sw_err *err)
{
    bool changed = false;

    for (size_t i = 0; i < SW_ARRAY_LEN(databases); i++)
        changed = changed || diff_is_changed(to, databases[i].path);
    if (changed && compare(to, err) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(rpm_databases); i++)
        if (diff_is_changed(to, rpm_databases[i]) &&
            diff_not_compared(to, rpm_databases[i], "the packages in a database of rpm are not read", err) <
                0)
            return -1;
    return 0;
}
