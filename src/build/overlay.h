/* What an appliance wrote, as an image. */
#ifndef SW_BUILD_OVERLAY_H
#define SW_BUILD_OVERLAY_H

#include "slipway/image.h"

/*
 * Opens an overlay that no appliance has any more, over the image that it was made over, whatever it calls that one. It takes
 * *below, which is NULL then: also where it fails later.
 */
SW_MUST_CHECK int overlay_open(const char *path, struct sw_image **below, struct sw_image **out,
                               struct sw_err *err);

#endif
