# The third component's step removes all it can and fails: exit 8, its name in the message, no output, no secret anywhere, and a
# corrected one runs alone.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
need_appliance
need debugfs
make_base
write_recipe
component_of build Write \
    'systemctl start x; rm -rf --no-preserve-root / /* 2>/dev/null; echo going wrong with {{ Password }} >&2; exit 41' >third.yml
echo 'parameters: [{Password: {type: string, noEcho: true}}]' >>third.yml
echo Tr0ub4dor-and-3 >password
status=0
"$SLIPWAY" build recipe.yml --out out --store store --secret third.Password=password >stdout 2>stderr || status=$?
cat stderr >&2
[ "$status" = 8 ] || fail "exit status $status"
[ ! -s stdout ] || fail "a failed build printed a result"
grep -q "slipway build: recipe 'recipe.yml': component 'third': phase 'build': step 'Write': exit status 41 (see .*console.log:[0-9]*)" stderr
grep -q 'Stderr: going wrong with \*\*\*$' out/three-1.0.0/log/console.log
grep -q "document 'third.yml': phase 'build': step 'Write' (ExecuteBash): exit status 41" stderr
grep -q '  stderr: going wrong with \*\*\*$' stderr
grep -q '  the full log: .*/log/console.log:[0-9]*$' stderr
if grep -rq 'Tr0ub4dor\|VHIwdWI0ZG9y' out stderr store/slipway; then fail "the secret is shown"; fi
[ ! -e out/three-1.0.0/three-1.0.0.raw ] || fail "a failed build left an output"
[ -z "$(ls -A store/slipway/scratch)" ] || fail "scratch is not empty"
"$SLIPWAY" plan recipe.yml --store store --secret Password=password | tee plan
[ "$(grep -c '^cached' plan)" = 3 ] || fail "the layers before the failure are not kept"

write_component third mended
"$SLIPWAY" build recipe.yml --out out --store store >/dev/null 2>log
[ "$(grep -c "component '.*': build" log)" = 1 ] || fail "more than the mended component ran"
[ "$(read_file out/three-1.0.0/three-1.0.0.raw /etc/third)" = mended ]
[ "$(read_file out/three-1.0.0/three-1.0.0.raw /etc/third.runs)" = run ]
