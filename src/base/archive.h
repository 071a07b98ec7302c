/* Cleanup attributes of libarchive's objects, for those who may use it: they include its headers themselves. */
#ifndef SW_BASE_ARCHIVE_H
#define SW_BASE_ARCHIVE_H

#include "slipway/cleanup.h"

#include <archive.h>
#include <archive_entry.h>

SW_DEFINE_AUTO(sw_archive_read, struct archive, archive_read_free)
SW_DEFINE_AUTO(sw_archive_write, struct archive, archive_write_free)
SW_DEFINE_AUTO(sw_archive_entry, struct archive_entry, archive_entry_free)

#define SW_AUTO_ARCHIVE_READ  SW_CLEANUP(sw_archive_read_auto)
#define SW_AUTO_ARCHIVE_WRITE SW_CLEANUP(sw_archive_write_auto)
#define SW_AUTO_ARCHIVE_ENTRY SW_CLEANUP(sw_archive_entry_auto)

#endif
