# plan tells cached from to run without an appliance, and names the first input that differs from the last build.
. "$CASE_LIB/build-case.sh"
need mke2fs
make_base
recipe_of checks first.yml second.yml >recipe.yml
sed -i 's/first.yml/&\n    parameters: [{name: Word, value: [one]}]/' recipe.yml
# Components with test phases only leave the disk as it is: without those, a build needs no launch at all.
for name in first second; do
    component_of test Check 'echo {{ Word }}' >$name.yml
    echo 'parameters: [{Word: {type: string, default: none}}]' >>$name.yml
done
"$SLIPWAY" plan recipe.yml --no-test --store store >plan
grep -qx 'ingest   0  base' plan
grep -q '^run      1  first' plan
grep -q '^no launch' plan
LIBGUESTFS_HV=/bin/false "$SLIPWAY" build --no-test recipe.yml --store store -O qcow2 >/dev/null
"$SLIPWAY" plan recipe.yml --store store >plan
[ "$(grep -c '^cached' plan)" = 3 ]
if grep changed plan; then fail "nothing changed"; fi

"$SLIPWAY" plan recipe.yml --store store -p first.Word=two | tee plan
grep -q '^run .*first.*(changed: component.parameters.Word)' plan
grep -q '^run .*second.*(the layer beneath it changed)' plan
sed -i 's/name: Check/name: Look/' second.yml
"$SLIPWAY" plan recipe.yml --store store | tee plan
grep -q '^cached .*first' plan
grep -q "^run .*second.*(changed: component.d" plan
touch base.raw
"$SLIPWAY" plan recipe.yml --store store | tee plan
grep -q '^ingest .*base' plan
"$SLIPWAY" plan recipe.yml --store store --json | grep -q '"state": "ingest"'

# That starts of services are left out is an input too; what it may be is said.
touch -r recipe.yml base.raw
LIBGUESTFS_HV=/bin/false "$SLIPWAY" build --no-test recipe.yml --store store -O qcow2 >/dev/null
"$SLIPWAY" plan recipe.yml --store store --service-starts skip | tee plan
grep -q '^run .*first.*(changed: serviceStarts)' plan
"$SLIPWAY" plan recipe.yml --store store --service-starts fail | tee plan
[ "$(grep -c '^cached' plan)" = 3 ]
status=0
"$SLIPWAY" plan recipe.yml --store store --service-starts maybe 2>said || status=$?
[ "$status" = 2 ]
grep -q "service-starts is 'maybe': it must be fail or skip" said
