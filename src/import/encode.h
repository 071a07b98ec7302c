/* A disk that is encoded on its way up: read, decoded, encoded, hashed and sent at once. */
#ifndef SW_IMPORT_ENCODE_H
#define SW_IMPORT_ENCODE_H

#include "src/import/upload.h"

/* The digest of all that the encoded bytes depend on (sw_copy_identity), as hex; "" for a disk that goes up as it is. */
SW_MUST_CHECK int encode_identity(const struct sw_import_disk *disk, char out[SW_SHA256_HEX],
                                  struct sw_err *err);

/*
 * upload_send for a disk with an image. All of it is encoded in any case; a part that comes out as the log and S3's list
 * have it is not sent again. Memory: UPLOAD_MEMORY_BYTES, and what sw_copy_image takes.
 */
SW_MUST_CHECK int encode_send(struct import_upload *upload, struct sw_err *err);

#endif
