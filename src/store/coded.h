/* One layer's encoded units, in a file of the store's cache. */
#ifndef SW_STORE_CODED_H
#define SW_STORE_CODED_H

#include "slipway/copy.h"
#include "slipway/io.h"

enum {
    CODED_UNIT_MAX_BYTES = 4 << 20, /* of one unit's coded bytes */
    CODED_ENTRIES_MAX = 1 << 20,    /* of one file: 24 MiB of memory while it is open */
};

/* coded_read.c: gives units of a file that is whole; a unit whose checksum is wrong is as if it were not there. */
struct coded_reader;
/* Takes over in, also on failure. Whatever is wrong with the file is SW_INTEGRITY. */
SW_MUST_CHECK int coded_reader_open(struct sw_in *in, struct coded_reader **out, struct sw_err *err);
struct sw_coded *coded_reader_coded(struct coded_reader *reader);
void coded_reader_free(struct coded_reader *reader);

/* coded_write.c: collects units into a new file. */
struct coded_writer;
/* path appears at commit. It stops by itself once the file would have more than max_bytes. */
SW_MUST_CHECK int coded_writer_open(const char *path, uint64_t max_bytes, struct coded_writer **out,
                                    struct sw_err *err);
struct sw_coded *coded_writer_coded(struct coded_writer *writer);
/* False when there is nothing worth to be kept, or it went wrong. */
bool coded_writer_is_good(const struct coded_writer *writer);
SW_MUST_CHECK int coded_writer_commit(struct coded_writer *writer, struct sw_err *err);
void coded_writer_free(struct coded_writer *writer);

#endif
