/* The first process of the appliance, as bytes in this program. INIT_FILE comes from the build. */
#include "src/appliance/embed.h"

#include "src/base/embed.h"

SW_EMBED(appliance_init, INIT_FILE);

const void *appliance_init_program(size_t *len)
{
    *len = (size_t)appliance_init_len;
    return appliance_init;
}
