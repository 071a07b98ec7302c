# --parent-snapshot and -B: only changed blocks come, onto the parent's disk, which is looked at first; damage is refused.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig" --page 3
ebs_disk disk.img 8
cp disk.img before.img
ebs_import -f raw disk.img -q >out 2>err || fail "$(cat err)"
parent=$(ebs_snapshot)
# Block 0 becomes zeros, block 15 differs, block 8 is new; 1 and 14 stay.
head -c 524288 /dev/zero | dd of=disk.img conv=notrunc status=none
printf new | dd of=disk.img conv=notrunc bs=1 seek=$((8 * 524288)) status=none
printf other | dd of=disk.img conv=notrunc bs=1 seek=$((15 * 524288 + 9)) status=none
ebs_import -f raw disk.img -q --parent-snapshot "$parent" >out 2>err || fail "$(cat err)"
child=$(basename "$(grep -l "\"parent\": \"$parent\"" "$RIG_DIR"/ec2/snapshots/*.json)" .json)

reads_as() { # FILE DISK
    "$SLIPWAY" convert -q --allow-parent . "$1" back.img 2>err || fail "$1: $(cat err)"
    cmp -n 8388608 "$2" back.img || fail "$1 is not $2"
}
delta() { rig_export "$1" -o "$2" -B "$3" --parent-snapshot "$4" --json >out 2>err; }
rig_export "$parent" base.qcow2 -q
delta "$child" delta.qcow2 base.qcow2 "$parent" || fail "$(cat err)"
[ "$(jq .fetched_bytes out)" = $((3 * 524288)) ] || fail "more came than what differs: $(cat out)"
reads_as delta.qcow2 disk.img
[ "$(stat -c %s delta.qcow2)" -lt 1000000 ] || fail "the delta holds more than what differs"
# The other way round block 8 is in no snapshot any more: it reads as zeros, over a disk that has bytes there.
rig_export "$child" child.qcow2 -q
delta "$parent" back.qcow2 child.qcow2 "$child" || fail "back: $(cat err)"
[ "$(jq .fetched_bytes out)" = $((2 * 524288)) ] || fail "a block that is gone came: $(cat out)"
reads_as back.qcow2 before.img
# Without the parent all comes, and the file holds what differs.
rig_export "$child" -o whole.qcow2 -B base.qcow2 -q 2>err || fail "-B alone: $(cat err)"
reads_as whole.qcow2 disk.img
status=0
delta "$child" base.qcow2 base.qcow2 "$parent" || status=$?
[ $status = 2 ] || fail "a disk was laid on itself: exit status $status"
"$SLIPWAY" verify -q base.qcow2 || fail "the base is gone"

refused() { # TEXT: exit status 5, and nothing of it stays
    [ $status = 5 ] || fail "$1: exit status $status: $(cat err)"
    grep -qFe "$1" err || fail "'$1' is not in: $(cat err)"
    if find . -maxdepth 1 -name '*x.[iq]*' | grep .; then fail "$1: something is left"; fi
}
status=0
delta "$child" x.qcow2 child.qcow2 "$parent" || status=$?
refused "child.qcow2' is no disk of snapshot '$parent'"
rig_faults '{"op":"GetSnapshotBlock","after":2,"times":0,"do":"flip-reply"}'
status=0
rig_export "$child" x.img -q 2>err || status=$?
refused "the bytes are not those that the reply's checksum is of"
