/* A place for sockets, whose whole paths must stay under 108 bytes: the folder that is asked for, or one of its own in /tmp. */
#ifndef SW_BASE_SOCKETS_H
#define SW_BASE_SOCKETS_H

#include "slipway/error.h"

#include <stddef.h>

struct sw_sockets;

/*
 * dir, where a socket with a name of name_bytes ("/" included) fits into it; else, and where dir is NULL, a new folder in /tmp that
 * is this user's alone and is locked for as long as the process lives. What killed processes left there is swept.
 */
SW_MUST_CHECK int sw_sockets_open(const char *dir, size_t name_bytes, struct sw_sockets **out,
                                  struct sw_err *err);
const char *sw_sockets_dir(const struct sw_sockets *sockets);
/* dir + "/" + name. Free it. */
SW_MUST_CHECK char *sw_sockets_path(const struct sw_sockets *sockets, const char *name, struct sw_err *err);
/*
 * A folder in /tmp that libguestfs made for this process ("/tmp/libguestfsXXXXXX", as it does for root whatever it is told; others are
 * left alone): when the process is killed, it goes with the place. The last one counts. Nothing where dir was good.
 */
void sw_sockets_also(const struct sw_sockets *sockets, const char *folder);
/* What was made goes, with all in it. NULL is allowed. */
void sw_sockets_close(struct sw_sockets *sockets);

#endif
