/* A journal that was read, as the room sees it. */
#ifndef SW_IMPORT_RECORDS_H
#define SW_IMPORT_RECORDS_H

#include "src/import/journal.h"
#include "src/import/options.h"

struct record_impl {
    struct sw_import_record base;
    struct import_state state;
    struct import_recalled recalled;
    char *state_dir;
};

/* The JSON object of sw_import_list. */
SW_MUST_CHECK json_t *record_show(const char *id, const struct import_state *state,
                                  const struct sw_import_options *options, struct sw_err *err);

#endif
