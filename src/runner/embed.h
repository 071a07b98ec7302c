/* The runner's program, as it is to be put into a guest. */
#ifndef SW_RUNNER_EMBED_H
#define SW_RUNNER_EMBED_H

#include <stddef.h>

/* A static executable for this machine's architecture. */
const unsigned char *sw_runner_program(size_t *len);

#endif
