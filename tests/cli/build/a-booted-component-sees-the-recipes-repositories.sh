# engine: boot: the recipe's repositories are there while a component is built in the booted image, after its restart too, and
# while the result is tested; nothing of them is in a layer.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the variables are those of the guest's shell
. "$CASE_LIB/build-case.sh"
need_appliance
need debugfs python3
"$CASE_LIB/tiny-guest" base.raw --bootable >/dev/null
mkdir -p 'one, first' two
printf 'Package: one\n' >'one, first/Packages'
printf 'Package: two\n' >two/Packages
tar -C two -cf two.tar .
{
    recipe_of media before.yml live.yml | sed 's/component: live.yml/&\n    engine: boot/'
    printf 'repositories: ["one, first", two.tar]\n'
} >recipe.yml
# The guest has no apt; one that says how it is called will do.
component_of build Do 'mkdir -p /usr/local/bin' \
    "printf '#!/bin/sh\necho \"\$APT_CONFIG \$0 \$*\" >>/etc/asked\n' >/usr/local/bin/apt-get; chmod +x /usr/local/bin/apt-get" \
    'cp /usr/local/bin/apt-get /usr/bin/apt-get' >before.yml
seen='cat /run/slipway/media/0/Packages /run/slipway/media/1/Packages'
{
    component_of build Do 'set -eu' '[ "$(cat /proc/1/comm)" = init ]' "$seen >>/etc/seen" 'apt-get install one' \
        '[ -z "$(command -v aptitude dnf || true)" ]' 'if touch /run/slipway/media/0/x 2>/dev/null; then exit 3; fi' \
        'echo run >>/etc/runs' 'if [ "$(wc -l </etc/runs)" = 1 ]; then exit 194; fi'
    phase_of test Look 'set -eu' "$seen | wc -l | grep -qx 2" 'apt-get update' 'grep -c . /etc/asked | grep -qx 5'
} >live.yml
"$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store -O raw --accel tcg >result ||
    { tail -n 40 out/media-1.0.0/log/console.log; exit 1; }
built=out/media-1.0.0/media-1.0.0.raw
[ "$(read_file $built /etc/seen)" = "$(printf 'Package: one\nPackage: two\nPackage: one\nPackage: two')" ]
# Once more for each time that the lists are read, which the wrapper sees to by itself.
read_file $built /etc/asked >asked
sort asked | uniq -c | sed 's/^ *//' >counted
diff counted - <<'END'
2 /run/slipway/apt.conf //usr/bin/apt-get -qq update
2 /run/slipway/apt.conf //usr/local/bin/apt-get install one
END
if has_file $built /run/slipway; then fail "something is left in /run"; fi

# Where a system cannot mount them its build fails, and says what does; what is tested goes on without.
component_of build Do "printf '#!/bin/sh\necho taken >/run/slipway\n' >/etc/init.d/S10taken; chmod +x /etc/init.d/S10taken" >before.yml
refused 8 "the booted system cannot mount the recipe's repositories: mkdir: can't create directory '/run/slipway'" \
    "$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store --no-output --accel tcg
component_of test Look '[ ! -e /run/slipway/media/0 ]' >live.yml
sed -i '/engine: boot/d' recipe.yml
"$SLIPWAY" build recipe.yml -a base.raw -f raw --out out --store store --no-output --accel tcg >result 2>said
grep -q 'the test phases have no package repositories: .*cannot mount' said || { cat said; fail "nothing is said"; }
