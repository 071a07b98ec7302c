/* The appliance's qemu, found from outside: which process it is, what it has used, and whether it hangs. */
#ifndef SW_GUEST_QEMU_H
#define SW_GUEST_QEMU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The process, not our own, that has this socket's path among its arguments; -1: none. */
pid_t qemu_of_socket(const char *socket_path);

enum { QEMU_GUESTFS_FOLDER = sizeof("/tmp/libguestfsXXXXXX") };

/* What stands before "/guestfsd.sock" in its arguments: the folder of root's libguestfs, or the end of another's path. False: nothing. */
bool qemu_guestfs_folder(pid_t qemu, char folder[QEMU_GUESTFS_FOLDER]);

/* Processor time of a process so far; 0 when there is none. */
int64_t qemu_cpu_ns(pid_t qemu);

/*
 * Whether one that was silent for so long, and used so much of a processor meanwhile, hangs. A machine that is busy with
 * other work gives it little, and it may be silent for longer than limit_ns without any fault of its own: that is seen by
 * what it used, neither next to nothing (it waits for what never comes) nor half of the limit (it turns in circles). Ten
 * times the limit is a hang anyhow.
 */
bool qemu_hangs(int64_t silent_ns, int64_t used_ns, int64_t limit_ns);

#endif
