/* The appliance's programs, as bytes in this one. INIT_FILE and HV_FILE come from the build. */
#include "src/appliance/embed.h"

#include "src/base/embed.h"

SW_EMBED(appliance_init, INIT_FILE);
SW_EMBED(appliance_hv, HV_FILE);

const void *appliance_init_program(size_t *len)
{
    *len = (size_t)appliance_init_len;
    return appliance_init;
}

const void *appliance_hv_program(size_t *len)
{
    *len = (size_t)appliance_hv_len;
    return appliance_hv;
}
