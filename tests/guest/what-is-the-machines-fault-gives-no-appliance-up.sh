# A launch that the machine has no memory for fails at once and is tried with nothing else; the saved start is there afterwards.
# appliance: 0
# timeout: 300
. "$CASE_LIB/build-case.sh"
need_appliance
need supermin qemu-img
[ "$(uname -m)" = x86_64 ] || exit 77
[ -z "${SLIPWAY_SANITIZED:-}" ] || { echo "skipped: the sanitizer takes more room than there is"; exit 77; }
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
make_base
unset LIBGUESTFS_PATH LIBGUESTFS_HV LIBGUESTFS_MEMSIZE
mkdir -m 700 cache
export LIBGUESTFS_CACHEDIR=$PWD/cache
launch() {
    rm -rf scratch over.qcow2
    mkdir scratch
    qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
    "$session" over.qcow2 scratch '0:echo ran' >said 2>log
}
starts() { (cd cache && ls -i fast-*-*/start-*); }
launch || { cat log; exit 1; }
starts >before
if (ulimit -v 1250000 && launch); then fail "there was memory enough"; fi
grep 'this machine has no 1280 MiB of memory left' log || { cat log; exit 1; }
if grep 'the fast appliance did not' log; then fail "another appliance was tried"; fi
starts | diff before -
