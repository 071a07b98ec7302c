# kill -9 between the server's work and the journal's note, at every request; the same command finishes it, once.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 12000000 /dev/urandom >disk.img
n=0
for op in CreateMultipartUpload UploadPart CompleteMultipartUpload ImportImage DescribeImportImageTasks; do
    n=$((n + 1))
    rig_faults '{"op":"'$op'","do":"delay-reply","ms":30000}'
    rig_spawn -f raw disk.img --prefix "$op" --part-size 5M -q 2>err
    sleep 0.7
    kill -0 "$pid" || fail "$op: it ended before the kill: $(cat err)"
    kill -9 "$pid"
    wait "$pid" || true
    rig_faults
    rig_import -f raw disk.img --prefix "$op" --part-size 5M -q 2>err | grep -q '^ami-' || fail "$op: $(cat err)"
    cmp disk.img "$(rig_object "$op/disk.img")" || fail "$op: the object is not the image"
    [ "$(rig_tasks)" = $n ] || fail "$op: $(rig_tasks) tasks after $n imports"
    [ "$(rig_uploads)" = 0 ] || fail "$op: $(rig_uploads) uploads are left open"
done
