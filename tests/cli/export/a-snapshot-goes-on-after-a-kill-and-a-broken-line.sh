# kill -9 while the n-th block is on its way, or a server that is gone: the same command goes on to the identical disk.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig"
head -c 15000000 /dev/urandom >disk.img
truncate -s 20M disk.img
ebs_import -f raw disk.img -q >/dev/null
snapshot=$(ebs_snapshot)
blocks=29 kills=${SLIPWAY_TEST_KILLS:-2} block=524288
export SLIPWAY_CHECKPOINT_MS=0
go_on() { # FILE DONE: again, to the end; what comes over the line is what is missing of whole units, of two blocks each
    rig_export "$snapshot" "$1" -j 2 --json >out 2>err || fail "$1: $(cat err)"
    cmp -n 20971520 disk.img "$1" || fail "$1 is another disk"
    got=$(($(jq .fetched_bytes out) / block))
    [ "$got" = $((blocks - $2 / 2 * 2)) ] || fail "$1: $got blocks came where $2 of $blocks were there"
    if find . -maxdepth 1 -name ".$1*" | grep .; then fail "$1: something is left"; fi
}
point() { sed -n 2p ".$1.img.journal" 2>/dev/null | grep -ao '"point":[0-9]*' | cut -d: -f2 || true; }
for n in $(seq "$kills"); do
    at=$((9 + n * 20 / (kills + 1))) before=$(rig_count GetSnapshotBlock)
    rm -f rig/go
    rig_faults "{\"op\":\"GetSnapshotBlock\",\"after\":$at,\"times\":0,\"do\":\"hold\"}"
    rig_export_spawn "$snapshot" "$n.img" -j 1 -q 2>err
    rig_wait GetSnapshotBlock $((before + at))
    # One connection asks for one block after the other: every whole unit before the one that is held is noted.
    until [ "$(point "$n")" = $((at / 2 * 2 * block)) ]; do
        kill -0 "$pid" || fail "it ended: $(cat err)"
        sleep 0.02
    done
    kill -9 "$pid"
    wait "$pid" || true
    rig_faults
    touch rig/go
    [ ! -e "$n.img" ] || fail "killed at block $at: the file is there"
    go_on "$n.img" "$at"
done
# Every other reply is lost, one comes short: nothing is noticed. A server that is gone is, and costs nothing.
rig_faults '{"op":"GetSnapshotBlock","every":2,"times":3,"do":"drop-reply"}' '{"op":"GetSnapshotBlock","do":"cut-reply","bytes":1000}'
rig_export "$snapshot" lost.img -q 2>err || fail "lost replies: $(cat err)"
cmp -n 20971520 disk.img lost.img || fail "after lost replies it is another disk"
rig_faults '{"op":"GetSnapshotBlock","after":16,"times":0,"do":"error","status":500,"code":"InternalServerException"}'
status=0
AWS_MAX_ATTEMPTS=1 rig_export "$snapshot" gone.img -j 1 -q 2>err || status=$?
[ $status = 6 ] || fail "exit status $status of a server that is gone: $(cat err)"
grep -q 'interrupted at [0-9]* %, where the same command goes on' err || fail "not told: $(cat err)"
rig_faults
go_on gone.img 16
