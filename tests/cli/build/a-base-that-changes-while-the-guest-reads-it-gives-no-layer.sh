# appliance: 1
# What the guest reads of a base's own file is what the base's layer holds, or nothing is made of it.
. "$CASE_LIB/build-case.sh"
need_appliance
unset LIBGUESTFS_BACKEND
make_base
component_of build Slow 'sleep 5' >slow.yml
write_component quick one
recipe_of changed quick.yml slow.yml >recipe.yml
"$SLIPWAY" build recipe.yml --store store --no-output --json >json 2>log &
build=$!
for _ in $(seq 600); do
    grep -q "component 'slow'" log && break
    sleep 0.1
done
grep -q "component 'slow'" log
printf x | dd of=base.raw bs=1 seek=2000000 conv=notrunc status=none
status=0
wait $build || status=$?
[ $status = 5 ] || { cat log; fail "exit status $status"; }
grep -q "base image 'base.raw' changed while the guest read it" log || { cat log; fail "it does not say so"; }
[ ! -s json ]
[ -z "$(find store/slipway/scratch -mindepth 1)" ]
# What was whole before is the base's layer and the first one; the next build reads the file anew.
"$SLIPWAY" build recipe.yml --store store --no-output --json >json 2>log
grep -q 'taken into the store' log
