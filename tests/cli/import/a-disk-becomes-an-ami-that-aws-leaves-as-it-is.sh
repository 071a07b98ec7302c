# --lane import-snapshot: one ImportSnapshot a disk, and an image of them: hvm, with ENA, by the names that were given.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >root.img
head -c 3000000 /dev/urandom >data.img
lane() { rig_import --lane import-snapshot -f raw "$@"; }
image() { # MEMBER…: of the only image that is registered under the name
    /usr/bin/python3 - "$RIG_DIR/ec2/images" "$@" <<'PY'
import glob, json, sys
found = [json.load(open(path))["request"] for path in glob.glob(sys.argv[1] + "/ami-*.json")]
found = [r for r in found if r["Name"] == sys.argv[2]]
assert len(found) == 1, found
for member in sys.argv[3:]:
    value = found[0]
    for part in member.split("."):
        value = value[int(part) if isinstance(value, list) else part] if isinstance(value, list) or part in value else None
    print(value)
PY
}

lane root.img data.img --name 'web 1' --architecture arm64 --boot-mode uefi --volume-size 9 --tag 'a=b c' >out 2>err
grep -qxE 'ami-[0-9a-f]{17}' out || fail "stdout is not an AMI's id: $(cat out)"
for step in 'active 3% pending' 'active 22% downloading/converting' 'completed 100%'; do
    [ "$(grep -c "import-snap-.*: $step" err)" -ge 2 ] || fail "'$step' was not told of both tasks: $(cat err)"
done
[ "$(rig_tasks import-snap) $(rig_images) $(rig_snapshots) $(rig_tasks)" = "2 1 2 0" ] || fail "not two snapshots and one image"
[ "$(rig_count RegisterImage)" = 1 ] || fail "it was registered $(rig_count RegisterImage) times"
got=$(image 'web 1' VirtualizationType EnaSupport Architecture BootMode RootDeviceName BlockDeviceMappings.0.DeviceName \
    BlockDeviceMappings.0.Ebs.VolumeSize BlockDeviceMappings.0.Ebs.VolumeType BlockDeviceMappings.1.DeviceName \
    BlockDeviceMappings.1.Ebs.VolumeSize | paste -sd ' ')
[ "$got" = "hvm True arm64 uefi /dev/sda1 /dev/sda1 9 gp3 /dev/sdf None" ] || fail "the image is registered as '$got'"
[ "$(grep -l '"tags": {"a": "b c"}' "$RIG_DIR"/ec2/images/* "$RIG_DIR"/ec2/snapshots/* | wc -l)" = 3 ] ||
    fail "image and snapshots are not tagged"

# Again: from the journal. With another name: registered anew, nothing is imported, the old name is gone.
[ "$(lane root.img data.img --name 'web 1' --architecture arm64 --boot-mode uefi --volume-size 9 --tag 'a=b c' -q)" = "$(cat out)" ] ||
    fail "the same command gives another image"
lane root.img data.img --name 'web 2' --architecture arm64 --boot-mode uefi --no-ena --tag 'a=b c' >out2 2>err ||
    fail "no new name: $(cat err)"
[ "$(rig_count ImportSnapshot) $(rig_images) $(rig_snapshots) $(rig_count CopyImage)" = "2 1 2 0" ] ||
    fail "a new name took more than RegisterImage"
[ "$(image 'web 2' EnaSupport)" = False ] || fail "--no-ena was not heard"

# The name of somebody else's image is refused, and what is there stays.
status=0
lane data.img --name 'web 2' >out 2>err || status=$?
[ "$status" = 4 ] || fail "exit status $status for a name that is taken: $(cat err)"
grep -q "the image name 'web 2' is taken by 'ami-.*which is not of this import; choose another --name" err ||
    fail "not said why: $(cat err)"
lane data.img --name other -q | grep -q '^ami-' || fail "another name does not do"
[ "$(rig_count ImportSnapshot)" = 3 ] || fail "another name imported the disk again"

# A snapshot of the same bytes is used again; cancel leaves it to the image that stands on it.
snapshots=$(rig_snapshots)
rig_faults '{"op":"RegisterImage","do":"freeze"}'
rig_spawn --lane import-snapshot -f raw data.img --name third --description third -q 2>err
rig_kill_frozen RegisterImage
newest() { "$SLIPWAY" import list | head -n 1 | cut -c1-12; }
rig_import cancel "$(newest)" -q 2>err || fail "not cancelled: $(cat err)"
[ "$(rig_count ImportSnapshot) $(rig_snapshots)" = "3 $snapshots" ] || fail "the snapshot of another image is gone, or made twice"

# What one disk became when another failed goes with it: by cancel, and when the disks are others.
echo success-at-once >"$RIG_DIR/scenario"
half_done() { # PREFIX: one disk of two is a snapshot, the other failed
    rm -f "$RIG_DIR/frozen"
    rig_faults '{"op":"DescribeImportSnapshotTasks","do":"freeze"}'
    rig_spawn --lane import-snapshot -f raw root.img data.img --prefix "$1" -q 2>err
    rig_kill_frozen DescribeImportSnapshotTasks
    sed -i 's/"scenario": "success-at-once"/"scenario": "snapshot-unsupported-vhd"/' \
        "$(grep -l "$1/data.img" "$RIG_DIR"/ec2/import-snap-*.json)"
    if lane root.img data.img --prefix "$1" -q 2>err; then fail "a disk that failed makes a machine"; fi
    [ "$(rig_snapshots)" = $((snapshots + 1)) ] || fail "the other disk is no snapshot: $(cat err)"
}
half_done p
rm "$RIG_DIR"/s3/lab/objects/p*
rm "$RIG_DIR/frozen"
rig_faults '{"op":"CreateMultipartUpload","do":"freeze"}'
rig_spawn --lane import-snapshot -f raw root.img data.img --prefix p -q 2>err
rig_kill_frozen CreateMultipartUpload
rig_import cancel "$(newest)" -q 2>err || fail "not cancelled: $(cat err)"
[ "$(rig_snapshots)" = "$snapshots" ] || fail "cancel leaves a snapshot"
half_done q
touch root.img
lane root.img data.img --prefix q -q >out 2>err || fail "$(cat err)"
[ "$(rig_snapshots)" = $((snapshots + 2)) ] || fail "a snapshot of what the disk was is left"

# What the lane does not take is refused before anything is sent.
before=$(wc -l <"$RIG_DIR/requests.jsonl")
refuse() { # TEXT OPTION…
    local text=$1
    shift
    if lane data.img "$@" >out 2>err; then fail "$* was taken"; fi
    grep -qF "$text" err || fail "$*: $(cat err)"
}
refuse 'is of the lane import-image only' --platform Linux
refuse 'is of the lane import-image only' --license-type BYOL
refuse 'is no name for an image' --name 'web*'
refuse 'a throughput is for gp3' --volume-type gp2 --volume-throughput 200
refuse 'needs its IOPS' --volume-type io2
refuse 'arm64 boots by uefi only' --architecture arm64 --boot-mode legacy-bios
refuse 'a TPM needs the boot mode uefi' --tpm v2.0
refuse 'a KMS key is for what is encrypted' --kms-key-id alias/x
[ "$(wc -l <"$RIG_DIR/requests.jsonl")" = "$before" ] || fail "something was sent for what is refused"
