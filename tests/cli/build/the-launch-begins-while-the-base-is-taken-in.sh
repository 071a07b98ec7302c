# appliance: 1
# A base that the store does not know is read by the guest where it lies, while its layer is made; the layers are the same.
. "$CASE_LIB/build-case.sh"
need_appliance
need qemu-img qemu-nbd
unset LIBGUESTFS_BACKEND
make_base
qemu-img convert -O vmdk -o subformat=streamOptimized base.raw base.vmdk
write_component mark one
# recipe FILE FORMAT COMPONENT
recipe() {
    printf 'name: ahead\nsemanticVersion: 1.0.0\nparentImage: "%s"\nparentImageFormat: %s\ncomponents:\n  - component: %s.yml\n' "$@"
    printf 'outputs:\n  - format: raw\n'
}
recipe base.raw raw mark >recipe.yml
readonly AHEAD='while the base was taken into the store'
# build STORE ARG…
build() {
    local store=$1
    shift
    "$SLIPWAY" build recipe.yml --store "$store" --no-output --json "$@" >"$store.json" 2>"$store.log" || { cat "$store.log"; return 1; }
}
# The layer of the guest's changes: it does not depend on how the disk beneath was read.
last() { layers "$1.json" | tail -n 1; }
no_rest() {
    [ -z "$(find "$1/slipway/scratch" -mindepth 1)" ] || fail "$1: something is left in scratch"
    pgrep -f "$PWD/$1/slipway/scratch" && fail "$1: a process is left"
    :
}

build first
grep -q "$AHEAD" first.log || { cat first.log; fail "the launch waited"; }
no_rest first
# A base that is known is not: there is nothing to wait for.
build first --no-cache
grep -q launched first.log
if grep -q "$AHEAD" first.log; then exit 1; fi
one=$(last first)

# A file of another format, served by our own reader; and a raw one with a name of every kind.
recipe base.vmdk vmdk mark >recipe.yml
build other
grep -q "$AHEAD" other.log
[ "$(last other)" = "$one" ]
ln base.raw 'a "b\c, d:e=f.raw'
recipe 'a \"b\\c, d:e=f.raw' raw mark >recipe.yml
build name
grep -q "$AHEAD" name.log
[ "$(last name)" = "$one" ]
recipe base.raw raw mark >recipe.yml

# Somebody who holds the file locked does not hinder it.
qemu-nbd -k "$PWD/lock.sock" -f raw -t base.raw &
holder=$!
until [ -S lock.sock ]; do sleep 0.1; done
build locked
kill $holder
grep -q "$AHEAD" locked.log
[ "$(last locked)" = "$one" ]

# Once it is known by its bytes that all is there, the launch is dropped.
cp base.raw copy.raw
recipe copy.raw raw mark >recipe.yml
build first
grep -q 'nothing to launch' first.log
[ "$(last first)" = "$one" ]
no_rest first

# A sealed store takes it in too; what is sealed itself is not read ahead.
recipe base.raw raw mark >recipe.yml
(umask 077 && head -c 32 /dev/urandom >key)
"$SLIPWAY" store init --store sealed --seal-to aes:key >/dev/null
build sealed --key aes:key --plain-scratch
grep -q "$AHEAD" sealed.log
[ "$(last sealed)" = "$one" ]
"$SLIPWAY" convert -q -f raw base.raw -O vmdk base.vmdk.sealed --seal-to aes:key
recipe base.vmdk.sealed vmdk mark >recipe.yml
"$SLIPWAY" store init --store vault --seal-to aes:key >/dev/null
build vault --key aes:key --plain-scratch
if grep -q "$AHEAD" vault.log; then exit 1; fi
[ "$(last vault)" = "$one" ]
