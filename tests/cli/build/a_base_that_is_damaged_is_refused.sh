# A truncated VMDK, a VHD with a bad footer and a missing base: a clear message, exit status, and no layer.
. "$CASE_LIB/build-case.sh"
need mke2fs qemu-img
make_base
write_recipe
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized base.raw base.vmdk
qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on base.raw base.vhd
truncate -s -70000 base.vmdk
printf X | dd of=base.vhd bs=1 seek=$(($(stat -c %s base.vhd) - 400)) conv=notrunc status=none
refuse() { # CODE PART ARG…
    local want=$1 part=$2 status=0
    shift 2
    "$SLIPWAY" build recipe.yml --out out --store store "$@" >stdout 2>stderr || status=$?
    [ "$status" = "$want" ] || { cat stderr >&2; fail "$*: exit status $status, not $want"; }
    grep -qF -- "$part" stderr || { cat stderr >&2; fail "$*: '$part' is not in the message"; }
    [ -z "$(find store/blobs -type f 2>/dev/null)" ] || fail "$*: a blob was left"
}
refuse 5 "base.vmdk" --base base.vmdk
refuse 5 "base.vhd" --base base.vhd
refuse 1 "nowhere.raw" --base nowhere.raw -f raw
sed -i /parentImageFormat/d recipe.yml
refuse 2 "-f raw" --base base.raw
