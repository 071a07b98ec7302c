/* The packages that are installed in a guest, by the bytes of its package database: dpkg's, apk's and rpm's. */
#ifndef SLIPWAY_PACKAGES_H
#define SLIPWAY_PACKAGES_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SW_PACKAGES_MAX = 200000,            /* of one database */
    SW_PACKAGE_TEXT_MAX = 1024,          /* bytes of a name, a version, a release or an architecture */
    SW_PACKAGE_DATABASE_MAX = 256 << 20, /* bytes of a database that a caller should ask for */
};

/* Bytes of a database, without a NUL behind them; untrusted. */
struct sw_package_text {
    const char *at; /* NULL only when len is 0 */
    size_t len;
};

struct sw_installed {
    struct sw_package_text name;
    struct sw_package_text version;      /* of rpm "[EPOCH:]VERSION-RELEASE" */
    struct sw_package_text architecture; /* "": it has none, as keys in a database of rpm */
    struct sw_package_text status;       /* dpkg's own words; "" elsewhere */
    bool installed;                      /* false: only something of it is left, or it is half installed */
    int64_t installed_s;                 /* seconds since 1970; 0: the database does not tell */
};

struct sw_package_database {
    const char *path;    /* in the guest */
    const char *manager; /* "dpkg", "apk" or "rpm" */
};

/* Every place where a database may be; the same database may be at several. */
extern const struct sw_package_database sw_package_databases[];
extern const size_t sw_nr_package_databases;

/* Takes a package, whose texts are good until it returns. -1 with err: no more is wanted. */
typedef int sw_package_fn(void *arg, const struct sw_installed *package, struct sw_err *err);

/*
 * Tells of every package in the len bytes of a database, in the database's own order; rpm's may be in any of its three forms (SQLite, ndb, a
 * hash of Berkeley DB), whatever the path says. SW_INTEGRITY when it is damaged, SW_REFUSED when it has more than
 * SW_PACKAGES_MAX, each after some of the packages may have been told; the text has no path. A database of SQLite is read
 * as its file stands: what is only in the log beside it is not seen.
 */
SW_MUST_CHECK int sw_packages_read(const struct sw_package_database *database, const void *bytes, size_t len,
                                   sw_package_fn *fn, void *arg, struct sw_err *err);

#endif
