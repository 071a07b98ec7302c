# A file system that is mounted noexec keeps an appliance as well as any; its starts are not saved, and nothing is started in vain.
# appliance: 0
# timeout: 300
. "$CASE_LIB/build-case.sh"
need_appliance
need supermin qemu-img unshare
[ "$(uname -m)" = x86_64 ] || exit 77
unshare -m true 2>/dev/null || { echo "skipped: there are no mount name spaces"; exit 77; }
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
make_base
unset LIBGUESTFS_PATH LIBGUESTFS_HV
mkdir cache scratch
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
cat >inside <<'INSIDE'
mount -t tmpfs -o noexec,mode=700,size=2g none cache
LIBGUESTFS_CACHEDIR=$PWD/cache "$1" over.qcow2 scratch '0:echo ran' >said 2>log || { cat log; exit 1; }
compgen -G 'cache/fast-*-*/README.fixed' >/dev/null
INSIDE
unshare -m bash -eu inside "$session"
grep -q '^ran' said
if grep 'did not start' log; then exit 1; fi
