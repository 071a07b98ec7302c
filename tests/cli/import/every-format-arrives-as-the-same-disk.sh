# Whatever a disk lies in, sealed or not: the object, read back by another client and another program, is that disk.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$CASE_LIB/disks.sh"
rig_need aws qemu-img
rig_start "$PWD/rig"
make_disk disk.raw 8
mkdir in back
"$SLIPWAY" convert -q -f raw -O vmdk -o subformat=monolithicSparse disk.raw in/sparse.vmdk
qemu-img convert -q -f raw -O vmdk -o subformat=twoGbMaxExtentSparse disk.raw in/split.vmdk
qemu-img convert -q -f raw -O vhdx disk.raw in/disk.vhdx
qemu-img convert -q -c -f raw -O qcow2 disk.raw in/packed.qcow2
qemu-img create -q -f qcow2 -b packed.qcow2 -F qcow2 in/overlay.qcow2
"$SLIPWAY" convert -q -f raw -O vhd disk.raw in/dynamic.vhd
"$SLIPWAY" convert -q -f raw -O ova disk.raw in/machine.ova
cp disk.raw in/plain.raw
"$SLIPWAY" keygen aes -q -o key
"$SLIPWAY" seal in/packed.qcow2 -o in/packed.qcow2.sealed --to aes:key -q
"$SLIPWAY" seal in/plain.raw -o in/plain.raw.sealed --to aes:key -q

# OBJECT'S-NAME FORMAT IMAGE OPTION…
arrives() {
    local name=$1 format=$2 image=$3
    shift 3
    rig_import "in/$image" --part-size 5M --prefix "$image" -q --json "$@" >out 2>err || fail "$image: $(cat err)"
    grep -q "\"format\": \"$format\"" out || fail "$image went up as something else than $format: $(cat out)"
    [ -e "$(rig_object "$image/$name")" ] || fail "$image is not there as $name: $(ls "$(dirname "$(rig_object x)")")"
}
arrives sparse.vmdk VMDK sparse.vmdk
arrives split.vmdk VMDK split.vmdk --allow-parent in
arrives disk.vhd VHD disk.vhdx --as vhd
arrives packed.vmdk VMDK packed.qcow2
arrives overlay.vmdk VMDK overlay.qcow2 --allow-parent in
arrives dynamic.vmdk VMDK dynamic.vhd --as vmdk
arrives machine.vmdk VMDK machine.ova --as vmdk
arrives plain.vhd VHD plain.raw -f raw --as vhd -o subformat=fixed
arrives packed.raw RAW packed.qcow2.sealed --as raw --key aes:key
arrives plain.vmdk VMDK plain.raw.sealed -f raw --as vmdk --key aes:key

aws s3 cp --recursive --endpoint-url "$RIG_URL" s3://lab/ back --only-show-errors
n=0
for object in back/*/*; do
    case $object in
    *.vhd) format=vpc ;;
    *) format=${object##*.} ;;
    esac
    qemu-img convert -f "$format" -O raw "$object" again.raw
    cmp disk.raw again.raw || fail "$object is another disk"
    n=$((n + 1))
done
[ "$n" = 10 ] || fail "$n objects arrived"
[ "$(rig_uploads)" = 0 ] || fail "an upload is left open"
[ -z "$(find "$TMPDIR" -type f)" ] || fail "files were left: $(find "$TMPDIR" -type f)"
