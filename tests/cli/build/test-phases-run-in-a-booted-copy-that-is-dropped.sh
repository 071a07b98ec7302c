# The result boots; all components' test phases run there, restart it, and leave nothing in it. What passed is not booted again.
# appliance: 1
# timeout: 900
. "$CASE_LIB/build-case.sh"
need_appliance
need jq debugfs
"$CASE_LIB/tiny-guest" base.raw --bootable >/dev/null
start=$(python3 -c "print(int.from_bytes(open('base.raw','rb').read(4096)[1024 + 2 * 128 + 32:][:8], 'little') * 512)")
cat >recipe.yml <<'YAML'
name: tried
semanticVersion: 1.0.0
parentImage: base.raw
components:
  - component: first.yml
  - component: second.yml
inputs: {'https://example.org/check': check}
YAML
echo 'exit 0' >check
cat >first.yml <<'YAML'
name: first
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - {name: Write, action: ExecuteBash, inputs: {commands: [echo built >/etc/first]}}
  - name: test
    steps:
      - name: Look
        action: ExecuteBash
        inputs:
          commands:
            - set -eu
            - grep -q built /etc/first
            - '[ "$(cat /proc/1/comm)" = init ]'
            - '[ "$(cat /proc/sys/kernel/hostname)" = tiny ]'
            - echo dirt >/etc/dirt
            - echo "told on the console" >/dev/console
            - cat /proc/sys/kernel/random/boot_id
      - name: Again
        action: ExecuteBash
        inputs:
          commands:
            - '[ -e /etc/once ] && exit 0'
            - touch /etc/once
            - exit 194
      - name: Restart
        action: Reboot
      - name: Compare
        action: ExecuteBash
        inputs:
          commands:
            - '[ "$(cat /proc/sys/kernel/random/boot_id)" != "{{ test.Look.outputs.stdout }}" ]'
            - grep -q dirt /etc/dirt
YAML
cat >second.yml <<'YAML'
name: second
schemaVersion: 1.0
phases:
  - name: test
    steps:
      - {name: Also, action: ExecuteBash, inputs: {commands: [test -e /etc/dirt]}}
      - {name: Get, action: WebDownload, inputs: [{source: 'https://example.org/check', destination: /tmp/check}]}
      - {name: Check, action: ExecuteBash, inputs: {commands: [sh /tmp/check]}}
YAML
build() { "$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store -O raw --accel tcg "$@"; }

"$SLIPWAY" plan recipe.yml -a base.raw -f raw --store store --json | jq -e '.test and .launch' >/dev/null
build --json >result || { cat out/tried-1.0.0/log/console.log; exit 1; }
jq -e '.launched' result >/dev/null
log=out/tried-1.0.0/log
[ "$(grep -c 'Linux version' $log/boot-console.log)" = 3 ] || { echo "not two restarts"; exit 1; }
grep -q 'told on the console' $log/boot-console.log
[ ! -e $log/boot-screen.png ]
jq -e '[.. | objects | select(.name? == "test") | .status] == ["success", "success"]' $log/detailedoutput.json >/dev/null ||
    { cat $log/detailedoutput.json; exit 1; }
# Nothing of the phases or the runner is in the result.
for path in /etc/dirt /etc/once /etc/slipway-runner; do
    debugfs -R "stat $path" "out/tried-1.0.0/tried-1.0.0.raw?offset=$start" 2>&1 | grep -q 'File not found' || { echo "$path is in the result"; exit 1; }
done
if debugfs -R 'cat /etc/inittab' "out/tried-1.0.0/tried-1.0.0.raw?offset=$start" 2>/dev/null | grep slipway; then exit 1; fi

# What passed is known.
"$SLIPWAY" plan recipe.yml -a base.raw -f raw --store store --json | jq -e '(.test or .launch) | not' >/dev/null
LIBGUESTFS_HV=/bin/false build --json >again
jq -e '.launched | not' again >/dev/null

# What only they download is not here: that is said before anything runs, and without them it is not wanted.
mv check kept
status=0
build 2>stderr || status=$?
[ $status = 7 ] || { cat stderr; echo "exit status $status"; exit 1; }
grep -q 'example.org/check.*--no-test' stderr
LIBGUESTFS_HV=/bin/false build --no-test --json | jq -e '.launched | not' >/dev/null
mv kept check
# Another file there is another test of the same layers.
echo 'echo "the new check" >&2; exit 9' >check
"$SLIPWAY" plan recipe.yml -a base.raw -f raw --store store --json | jq -e '.test and ([.layers[].state] | unique == ["cached"])' >/dev/null
status=0
build 2>stderr || status=$?
[ $status = 8 ] || { cat stderr; echo "exit status $status"; exit 1; }
grep -q "step 'Check': exit status 9" stderr
echo 'exit 0' >check

# A phase that fails fails the build, and says where.
sed -i 's/test -e .etc.dirt/echo "no such thing" >\&2; exit 3/' second.yml
status=0
build 2>stderr || status=$?
[ $status = 8 ] || { cat stderr; echo "exit status $status"; exit 1; }
grep -q "component 'second': phase 'test': step 'Also': exit status 3" stderr
grep -q 'no such thing' $log/console.log
[ "$(head -c 4 $log/boot-screen.png | tail -c 3)" = PNG ]
LIBGUESTFS_HV=/bin/false build --no-test --json | jq -e '.launched | not' >/dev/null
[ -z "$(find store -name '*.qcow2')" ] || { find store -name '*.qcow2'; echo "a clone is left"; exit 1; }
