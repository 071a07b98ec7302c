# The last layer that the store has, or one by name, position and digest; the store stays as it is, also with --commit.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the guest expands it
. "$CASE_LIB/build-case.sh"
need_appliance
need jq debugfs
make_base
write_recipe
sed -i 's|^outputs:|workingDirectory: /srv\noutputs:|' recipe.yml
shell() { "$SLIPWAY" shell recipe.yml --store store "$@" </dev/null; }

# Nothing was built: there is the base alone.
refused 1 "layer 2, 'second', is not in the store: build the recipe first" shell --at second
shell -- cat /etc/os-release /etc/first >said 2>told && fail "the base has a component's file"
grep -qx ID=tiny said
grep -q "layer 0 'base'" told

"$SLIPWAY" build recipe.yml --out out --store store -q >/dev/null
find store/blobs store/index.json -type f -exec sha256sum {} + | sort >before
shell -- sh -c 'cat /etc/third; pwd; echo $WORKING_DIRECTORY; echo gone >/etc/third; test $(date +%Y) -lt 2026' >said 2>told
[ "$(cat said)" = $'three\n/srv\n/srv' ] || fail "$(cat said)"
grep -q "a command in recipe 'recipe.yml', layer 3 'third' (sha256:" told

# By digest, and written to a disk of its own.
second=$("$SLIPWAY" plan recipe.yml --store store --json | jq -r '.layers[2].digest')
shell --at "sha256:${second:0:10}" --commit -o new.raw -- sh -c 'cat /etc/second; test ! -e /etc/third; echo new >/etc/new' >said 2>told
[ "$(cat said)" = two ]
grep -q "changes go to 'new.raw'" told
[ "$(read_file new.raw /etc/new)" = new ]
[ "$(read_file new.raw /etc/second)" = two ]
[ -z "$(read_file new.raw /etc/third)" ]
find store/blobs store/index.json -type f -exec sha256sum {} + | sort | diff before -
[ -z "$(find store/slipway/scratch "$TMPDIR" -type f 2>/dev/null)" ] || fail "something is left"

refused 2 "'fourth' is neither a component's name nor a position (0 to 3)" shell --at fourth
refused 2 "'4' is neither" shell --at 4
refused 2 "'0000' is neither" shell --at 0000
refused 2 "'${second:0:3}' is neither" shell --at "${second:0:3}"
refused 2 "'../../x' is neither" shell --at ../../x
refused 2 '--commit: name the disk' shell --commit
cp first.yml again.yml
"$SLIPWAY" shell recipe.yml --store store --component again.yml --at first </dev/null >stdout 2>stderr && fail "two of one name"
grep -q "2 layers are called 'first': name its position" stderr || fail "$(cat stderr)"

# What changed since is not there yet: the last layer is the one before it.
write_component second other
refused 1 "layer 3, 'third', is not in the store" shell --at 3
shell -- sh -c 'cat /etc/first; ls /etc/second' >said 2>told && fail "the second layer is there"
[ "$(cat said)" = one ]
grep -q "layer 1 'first'" told
