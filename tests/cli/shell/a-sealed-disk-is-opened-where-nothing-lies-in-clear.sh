# A sealed image is read in place; its overlay lies in memory, and what --commit writes is sealed too, or for its owner alone.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
need_appliance
need debugfs
[ -w /dev/shm ] || { echo "skipped: no /dev/shm"; exit 77; }
make_base
"$SLIPWAY" keygen aes -o key 2>/dev/null
"$SLIPWAY" convert -q -f raw -O vmdk base.raw disk.vmdk
"$SLIPWAY" seal disk.vmdk -o disk.vmdk.sealed --to aes:key 2>/dev/null
sha256sum disk.vmdk.sealed >before
shell() { "$SLIPWAY" shell disk.vmdk.sealed --key aes:key "$@"; }

if [ "$(stat -f -c %T .)" != tmpfs ]; then
    status=0
    shell --scratch . -- true </dev/null >stdout 2>stderr || status=$?
    [ "$status" = 4 ] || fail "exit status $status: $(cat stderr)"
    grep -q 'neither in memory nor on an encrypted device' stderr
    [ -z "$(find . -name overlay.qcow2)" ]
fi

shell --scratch /dev/shm --commit -o new.raw -- sh -c 'cat /etc/os-release; echo new >/etc/new' </dev/null >said 2>told || fail "$(cat told)"
grep -qx ID=tiny said
[ "$(stat -c %a new.raw)" = 600 ]
[ "$(read_file new.raw /etc/new)" = new ]

shell --plain-scratch --commit -o new.vmdk.sealed -O vmdk --seal-to aes:key -- sh -c 'echo again >/etc/new' </dev/null >said 2>told ||
    fail "$(cat told)"
"$SLIPWAY" open new.vmdk.sealed -o new.vmdk --key aes:key 2>/dev/null
"$SLIPWAY" convert -q new.vmdk again.raw
[ "$(read_file again.raw /etc/new)" = again ]
sha256sum -c --quiet before
[ -z "$(find "$TMPDIR" ! -type d)" ] || fail "scratch is left"
