# What cannot be decoded, or changes under our hands, leaves nothing in the bucket: half a disk is none.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$CASE_LIB/disks.sh"
rig_start "$PWD/rig"
# It can be packed a little: what cannot lies there plainly, and nothing tells its damage.
head -c 15000000 /dev/urandom | base64 -w 0 >disk.raw
truncate -s 24M disk.raw
"$SLIPWAY" convert -q -f raw -O qcow2 disk.raw disk.qcow2
"$SLIPWAY" keygen aes -q -o key

cp disk.qcow2 bad.qcow2
printf '\377\377\377\377\377\377\377\377' | dd of=bad.qcow2 bs=1 seek=12000000 conv=notrunc status=none
refused 5 'bad.qcow2' rig_import bad.qcow2 --part-size 5M -q
[ "$(rig_count UploadPart 200)" -gt 0 ] || fail "the damage was met before anything was sent: the case shows nothing"
"$SLIPWAY" seal disk.qcow2 -o disk.qcow2.sealed --to aes:key -q
cp disk.qcow2.sealed bad.qcow2.sealed
cp disk.qcow2.keys bad.qcow2.keys
printf '\377\377\377\377\377\377\377\377' | dd of=bad.qcow2.sealed bs=1 seek=12000000 conv=notrunc status=none
refused 5 'bad.qcow2.sealed' rig_import bad.qcow2.sealed --key aes:key --part-size 5M -q
head -c 12000000 disk.qcow2 >cut.qcow2
refused 5 'cut.qcow2' rig_import cut.qcow2 --part-size 5M -q

rig_faults '{"op":"UploadPart","part":3,"do":"hold"}'
before=$(rig_count UploadPart)
rig_spawn disk.qcow2 --part-size 5M -q 2>err
rig_wait UploadPart $((before + 2))
touch -d '2001-01-01' disk.qcow2
touch "$RIG_DIR/go"
status=0
wait "$pid" || status=$?
[ $status = 1 ] || fail "exit status $status: $(cat err)"
grep -q "'disk.qcow2' changed while it was read" err || fail "it does not say why: $(cat err)"
[[ "$(rig_tasks)" = 0 && "$(rig_uploads)" = 0 ]] || fail "something of it is left"
[ -z "$(ls "$RIG_DIR/s3/lab/objects")" ] || fail "an object was made"
