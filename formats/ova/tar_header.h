/* One tar header: its numbers and its checksum. */
#ifndef SW_FORMATS_OVA_TAR_HEADER_H
#define SW_FORMATS_OVA_TAR_HEADER_H

#include "formats/ova/tar.h"

/* The value of a numeric field; -1 for what is no number below 2^63. */
SW_MUST_CHECK int tar_number(const char *field, size_t len, uint64_t *out);

/* What the checksum field must hold. */
uint32_t tar_sum(const struct tar_header *header);

#endif
