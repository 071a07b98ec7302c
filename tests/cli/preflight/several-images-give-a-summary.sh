# Counts for each cause, what slipway mends, the time of the upload; one that cannot be opened does not keep the rest from it.
. "$CASE_LIB/disks.sh"
need sfdisk mke2fs mkfs.vfat mcopy qemu-img jq
mkdir fleet work
for kind in good-gpt sparse-vmdk qcow2; do "$CASE_LIB/broken-disk" $kind "$PWD/work" >/dev/null 2>&1; done
mv work/good-gpt.raw work/sparse-vmdk.vmdk work/qcow2.qcow2 fleet
echo 'no image at all' >fleet/notes.txt
status=0
"$SLIPWAY" preflight --no-launch --json --lane import-image --bandwidth 1M -f raw fleet >v.json || status=$?
[ "$status" = 4 ]
jq -e '.fleet.images == 3 and .fleet.lanes["import-image"] == {refused: 2, unknown: 1, passed: 0} and .fleet.fixed == 2
    and ([.fleet.causes[] | {rule, n: (.images | length)}] == [{rule: "disk.format", n: 1}, {rule: "disk.format.vmdk", n: 1}])
    and .fleet.upload_seconds > 15 and (.images | length) == 3' v.json >/dev/null
"$SLIPWAY" preflight --no-launch --lane ebs-direct -f raw fleet | grep -q '^3 images; 0 that are refused'
# Without -f raw the one that has no magic is named, and counts.
status=0
"$SLIPWAY" preflight --no-launch --json --lane ebs-direct fleet >v.json || status=$?
[ "$status" = 2 ]
jq -e '(.images | length) == 2 and (.fleet.unreadable[0].error | contains("-f raw"))' v.json >/dev/null
mkdir empty
refused 2 "no image" "$SLIPWAY" preflight --no-launch empty
refused 2 "one IMAGE" "$SLIPWAY" preflight --no-launch fleet -a work/base.raw
refused 1 "missing.vmdk" "$SLIPWAY" preflight --no-launch missing.vmdk
refused 2 "-f raw" "$SLIPWAY" preflight --no-launch fleet/good-gpt.raw
refused 2 "no lane" "$SLIPWAY" preflight --no-launch fleet/good-gpt.raw --lane import-boat
