/* What an import sends of one IMAGE: its file as it is, or its disk, encoded anew on the way. */
#ifndef SW_CLI_IMPORT_SOURCE_H
#define SW_CLI_IMPORT_SOURCE_H

#include "slipway/import.h"
#include "src/cli/create_arg.h"
#include "src/cli/image_arg.h"

struct import_source_opts {
    const char *lane;
    const struct sw_keyring *keys; /* NULL: IMAGE is not sealed */
    const struct trust_opts *trust;
};

/* Must not move. */
struct import_source {
    struct image_arg image;
    struct create_arg create; /* for the encoder */
};

/*
 * Opens disk->source_path as stated, allow_parent and package_disk say, and settles what goes up by as and settings: fills
 * in, image, format, create and sealed of disk, which point into source. Says in one line of the log what is sent, and why
 * that.
 */
SW_MUST_CHECK int import_source_open(const struct import_source_opts *opts, struct sw_import_disk *disk,
                                     struct import_source *source, struct sw_err *err);
void import_source_close(struct import_source *source);

/* The key with the ending of the format that disk is encoded to; as it is where the file goes up. Free it. */
SW_MUST_CHECK char *import_source_key(const struct sw_import_disk *disk, const char *key, struct sw_err *err);

#define IMPORT_SOURCE_HELP                                                                                               \
    "IMAGE may be of any format that slipway reads, sealed or not. What the lane takes goes up as it is; any other\n"    \
    "disk (qcow2, a VMDK that is not streamOptimized, whatever names a parent), and any with --as, is read, encoded\n"   \
    "and sent in one pass, through memory alone: as streamOptimized VMDK, as VHD (dynamic, or -o subformat=fixed), or\n" \
    "raw, which sends zeros too. The bytes are those that convert writes; after a kill the disk is encoded again, and\n" \
    "only what is missing is sent. An object has ten thousand parts: they grow with it from --part-size on."

#endif
