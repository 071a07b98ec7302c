# --on-error, where the image is booted: a shell in the running system as the step left it, of a build and of a test phase; or
# its disk after a shutdown, without the runner.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the guest expands it
. "$CASE_LIB/build-case.sh"
need_appliance
need_terminal
need python3 qemu-img debugfs
"$CASE_LIB/tiny-guest" base.raw --bootable >/dev/null
recipe_of live live.yml | sed 's/component: live.yml/&\n    engine: boot/' >recipe.yml
component_of build Half 'set -eu' 'echo half >/etc/half' 'echo left >/tmp/left' 'exit 5' >live.yml
build() { "$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store --no-output --accel tcg "$@"; }
look() { # WHAT EXPECTED
    cat >orders <<ORDERS
await $1: exit status 5
await a shell in the guest as the failed step left it
await # 
type cat /tmp/left /proc/1/comm /etc/half\r
await $2
await # 
type exit 0\r
ORDERS
    local status=0
    "$CASE_LIB/at-terminal" orders "$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store --no-output \
        --accel tcg --on-error shell >shown || status=$?
    [ "$status" = 8 ] || fail "exit status $status: $(cat shown)"
}
look "step 'Half' (ExecuteBash)" 'left\r\ninit\r\nhalf\r\n'

status=0
build --on-error keep >stdout 2>stderr || status=$?
[ "$status" = 8 ] || fail "exit status $status: $(cat stderr)"
kept=out/live-1.0.0/log/failed.qcow2
[ -e $kept ] || fail "$(cat stderr)"
"$SLIPWAY" convert -q --allow-parent store/blobs/sha256 $kept kept.raw
[ "$(read_file kept.raw /etc/half)" = half ]
if has_file kept.raw /etc/slipway-runner; then fail "the runner is in what is kept"; fi

# A system that has ended leaves its disk as well.
component_of build Gone 'set -eu' 'echo gone >/etc/gone; sync; sync' 'echo c >/proc/sysrq-trigger' 'sleep 60' >live.yml
status=0
build --on-error keep >stdout 2>stderr || status=$?
[ "$status" = 8 ] || fail "exit status $status: $(cat stderr)"
"$SLIPWAY" convert -q --allow-parent store/blobs/sha256 $kept kept.raw
[ "$(read_file kept.raw /etc/gone)" = gone ] || fail "$(cat stderr)"
if has_file kept.raw /etc/slipway-runner; then fail "the runner is in what a system left that has ended"; fi

{
    component_of build Do 'echo half >/etc/half' >live.yml
    phase_of test Test 'echo left >/tmp/left' 'exit 5'
} >>live.yml
look "step 'Test' (ExecuteBash)" 'left\r\ninit\r\nhalf\r\n'
