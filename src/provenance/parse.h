/* The text of a manifest, which may be anybody's. */
#ifndef SW_PROVENANCE_PARSE_H
#define SW_PROVENANCE_PARSE_H

#include "slipway/manifest.h"

/* Fills json, program, created, recipe, version and files of an empty manifest. name: for errors, which are SW_INTEGRITY. */
SW_MUST_CHECK int provenance_parse(struct sw_manifest *manifest, const char *text, size_t len,
                                   const char *name, struct sw_err *err);

#endif
