# engine: boot: the build phase has a running system, restarts it, and what the shutdown leaves is the layer, without the runner.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the variables are those of the guest's shell
. "$CASE_LIB/build-case.sh"
need_appliance
need jq debugfs
"$CASE_LIB/tiny-guest" base.raw --bootable >/dev/null
start=$(python3 -c "print(int.from_bytes(open('base.raw','rb').read(4096)[1024 + 2 * 128 + 32:][:8], 'little') * 512)")
cat >recipe.yml <<'YAML'
name: live
semanticVersion: 1.0.0
parentImage: base.raw
components:
  - component: before.yml
  - component: live.yml
    engine: boot
  - component: after.yml
YAML
component() { # NAME COMMAND…
    printf 'name: %s\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n' "$1" >"$1.yml"
    printf '      - name: Do\n        action: ExecuteBash\n        inputs:\n          commands:\n' >>"$1.yml"
    printf "            - '%s'\n" 'set -eu' "${@:2}" >>"$1.yml"
}
component before 'echo one >/etc/before' '[ "$(cat /proc/1/comm)" != init ]'
component live 'grep -q one /etc/before' '[ "$(cat /proc/1/comm)" = init ]' \
    'cat /proc/sys/kernel/random/boot_id >>/etc/boots' 'if [ "$(wc -l </etc/boots)" = 1 ]; then exit 194; fi' \
    'echo "$(sort -u /etc/boots | wc -l)" >/etc/different'
cat >>live.yml <<'YAML'
  - name: validate
    steps:
      - {name: Look, action: ExecuteBash, inputs: {commands: ['test -e /etc/different']}}
YAML
component after 'test -e /etc/different' 'test ! -e /etc/slipway-runner' 'echo two >/etc/after'
build() { "$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store -O raw --accel tcg "$@"; }
has() { # PATH WANT
    [ "$(debugfs -R "cat $1" "out/live-1.0.0/live-1.0.0.raw?offset=$start" 2>/dev/null)" = "$2" ] || { echo "$1 is not '$2'"; exit 1; }
}

build --json >result || { cat out/live-1.0.0/log/console.log; exit 1; }
has /etc/before one
has /etc/different 2
has /etc/after two
debugfs -R "stat /etc/slipway-runner" "out/live-1.0.0/live-1.0.0.raw?offset=$start" 2>&1 | grep -q 'File not found'
debugfs -R "cat /etc/inittab" "base.raw?offset=$start" 2>/dev/null >was
debugfs -R "cat /etc/inittab" "out/live-1.0.0/live-1.0.0.raw?offset=$start" 2>/dev/null | cmp - was
dd if="out/live-1.0.0/live-1.0.0.raw" of=root.img bs=512 skip=$((start / 512)) status=none
e2fsck -fn root.img >fsck.out 2>&1 || { [ $? -lt 4 ] || { cat fsck.out; exit 1; }; }
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
