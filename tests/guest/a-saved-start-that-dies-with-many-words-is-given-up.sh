# What a kernel says as it dies is more than the lines that are kept of its console: it is still known what was started.
# appliance: 0
# timeout: 300
. "$CASE_LIB/build-case.sh"
need_appliance
need qemu-img
[ "$(uname -m)" = x86_64 ] || exit 77
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
make_base
unset LIBGUESTFS_PATH LIBGUESTFS_HV
mkdir -m 700 cache
export LIBGUESTFS_CACHEDIR=$PWD/cache
launch() {
    rm -rf scratch over.qcow2
    mkdir scratch
    qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
    "$session" over.qcow2 scratch '0:echo ran' >said 2>log || { cat log; exit 1; }
    grep -q '^ran' said || { cat said log; exit 1; }
}
launch
# A machine that goes on, and then ends in the way of one that panics.
for program in cache/fast-*/qemu; do
    cp "$program" "$program.own"
    cat >"$program.new" <<PROGRAM
#!/bin/bash
case " \$* " in
*' -kernel '*)
    echo 'slipway: going on from a saved start'
    sleep 1
    for i in {1..60}; do echo "Call Trace: \$i"; done
    exit 1
    ;;
esac
exec $PWD/$program.own "\$@"
PROGRAM
    chmod 700 "$program.new"
    mv "$program.new" "$program"
done
launch
grep -q 'did not go on from its saved start' log || { cat log; exit 1; }
if compgen -G 'cache/fast-*/start-????????????????'; then fail "the start that died would be taken again"; fi
