/* The first process of the appliance, as bytes in this program. */
#ifndef SW_APPLIANCE_EMBED_H
#define SW_APPLIANCE_EMBED_H

#include <stddef.h>

/* A static executable for this machine's architecture. */
const void *appliance_init_program(size_t *len);

#endif
