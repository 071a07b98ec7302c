# In a folder that everybody writes into somebody may have put what looks like this user's appliance: nothing of it runs.
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
launch() {
    rm -rf scratch over.qcow2
    mkdir scratch
    qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
    LIBGUESTFS_CACHEDIR=$1 "$session" over.qcow2 scratch '0:echo ran' >said 2>log || { cat log; exit 1; }
    grep -q '^ran' said || { cat said log; exit 1; }
}
mkdir -m 700 own
launch "$PWD/own"
compgen -G "own/fast-*-*" >/dev/null || fail "a folder of one's own is not taken"

# Its name is a digest of what everybody can read. Only root can give it to another user; to a group's it is as bad.
mkdir shared
cp -r own/fast-*-* shared/
for program in shared/fast-*-*/qemu; do
    cat >"$program" <<PLANTED
#!/bin/sh
touch $PWD/owned
exec qemu-system-x86_64 "\$@"
PLANTED
    chmod 755 "$program"
done
[ "$(id -u)" != 0 ] || chown -R 4321 shared/fast-*-*
chmod 1777 shared
launch "$PWD/shared"
[ ! -e owned ] || fail "a program of another user was run"
compgen -G "shared/.slipway-$(id -u)/fast-*-*" >/dev/null || fail "the own appliance is not in a folder of its own"
# Where the whole folder is another's there is none that could be trusted.
if [ "$(id -u)" = 0 ]; then
    chown 4321 shared
    launch "$PWD/shared"
    [ ! -e owned ] || fail "a program of another user was run"
    grep -q 'belongs to another user' log || { cat log; exit 1; }
fi
