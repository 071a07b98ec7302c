/* rpm's database: three forms of a file, each of which holds the headers of packages as they are in memory. */
#ifndef SW_FACTS_RPM_H
#define SW_FACTS_RPM_H

#include "slipway/packages.h"

/* What the forms hand the headers to. */
struct rpm_sink {
    sw_package_fn *fn;
    void *arg;
    size_t packages;   /* so far */
    size_t bytes_left; /* that may still be told of: no database holds more than it has */
};

/* The header of one package: SW_INTEGRITY when it makes no sense. */
SW_MUST_CHECK int rpm_header(struct rpm_sink *sink, const uint8_t *blob, size_t len, struct sw_err *err);

/* Each of a form; false when the bytes do not begin as one. */
bool rpm_is_sqlite(const uint8_t *bytes, size_t len);
bool rpm_is_ndb(const uint8_t *bytes, size_t len);
bool rpm_is_hash(const uint8_t *bytes, size_t len);
/* Every header of a file in that form. */
SW_MUST_CHECK int rpm_sqlite(struct rpm_sink *sink, const uint8_t *bytes, size_t len, struct sw_err *err);
SW_MUST_CHECK int rpm_ndb(struct rpm_sink *sink, const uint8_t *bytes, size_t len, struct sw_err *err);
SW_MUST_CHECK int rpm_hash(struct rpm_sink *sink, const uint8_t *bytes, size_t len, struct sw_err *err);

/* Any of them. */
SW_MUST_CHECK int rpm_read(const uint8_t *bytes, size_t len, sw_package_fn *fn, void *arg,
                           struct sw_err *err);

#endif
