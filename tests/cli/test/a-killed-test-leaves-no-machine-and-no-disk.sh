# Killed while the machine runs: QEMU ends with it, and what the clone had written is gone at once.
# appliance: 1
# timeout: 300
. "$CASE_LIB/build-case.sh"
need_appliance
need pgrep python3
# A boot that takes its time: boot code that turns in a circle.
truncate -s 4M loop.raw
printf '\xeb\xfe' | dd of=loop.raw conv=notrunc status=none
printf '\x55\xaa' | dd of=loop.raw bs=1 seek=510 conv=notrunc status=none
for signal in KILL INT; do
    "$SLIPWAY" test -f raw loop.raw --accel tcg >out 2>&1 &
    pid=$!
    tries=0
    until qemu=$(pgrep -P $pid qemu-system) && [ -n "$(find "$TMPDIR" -name qemu.log)" ] && [ -z "$(find "$TMPDIR" -name overlay.qcow2)" ]; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || { cat out; echo "no machine was started"; exit 1; }
        sleep 0.1
    done
    kill -$signal $pid
    status=0
    wait $pid || status=$?
    [ $signal = KILL ] || [ $status = 9 ] || { cat out; echo "exit status $status"; exit 1; }
    tries=0
    while kill -0 "$qemu" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "$signal: QEMU is still there"; kill -KILL "$qemu"; exit 1; }
        sleep 0.1
    done
    [ -z "$(find "$TMPDIR" -name '*.qcow2')" ] || { echo "$signal: the clone is still there"; exit 1; }
done
[ -z "$(find "$TMPDIR" -type f)" ] || { find "$TMPDIR" -type f; echo "something is left"; exit 1; }
