# The journal is about these bytes: another file under the same name starts over, and the old upload goes.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 12000000 /dev/urandom >disk.img
rig_faults '{"op":"UploadPart","part":3,"times":0,"do":"error","status":403,"code":"AccessDenied"}'
rig_import -f raw disk.img --part-size 5M -q 2>err && fail "part 3 was not refused"
[ "$(rig_uploads)" = 1 ] || fail "the unfinished upload is not there"
rig_faults
head -c 12000000 /dev/urandom >disk.img
rig_import -f raw disk.img --part-size 5M -q | grep -q '^ami-' || fail "no AMI"
cmp disk.img "$(rig_object disk.img)" || fail "the object is a mixture"
[ "$(rig_uploads)" = 0 ] || fail "the old upload is still open"

# A chmod is no change, and what was sent is read, not sent again; other bytes under the same date are one.
dated() { touch -d '2026-01-01 00:00:00' disk.img; }
refused_part() { # PREFIX
    dated
    rig_faults '{"op":"UploadPart","part":3,"times":0,"do":"error","status":403,"code":"AccessDenied"}'
    rig_import -f raw disk.img --prefix "$1" --part-size 5M -j 1 -q 2>err && fail "part 3 was not refused"
    rig_faults
}
refused_part y
chmod 600 disk.img
rig_import -f raw disk.img --prefix y --part-size 5M -q --json >out
grep -q '"sent_bytes": 1514240' out || fail "more than part 3 was sent: $(cat out)"
refused_part z
head -c 100 /dev/urandom | dd of=disk.img conv=notrunc status=none
dated
rig_import -f raw disk.img --prefix z --part-size 5M -q --json >out
grep -q '"sent_bytes": 6757120' out || fail "not the parts 1 and 3: $(cat out)"
cmp disk.img "$(rig_object z/disk.img)" || fail "the object is a mixture of before and now"
rig_import -f raw disk.img --prefix y --part-size 5M -q >out
cmp disk.img "$(rig_object y/disk.img)" || fail "what was imported before passes for what the file is now"

# While a task still reads the object, it is not replaced.
echo for-ever >"$RIG_DIR/scenario"
before=$(rig_count DescribeImportImageTasks)
rig_spawn -f raw disk.img --prefix x -q 2>err
rig_wait DescribeImportImageTasks $((before + 2))
kill -9 "$pid"
wait "$pid" || true
touch disk.img
status=0
rig_import -f raw disk.img --prefix x -q 2>err || status=$?
[ $status = 4 ] || fail "exit status $status: $(cat err)"
grep -q "still reads 's3://lab/x/disk.img'" err || fail "it does not say why: $(cat err)"
