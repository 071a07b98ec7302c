/* Which package databases there are, and those of dpkg and apk: paragraphs of "Key: value". */
#include "slipway/packages.h"
#include "src/base/cleanup.h"
#include "src/base/fields.h"
#include "src/facts/rpm.h"

const struct sw_package_database sw_package_databases[] = {
    {"/var/lib/dpkg/status", "dpkg"},
    {"/lib/apk/db/installed", "apk"},
    {"/usr/lib/apk/db/installed", "apk"},
    {"/var/lib/rpm/Packages", "rpm"},
    {"/var/lib/rpm/rpmdb.sqlite", "rpm"},
    {"/var/lib/rpm/Packages.db", "rpm"},
    {"/usr/lib/sysimage/rpm/Packages", "rpm"},
    {"/usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm"},
    {"/usr/lib/sysimage/rpm/Packages.db", "rpm"},
};
const size_t sw_nr_package_databases = SW_ARRAY_LEN(sw_package_databases);

/* What a database calls the members of a package. */
struct names {
    const char *name, *version, *architecture, *status;
};
static const struct names dpkg_names = {"Package", "Version", "Architecture", "Status"};
static const struct names apk_names = {"P", "V", "A", NULL};

struct paragraphs {
    sw_package_fn *fn;
    void *arg;
    size_t packages;
};

/* Its third word says in which state it is. */
static bool is_installed(const struct sw_package_text *status)
{
    static const char good[] = " installed";
    size_t len = sizeof(good) - 1;

    return status->len == 0 || (status->len >= len && memcmp(status->at + status->len - len, good, len) == 0);
}

static int end_paragraph(struct paragraphs *all, struct sw_installed *package, struct sw_err *err)
{
    int rc = 0;

    if (package->name.len > 0) {
        if (all->packages++ == SW_PACKAGES_MAX)
            return sw_fail(err, SW_REFUSED, "there are more than %d packages", SW_PACKAGES_MAX);
        package->installed = is_installed(&package->status);
        rc = all->fn(all->arg, package, err);
    }
    *package = (struct sw_installed){.installed = false};
    return rc;
}

static void take_field(const struct names *names, const struct field *key, const struct field *value,
                       struct sw_installed *package)
{
    struct sw_package_text text = {
        .at = value->at, .len = value->len < SW_PACKAGE_TEXT_MAX ? value->len : SW_PACKAGE_TEXT_MAX};

    if (field_is(key, names->name))
        package->name = text;
    else if (field_is(key, names->version))
        package->version = text;
    else if (field_is(key, names->architecture))
        package->architecture = text;
    else if (names->status != NULL && field_is(key, names->status))
        package->status = text;
}

static int read_paragraphs(const struct names *names, const char *text, size_t len, struct paragraphs *all,
                           struct sw_err *err)
{
    struct sw_installed package = {.installed = false};
    struct field line, key, value;

    while (field_line(&text, &len, &line)) {
        if (line.len == 0 && end_paragraph(all, &package, err) < 0)
            return -1;
        if (field_split(&line, ':', &key, &value))
            take_field(names, &key, &value, &package);
    }
    return end_paragraph(all, &package, err);
}

int sw_packages_read(const struct sw_package_database *database, const void *bytes, size_t len,
                     sw_package_fn *fn, void *arg, struct sw_err *err)
{
    struct paragraphs all = {.fn = fn, .arg = arg};

    if (strcmp(database->manager, "rpm") == 0)
        return rpm_read(bytes, len, fn, arg, err);
    return read_paragraphs(strcmp(database->manager, "dpkg") == 0 ? &dpkg_names : &apk_names, bytes, len,
                           &all, err);
}
