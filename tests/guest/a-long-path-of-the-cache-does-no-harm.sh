# libguestfs has a buffer for a command line that a long path of qemu overflows, which malloc tells when it is damaged.
# appliance: 0
# timeout: 300
. "$CASE_LIB/build-case.sh"
need_appliance
need supermin qemu-img
[ "$(uname -m)" = x86_64 ] || exit 77
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
make_base
unset LIBGUESTFS_PATH LIBGUESTFS_HV
for length in 90 150; do
    rm -rf cache scratch over.qcow2
    # /fast-16 digits-16 digits/qemu
    pad=$((length - ${#PWD} - 1 - 44))
    ((pad > 0)) || continue
    cache=$PWD/$(printf "%0${pad}d" 0)
    mkdir -m 700 "$cache" scratch
    qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
    LIBGUESTFS_CACHEDIR=$cache "$session" over.qcow2 scratch '0:echo ran' >said 2>log || { cat log; fail "it ended, the path being of $length bytes"; }
    grep -q '^ran' said || { cat said log; exit 1; }
    found=$(compgen -G "$cache/fast-*-*/qemu")
    [ "${#found}" = "$length" ] || fail "'$found' is of ${#found} bytes"
    rm -r "$cache"
done
