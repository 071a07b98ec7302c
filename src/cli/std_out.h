/* Standard output as an output: what went there cannot be taken back. */
#ifndef SW_CLI_STD_OUT_H
#define SW_CLI_STD_OUT_H

#include "slipway/error.h"
#include "slipway/io.h"

enum { STD_OUT_UNREAD = 141 }; /* what a shell tells of a program that SIGPIPE ended */

/* True for the name "-". */
bool std_out_named(const char *output);
/* Closing it closes nothing; it needs no memory. */
struct sw_out std_out(void);
/* True when the error is that nobody reads standard output any more: no more is to be said of it. */
bool std_out_unread(const struct sw_err *err);

#endif
