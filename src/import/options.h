/* The options of an import as JSON: in its journal, and as digests that tell whether they changed. */
#ifndef SW_IMPORT_OPTIONS_H
#define SW_IMPORT_OPTIONS_H

#include "slipway/import.h"
#include "src/base/digest.h"

/* All that is journaled. NULL and err on failure (SW_USAGE for text that is not UTF-8). */
SW_MUST_CHECK json_t *options_store(const struct sw_import_options *options, struct sw_err *err);

/* Over what the task is made of: the disks' formats and devices, and the options of the task. */
SW_MUST_CHECK int options_request(const struct sw_import_options *options, char out[SW_SHA256_HEX],
                                  struct sw_err *err);
/* Over what comes after the task. */
SW_MUST_CHECK int options_after(const struct sw_import_options *options, char out[SW_SHA256_HEX],
                                struct sw_err *err);

/* Options as they were stored; they point into doc and what is allocated here. */
struct import_recalled {
    struct sw_import_options options;
    struct sw_import_disk disks[SW_IMPORT_MAX_DISKS];
    struct sw_ec2_tag *tags[3];
    const char **licences;
    json_t *doc;
};

/* Takes a reference of doc; the disks have neither in nor image. SW_INTEGRITY names the member that is out of range. */
SW_MUST_CHECK int options_load(json_t *doc, struct import_recalled *out, struct sw_err *err);
void options_forget(struct import_recalled *recalled);

#endif
