# Killed at any part, the disk is encoded again, and only the parts that are missing, or came out otherwise, are sent.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig" --page 3
head -c 19000000 /dev/urandom >disk.raw
truncate -s 30M disk.raw
"$SLIPWAY" convert -q -f raw -O qcow2 disk.raw disk.qcow2
"$SLIPWAY" convert -q -O vmdk disk.qcow2 want.vmdk
bytes=$(stat -c %s want.vmdk)
parts=$(((bytes + 5242879) / 5242880))
options=(disk.qcow2 --part-size 5M -q)

# How many parts before PART the journals have: those of an upload that is over are gone, and a later part may come first.
noted_before() { cat "$XDG_STATE_HOME"/slipway/import/*.parts 2>/dev/null | awk -v part="$1" '$2 + 0 > 0 && $2 + 0 < part' | wc -l; }

killed_at() { # PART PREFIX: with all before it noted
    rm -f "$RIG_DIR/go"
    rig_faults '{"op":"UploadPart","part":'"$1"',"do":"hold"}'
    rig_spawn "${options[@]}" --prefix "$2" 2>err >/dev/null
    for _ in $(seq 600); do
        [ "$(noted_before "$1")" -lt $(($1 - 1)) ] || break
        sleep 0.05
    done
    kill -9 "$pid"
    wait "$pid" || true
    [ "$(noted_before "$1")" = $(($1 - 1)) ] || fail "$(noted_before "$1") parts were noted before part $1"
    kept=$(cat "$XDG_STATE_HOME"/slipway/import/*.parts | awk '{ bytes += $3 } END { print bytes + 0 }')
    rig_faults
    touch "$RIG_DIR/go"
}
n=0
for part in $(seq 2 "${SLIPWAY_TEST_KILLS:-2}") "$parts"; do
    [ "$part" -le "$parts" ] || continue
    n=$((n + 1))
    killed_at "$part" "at-$part"
    rig_import "${options[@]}" --prefix "at-$part" --json 2>err >out || fail "killed at part $part: $(cat err)"
    sent=$(sed -n 's/.*"sent_bytes": \([0-9]*\).*/\1/p' out)
    cmp want.vmdk "$(rig_object "at-$part/disk.vmdk")" || fail "killed at part $part: another object"
    [ "$sent" = $((bytes - kept)) ] || fail "killed with $kept of $bytes bytes noted: $sent were sent after that"
    echo "killed with $kept of $bytes bytes noted: $sent sent after that"
done
[ "$(rig_tasks)" = "$n" ] || fail "$(rig_tasks) tasks for $n imports"

# Another encoder in between: nothing of before is used.
killed_at 3 other
rig_import "${options[@]}" -o level=6 --prefix other >/dev/null
"$SLIPWAY" convert -q -O vmdk -o level=6 disk.qcow2 want6.vmdk
cmp want6.vmdk "$(rig_object other/disk.vmdk)" || fail "a mixture of two encoders went up"

# A log that says otherwise of a part: that part is sent again.
killed_at 3 log
sed -i -E 's/ 2 5242880 [0-9a-f]{8}/ 2 5242880 00000000/' "$(grep -l ' 2 5242880 ' "$XDG_STATE_HOME"/slipway/import/*.parts)"
rig_import "${options[@]}" --prefix log >/dev/null
cmp want.vmdk "$(rig_object log/disk.vmdk)" || fail "a part that came out otherwise is not the one that went up"
[ "$(rig_uploads)" = 0 ] || fail "$(rig_uploads) uploads are left open"
