# An object that is replaced between two ranges, and bytes that do not give S3's digest, never become a file.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 4000256 /dev/urandom >disk.raw
head -c 4000256 /dev/urandom >other.raw
replaced() { # ARGUMENT…: exports while the object is replaced behind its third range
    rm -f rig/go rig/requests.jsonl.seen
    local before status=0
    before=$(rig_count GetObject)
    rig_put k "$PWD/disk.raw"
    rig_faults '{"op":"GetObject","after":3,"times":0,"do":"hold"}'
    rig_export_spawn --object s3://lab/k -f raw --range-size 256K -j 1 -q -o out.raw "$@" 2>err
    rig_wait GetObject $((before + 3))
    rig_put k "$PWD/other.raw"
    touch rig/go
    wait $pid || status=$?
    rig_faults
    [ $status = 1 ] || fail "exit status $status: $(cat err)"
    grep -q "reading 's3://lab/k': the object was replaced by another while it was read" err || fail "$(cat err)"
    [ ! -e out.raw ] || fail "there is a file of two objects"
}
replaced
rig_export --object s3://lab/k -f raw --range-size 256K -q --json -o out.raw >out 2>err || fail "$(cat err)"
cmp other.raw out.raw || fail "the file is not the new object"
grep -q '"kept_bytes": 0' out || fail "bytes of the old object were kept"
rm out.raw
"$SLIPWAY" keygen aes -o key -q
replaced --seal-to aes:key

# One byte is another than S3 says.
printf x | dd of="$(rig_object k)" bs=1 seek=3000000 conv=notrunc status=none
for seal in '' '--seal-to aes:key'; do
    status=0
    # shellcheck disable=SC2086
    rig_export --object s3://lab/k -f raw --range-size 256K -q -o out.raw $seal 2>err || status=$?
    [ $status = 5 ] || fail "exit status $status: $(cat err)"
    grep -q "'s3://lab/k': the bytes that came are not those of the object's ETag" err || fail "$(cat err)"
    [ ! -e out.raw ] || fail "there is a file"
    if find . -maxdepth 1 -name '.out.raw*' | grep -q .; then fail "wrong bytes were kept"; fi
done
