/* What an NTFS says of itself in its file $Volume: its label, and whether it is to be checked. */
#ifndef SW_PREFLIGHT_NTFS_H
#define SW_PREFLIGHT_NTFS_H

#include "src/preflight/content.h"

/* boot: the span's first sector. Leaves out as it is where the file is not there or damaged; -1 and err as content_read. */
SW_MUST_CHECK int ntfs_tell(const struct span *span, const uint8_t *boot, struct content *out,
                            struct sw_err *err);

#endif
