/* The geometry behind an input of sw_seal_in. */
#ifndef SW_SEAL_SEAL_IN_H
#define SW_SEAL_SEAL_IN_H

#include "src/seal/frame.h"

/* The geometry of an input of sw_seal_in. */
const struct seal_layout *seal_in_layout(const struct sw_in *in);

/* Its header, whose tag fits. */
const struct seal_header *seal_in_header(const struct sw_in *in);

#endif
