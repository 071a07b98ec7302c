# Read back before it gets its name: a bit that turns on its way to the medium ends the conversion with 5, and leaves nothing.
. "$CASE_LIB/disks.sh"
need cc
make_disk disk.raw 9
mkdir out
for format in raw qcow2 vmdk vhd; do
    "$SLIPWAY" convert -q --verify -f raw -O "$format" disk.raw "good.$format"
    "$SLIPWAY" convert -q -f raw -O "$format" disk.raw plain
    cmp plain "good.$format"
done
# What is preloaded must come after a sanitizer's own library.
if [ -n "${SLIPWAY_SANITIZED:-}" ]; then exit 0; fi
cat >turn.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
#define TURN_AT 1100000
static ssize_t turned(ssize_t (*next)(int, const void *, size_t, off_t), int fd, const void *buf, size_t n, off_t off)
{
    static _Thread_local char copy[4 << 20];
    if (n > sizeof(copy) || off > TURN_AT || off + (off_t)n <= TURN_AT)
        return next(fd, buf, n, off);
    memcpy(copy, buf, n);
    copy[TURN_AT - off] ^= 4;
    return next(fd, copy, n, off);
}
ssize_t pwrite(int fd, const void *buf, size_t n, off_t off)
{
    return turned((ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite"), fd, buf, n, off);
}
ssize_t pwrite64(int fd, const void *buf, size_t n, off_t off)
{
    return turned((ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64"), fd, buf, n, off);
}
C
cc -shared -fPIC -o turn.so turn.c -ldl
for format in raw qcow2 vmdk vhd; do
    LD_PRELOAD=$PWD/turn.so "$SLIPWAY" convert -q -f raw -O "$format" disk.raw turned
    if cmp -s turned "good.$format"; then exit 1; fi
    LD_PRELOAD=$PWD/turn.so refused 5 "out/disk" "$SLIPWAY" convert --verify -f raw -O "$format" disk.raw out/disk
    [ -z "$(ls -A out)" ]
done
LD_PRELOAD=$PWD/turn.so refused 5 "the first difference is at 1100000 of the disk" \
    "$SLIPWAY" convert --verify -f raw -O raw disk.raw out/disk
