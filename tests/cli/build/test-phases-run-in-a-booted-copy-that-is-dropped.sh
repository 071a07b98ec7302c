# The result boots; all components' test phases run there, restart it, and leave nothing in it. What passed is not booted again.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the variables are those of the guest's shell
. "$CASE_LIB/build-case.sh"
need_appliance
need jq debugfs
"$CASE_LIB/tiny-guest" base.raw --bootable >/dev/null
{
    recipe_of tried first.yml second.yml
    echo "inputs: {'https://example.org/check': check}"
} >recipe.yml
echo 'exit 0' >check
{
    component_of build Write 'echo built >/etc/first'
    phase_of test Look 'set -eu' 'grep -q built /etc/first' '[ "$(cat /proc/1/comm)" = init ]' \
        '[ "$(cat /proc/sys/kernel/hostname)" = tiny ]' 'echo dirt >/etc/dirt' 'echo "told on the console" >/dev/console' \
        'cat /proc/sys/kernel/random/boot_id'
    step_of Again '[ -e /etc/once ] && exit 0' 'touch /etc/once' 'exit 194'
    printf '      - {name: Restart, action: Reboot}\n'
    step_of Compare '[ "$(cat /proc/sys/kernel/random/boot_id)" != "{{ test.Look.outputs.stdout }}" ]' 'grep -q dirt /etc/dirt'
} >first.yml
{
    component_of test Also 'test -e /etc/dirt'
    echo "      - {name: Get, action: WebDownload, inputs: [{source: 'https://example.org/check', destination: /tmp/check}]}"
    step_of Check 'sh /tmp/check'
} >second.yml
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
    if has_file out/tried-1.0.0/tried-1.0.0.raw $path; then fail "$path is in the result"; fi
done
if read_file out/tried-1.0.0/tried-1.0.0.raw /etc/inittab | grep slipway; then exit 1; fi

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
grep -q "step 'Check': exit status 9" stderr || { cat stderr $log/console.log; exit 1; }
echo 'exit 0' >check

# A phase that fails fails the build, and says where.
sed -i 's/test -e .etc.dirt/echo "no such thing" >\&2; exit 3/' second.yml
status=0
build 2>stderr || status=$?
[ $status = 8 ] || { cat stderr; echo "exit status $status"; exit 1; }
grep -q "component 'second': phase 'test': step 'Also': exit status 3" stderr || { cat stderr; exit 1; }
grep -q 'no such thing' $log/console.log
[ "$(head -c 4 $log/boot-screen.png | tail -c 3)" = PNG ]
LIBGUESTFS_HV=/bin/false build --no-test --json | jq -e '.launched | not' >/dev/null
[ -z "$(find store -name '*.qcow2')" ] || { find store -name '*.qcow2'; echo "a clone is left"; exit 1; }
