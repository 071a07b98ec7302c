/* The appliance's programs, as bytes in this one: its first process, and what stands before qemu. */
#ifndef SW_APPLIANCE_EMBED_H
#define SW_APPLIANCE_EMBED_H

#include <stddef.h>

/* Static executables for this machine's architecture. */
const void *appliance_init_program(size_t *len);
const void *appliance_hv_program(size_t *len);

#endif
