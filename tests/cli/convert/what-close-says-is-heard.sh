# Where a file system tells at close() that there was no room (NFS, FUSE, quotas), that is a failure, and what was there stays.
# A sanitizer wants to be loaded first.
[ -z "${SLIPWAY_SANITIZED:-}" ] || exit 77
. "$CASE_LIB/disks.sh"
need cc
make_disk disk.raw 9
cat >close.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a large file that was open for writing. */
int close(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");
    struct stat st;
    int flags = fcntl(fd, F_GETFL), large = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 100000;

    real(fd);
    if (large && (flags & O_ACCMODE) != O_RDONLY) {
        errno = ENOSPC;
        return -1;
    }
    return 0;
}
C
cc -shared -fPIC -o close.so close.c -ldl
mkdir out
for format in raw vmdk qcow2 vhdx; do
    echo before >"out/disk.$format"
    rc=0
    LD_PRELOAD=$PWD/close.so "$SLIPWAY" convert -q -f raw -O "$format" disk.raw "out/disk.$format" 2>err || rc=$?
    [ "$rc" = 1 ] || { echo "$format: exit status $rc"; exit 1; }
    grep -q "cannot write 'out/disk.$format': No space left on device" err || { cat err; exit 1; }
    [ "$(cat "out/disk.$format")" = before ]
    [ "$(ls -A out)" = "disk.$format" ] || { ls -la out; exit 1; }
    rm "out/disk.$format"
done
