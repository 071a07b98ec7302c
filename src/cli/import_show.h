/* What slipway import says while it runs, and what comes of it. */
#ifndef SW_CLI_IMPORT_SHOW_H
#define SW_CLI_IMPORT_SHOW_H

#include "src/base/events.h"
#include "src/cli/import_args.h"
#include "src/cli/output.h"

/* Says what the task says, as it changes, and writes the events. */
struct import_teller {
    struct sw_import_listener base;
    struct out_progress progress;
    struct sw_events *events; /* NULL: nobody reads them */
    bool quiet, uploading;
};

SW_MUST_CHECK int import_teller_begin(struct import_teller *teller, const struct import_opts *opts,
                                      struct sw_err *err);
void import_teller_end(struct import_teller *teller);
/* The line of the upload's progress is over. */
void import_teller_uploaded(struct import_teller *teller);

/* The AMI's id, or all of it as JSON. */
SW_MUST_CHECK int import_show_result(const struct import_opts *opts, const struct sw_import_options *options,
                                     const struct sw_cloud *cloud, const struct sw_import_result *result,
                                     struct sw_err *err);

bool import_wants_json(const struct import_opts *opts);

#endif
