# In a folder that everybody writes into somebody may have put what looks like this user's appliance: nothing of it runs.
# appliance: 0
# timeout: 300
. "$CASE_LIB/session-case.sh"
need_fast_session
mkdir -m 700 own
LIBGUESTFS_CACHEDIR="$PWD/own" run_session 'echo ran'
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
LIBGUESTFS_CACHEDIR="$PWD/shared" run_session 'echo ran'
[ ! -e owned ] || fail "a program of another user was run"
compgen -G "shared/.slipway-$(id -u)/fast-*-*" >/dev/null || fail "the own appliance is not in a folder of its own"
# Where the whole folder is another's there is none that could be trusted.
if [ "$(id -u)" = 0 ]; then
    chown 4321 shared
    LIBGUESTFS_CACHEDIR="$PWD/shared" run_session 'echo ran'
    [ ! -e owned ] || fail "a program of another user was run"
    grep -q 'belongs to another user' log || { cat log; exit 1; }
fi
