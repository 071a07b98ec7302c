/* Numbers in texts. */
#ifndef SW_BASE_NUMBER_H
#define SW_BASE_NUMBER_H

#include <stdint.h>

/*
 * A decimal number of bytes, alone or with one of the suffixes (letters of "KMGT", in this order, each 1024 times the one
 * before). -1 for anything else: a sign, white space, a number that does not fit.
 */
int sw_parse_bytes(const char *text, const char *suffixes, uint64_t *out) __attribute__((warn_unused_result));

#endif
