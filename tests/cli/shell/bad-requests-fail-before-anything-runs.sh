# Each with its exit status and what to do instead; nothing is launched, and nothing is written.
. "$CASE_LIB/build-case.sh"
make_base
write_recipe

# refuse CODE PART ARG…
refuse() {
    local want=$1 part=$2 status=0
    shift 2
    "$SLIPWAY" shell "$@" </dev/null >stdout 2>stderr || status=$?
    [ "$status" = "$want" ] || { cat stderr >&2; fail "$*: exit status $status, not $want"; }
    grep -qF -- "$part" stderr || { cat stderr >&2; fail "$*: '$part' is not in the message"; }
    [ ! -s stdout ]
}

everything() { find . ! -name stdout ! -name stderr | LC_ALL=C sort; }
before=$(everything)
for _ in 1 2; do
    refuse 2 'missing argument'
    refuse 1 'none.raw' none.raw -f raw
    refuse 2 '-f raw' base.raw
    refuse 2 'name the disk that is written with -o OUT' base.raw -f raw --commit
    refuse 2 'for the disk that --commit writes' base.raw -f raw -o new.raw
    refuse 2 'for the disk that --commit writes' base.raw -f raw -O vmdk
    refuse 2 "is there and is no" base.raw -f raw --commit -o "$TMPDIR" -O raw
    refuse 2 'base.raw' base.raw -f raw --commit -o base.raw
    refuse 1 "cannot write in the folder of 'nodir/new.raw'" base.raw -f raw --commit -o nodir/new.raw
    refuse 2 'options of a recipe' base.raw -f raw --at base
    refuse 2 'options of a recipe' base.raw -f raw --store store
    refuse 2 '--allow-parent is for an image' recipe.yml --allow-parent .
    refuse 2 'no result' base.raw -f raw --json
    refuse 2 'a recipe on standard input' -
    refuse 2 'auto, kvm' base.raw -f raw --accel none
    refuse 1 'none.yml' none.yml
    [ "$(everything)" = "$before" ] || fail "something was written"
    [ -z "$(find "$TMPDIR" ! -type d)" ]
done

# A parent that an image names is not followed unless somebody says where to.
qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
refuse 4 'base.raw' over.qcow2

# What was sealed does not lie in clear on a plain disk; only a sealed image needs a key.
"$SLIPWAY" keygen aes -o key
"$SLIPWAY" convert -q -f raw -O vmdk base.raw disk.vmdk
"$SLIPWAY" seal disk.vmdk -o disk.vmdk.sealed --to aes:key
refuse 2 'name the key that opens it' disk.vmdk.sealed
refuse 5 'disk.vmdk' disk.vmdk --key aes:key
