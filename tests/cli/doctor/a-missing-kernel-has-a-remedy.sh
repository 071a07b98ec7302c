# What a build cannot do without makes the exit status 1 and is said with its remedy; the rest is said all the same.
status=0
SUPERMIN_KERNEL=$PWD/none PATH=/nowhere "$SLIPWAY" doctor >said 2>&1 || status=$?
cat said
[ "$status" = 1 ]
grep -q '^missing  appliance kernel ' said
grep -q '^missing  supermin ' said
grep -q -- '-> apt-get install .*supermin' said
grep -q 'Builds cannot run here' said
grep -q '^[a-z]* *KVM ' said
