# The server's Date corrects the clock once; every request after that is right at once.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
head -c 12000000 /dev/urandom >disk.img
for offset in 2400 -2400; do
    rig_start "$PWD/rig$offset" --clock-offset-s $offset
    rig_import -f raw disk.img --part-size 5M --prefix "$offset" >out 2>err || fail "$offset s: $(cat err)"
    grep -q '^ami-' out || fail "no AMI"
    grep -q "clock is -\?2[34][0-9]* s off" err || fail "the clock is not mentioned: $(cat err)"
    [ "$(rig_count CreateMultipartUpload 403)" = 1 ] || fail "the first request was not refused for its time"
    [ "$(rig_count UploadPart 403)" = 0 ] || fail "a later request was refused for its time"
    rig_stop
done
