# engine: boot: the build phase has a running system, restarts it, and what the shutdown leaves is the layer, without the runner.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the variables are those of the guest's shell
. "$CASE_LIB/build-case.sh"
need_appliance
need jq debugfs
"$CASE_LIB/tiny-guest" base.raw --bootable >/dev/null
recipe_of live before.yml live.yml after.yml | sed 's/component: live.yml/&\n    engine: boot/' >recipe.yml
component_of build Do 'set -eu' 'echo one >/etc/before' '[ "$(cat /proc/1/comm)" != init ]' >before.yml
component_of build Do 'set -eu' 'grep -q one /etc/before' '[ "$(cat /proc/1/comm)" = init ]' \
    'cat /proc/sys/kernel/random/boot_id >>/etc/boots' 'if [ "$(wc -l </etc/boots)" = 1 ]; then exit 194; fi' \
    'echo "$(sort -u /etc/boots | wc -l)" >/etc/different' >live.yml
phase_of validate Look 'test -e /etc/different' >>live.yml
component_of build Do 'set -eu' 'test -e /etc/different' 'test ! -e /etc/slipway-runner' 'echo two >/etc/after' >after.yml
build() { "$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store -O raw --accel tcg "$@"; }
built=out/live-1.0.0/live-1.0.0.raw
has() { # PATH WANT
    [ "$(read_file $built "$1")" = "$2" ] || { echo "$1 is not '$2'"; exit 1; }
}

build --json >result || { cat out/live-1.0.0/log/console.log; exit 1; }
has /etc/before one
has /etc/different 2
has /etc/after two
if has_file $built /etc/slipway-runner; then fail "the runner is in the layer"; fi
read_file base.raw /etc/inittab >was
read_file $built /etc/inittab | cmp - was
e2fsck -fn "$(root_of $built)" >fsck.out 2>&1 || { [ $? -lt 4 ] || { cat fsck.out; exit 1; }; }
[ "$(grep -c 'Linux version' out/live-1.0.0/log/boot-console-2.log)" = 2 ]

# It is cached like any other; another engine is another layer.
LIBGUESTFS_HV=/bin/false build --json | jq -e '.launched | not' >/dev/null
sed -i '/engine: boot/d' recipe.yml
"$SLIPWAY" plan recipe.yml -a base.raw -f raw --store store | tee plan
grep -q '^cached .*before' plan && grep -q '^run .*live.*(changed: engine)' plan

# A step that fails leaves no layer, and says where.
sed -i 's/component: live.yml/component: live.yml\n    engine: boot/' recipe.yml
sed -i 's/grep -q one/exit 7; grep -q one/' live.yml
status=0
build 2>stderr || status=$?
[ $status = 8 ] || { cat stderr; echo "exit status $status"; exit 1; }
grep -q "component 'live': phase 'build': step 'Do': exit status 7" stderr

# Words that mean nothing are refused.
sed -i 's/engine: boot/engine: rocket/' recipe.yml
status=0
build 2>stderr || status=$?
[ $status = 3 ] && grep -q "recipe.yml:.*engine is 'rocket': it must be appliance or boot" stderr
