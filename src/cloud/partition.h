/* AWS's own hosts, from data/endpoints.json: partitions, and each service's name with and without FIPS and dual-stack. */
#ifndef SW_CLOUD_PARTITION_H
#define SW_CLOUD_PARTITION_H

#include "slipway/error.h"
#include "src/base/buf.h"
#include "src/base/json.h"

#include <stdbool.h>

enum { REGION_TEXT = 64 }; /* with the NUL */

/* Which of a service's hosts is asked for. */
struct host_wish {
    const char *service;
    const char *region;
    bool fips, dual_stack;
};

/* The table, for all services of a session. */
SW_MUST_CHECK json_t *partition_table(struct sw_err *err);
/*
 * Appends the host, and writes the region that requests to it are signed for (another one for what is global). SW_USAGE for a
 * region of no known partition, SW_FAILED where the partition has no such host.
 */
SW_MUST_CHECK int partition_host(const json_t *table, const struct host_wish *wish, struct sw_buf *host,
                                 char sign_region[REGION_TEXT], struct sw_err *err);
/* The region that signs for the service; the region itself when the partition is not known or the service is not global. */
void partition_sign_region(const json_t *table, const char *service, const char *region,
                           char out[REGION_TEXT]);

#endif
