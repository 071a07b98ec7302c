# kill -9 at random moments of a build, then the same command: it ends, the guest's tree is the same, nothing stale stays.
# SLIPWAY_TEST_KILLS: how many moments (default 2; each costs a launch).
# appliance: 1
# timeout: 2400
. "$CASE_LIB/build-case.sh"
need_appliance
need debugfs setsid
make_base
write_recipe
raw=three-1.0.0/three-1.0.0.raw

# The guest's tree as files on the host, for diff -r.
tree() { # DISK FOLDER
    mkdir "$2"
    debugfs -R "rdump /etc $2" "$(root_of "$1")" 2>/dev/null
    [ -s "$2/etc/third" ] || fail "no tree was read from $1"
}

began=$(date +%s%N)
"$SLIPWAY" build recipe.yml --out whole --store whole.store >/dev/null 2>whole.log
took_ms=$((($(date +%s%N) - began) / 1000000))
tree "whole/$raw" tree.whole

for round in $(seq "${SLIPWAY_TEST_KILLS:-2}"); do
    rm -rf out store tree.killed
    "$SLIPWAY" build recipe.yml --out out --store store >/dev/null 2>killed.log &
    pid=$!
    delay_ms=$(shuf -i "1-$took_ms" -n 1)
    sleep "$(printf '%d.%03d' $((delay_ms / 1000)) $((delay_ms % 1000)))"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    # Nothing of the killed one may live on: its appliance ends by itself.
    for _ in $(seq 100); do
        pgrep -f "$PWD/store/slipway/scratch" >/dev/null || break
        sleep 0.1
    done
    ! pgrep -f "$PWD/store/slipway/scratch" >/dev/null || fail "round $round: the appliance outlived the build"
    [ ! -e "out/$raw" ] || e2fsck -fn "$(root_of "out/$raw")" >/dev/null 2>&1 || fail "round $round: half an output"

    "$SLIPWAY" build recipe.yml --out out --store store >/dev/null 2>again.log || { cat again.log >&2; fail "round $round, killed after $delay_ms ms"; }
    tree "out/$raw" tree.killed
    diff -r tree.whole tree.killed >&2 || fail "round $round: another result"
    "$SLIPWAY" store verify --store store >/dev/null
    [ -z "$(ls -A store/slipway/scratch)" ] || fail "round $round: scratch is not empty"
    [ -z "$(find out store -name '.*.tmp-*' -o -name '*.partial')" ] || fail "round $round: leftovers"
    [ -z "$(ls -A "$TMPDIR")" ] || fail "round $round: left in TMPDIR: $(ls -A "$TMPDIR")"
done
