/* What ImportImage does not take, refused before anything is read or sent. */
#ifndef SW_IMPORT_IMAGE_CHECK_H
#define SW_IMPORT_IMAGE_CHECK_H

#include "slipway/import.h"

/* SW_USAGE for options, SW_REFUSED for disks. */
SW_MUST_CHECK int image_check(const struct sw_import_options *options, struct sw_err *err);

/* AWS's limits of tags, for any lane. whose: for the message. */
SW_MUST_CHECK int check_tags(const char *whose, const struct sw_import_tags *tags, struct sw_err *err);

#endif
