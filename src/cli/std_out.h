/* Standard output as an output: what went there cannot be taken back. */
#ifndef SW_CLI_STD_OUT_H
#define SW_CLI_STD_OUT_H

#include "slipway/io.h"

/* True for the name "-". */
bool std_out_named(const char *output);
/* Closing it closes nothing; it needs no memory. */
struct sw_out std_out(void);

#endif
