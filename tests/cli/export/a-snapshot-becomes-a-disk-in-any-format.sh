# A snapshot's blocks come down through the EBS direct APIs into any format, sealed too; what it does not hold stays a hole.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig" --page 3
ebs_disk disk.img 12
ebs_import -f raw disk.img -q >/dev/null
snapshot=$(ebs_snapshot)
same() { # FILE: as the volume reads, which is of whole GiB
    [ "$(stat -c %s "$1")" = 1073741824 ] || fail "$1 is of $(stat -c %s "$1") bytes"
    [ "$(stat -c %b "$1")" -le 8192 ] || fail "$1 has no holes: $(stat -c %b "$1") sectors"
    cmp -n 12582912 disk.img "$1" || fail "$1 is another disk"
}
# As users of coldsnap would say it.
: >"$RIG_DIR/requests.jsonl"
rig_export "$snapshot" out.img -q 2>err || fail "$(cat err)"
same out.img
[ "$(rig_count GetSnapshotBlock)" = 4 ] || fail "$(rig_count GetSnapshotBlock) blocks came, and there are 4"
[ "$(jq -r .service rig/requests.jsonl | sort -u)" = ebs ] || fail "more than EBS was asked"
for format in vmdk vhd qcow2; do
    rig_export "$snapshot" -O $format -o "out.$format" --json >out 2>err || fail "$format: $(cat err)"
    [ "$(jq -c '[.snapshot_id, .format, .fetched_bytes, .virtual_bytes, .sealed]' out)" = \
        "[\"$snapshot\",\"$format\",2097152,1073741824,false]" ] || fail "$format: $(cat out)"
    "$SLIPWAY" convert -q "out.$format" back.img
    same back.img
done
"$SLIPWAY" keygen ec -o lab.pem -q
rig_export "$snapshot" -o s.vmdk --seal-to pem:lab.pem.pub -q 2>err || fail "sealed: $(cat err)"
"$SLIPWAY" convert -q --key pem:lab.pem s.vmdk -O raw back.img
same back.img

before=$(wc -l <rig/requests.jsonl)
expect() { # STATUS TEXT ARGUMENT…
    local want=$1 text=$2 status=0
    shift 2
    rig_export "$@" >out 2>err || status=$?
    [ $status = "$want" ] || fail "exit status $status, not $want, of $*: $(cat err)"
    grep -qFe "$text" err || fail "'$text' is not in: $(cat err)"
}
expect 2 "'snap-XY' is no id of an AMI (ami-…) or a snapshot" snap-XY x.img
expect 2 'one FILE is needed' "$snapshot"
expect 2 'one FILE is needed' "$snapshot" x.img -o y.img
expect 2 'one of AMI, SNAPSHOT' "$snapshot" x.img --object s3://lab/x
expect 2 'of an export that is begun' "$snapshot" x.img --bucket lab
expect 2 '--parent-snapshot needs -B' "$snapshot" x.qcow2 --parent-snapshot snap-01
expect 2 'vhd images are written without a parent' "$snapshot" x.vhd -B out.qcow2
expect 2 'are for the export of a snapshot' --object s3://lab/x -o x.qcow2 -B out.qcow2
[ "$(grep -vc '"op": "ListSnapshotBlocks"' rig/requests.jsonl)" -le "$before" ] || fail "wrong words led to requests"
expect 1 'does not exist' snap-0123456789abcdef0 x.img
sed -i 's/"completed"/"pending"/' "$RIG_DIR/ec2/snapshots/$snapshot.json"
expect 1 'is not completed' "$snapshot" x.img
if find . -maxdepth 1 -name '*x.img*' | grep .; then fail "something was left"; fi
