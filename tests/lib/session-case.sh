# Sourced by the cases that launch sessions by hand, each over a tiny guest: base.raw.
# shellcheck shell=bash
# shellcheck source=tests/lib/build-case.sh
. "$CASE_LIB/build-case.sh"

# Skips where there is no fast appliance to be had, or no program that launches a session.
need_fast_session() {
    need_appliance
    need qemu-img
    [ "$(uname -m)" = x86_64 ] || exit 77
    session=$SLIPWAY_BUILD/tests/guest/guest_session
    [ -x "$session" ] || exit 77
    make_base
    unset LIBGUESTFS_PATH LIBGUESTFS_HV
}

# try_session COMMAND: runs it in the guest over a fresh overlay; what it says is in said, the log in log.
try_session() {
    rm -rf scratch over.qcow2
    mkdir scratch
    qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
    "$session" over.qcow2 scratch "0:$1" >said 2>log
}

# run_session COMMAND: the same goes well, and the command said that it ran.
run_session() {
    try_session "$1" || { cat log; exit 1; }
    grep -q '^ran' said || { cat said log; exit 1; }
}
