/* Every format driver, and opening an image by name or by magic. */
#include "slipway/image.h"

#include <strings.h>

const struct sw_format *const sw_formats[] = {
    NULL,
};

const struct sw_format *sw_format_by_name(const char *name)
{
    for (const struct sw_format *const *at = sw_formats; *at != NULL; at++) {
        if (strcasecmp((*at)->name, name) == 0)
            return *at;
        for (const char *const *alias = (*at)->aliases; alias != NULL && *alias != NULL; alias++)
            if (strcasecmp(*alias, name) == 0)
                return *at;
    }
    return NULL;
}
