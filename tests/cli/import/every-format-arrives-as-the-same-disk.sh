# Whatever a disk lies in, sealed or not: the object, read back by another client and another program, is that disk.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$CASE_LIB/disks.sh"
rig_need aws qemu-img
rig_start "$PWD/rig"
make_disk disk.raw 5
mkdir in back
to() { "$SLIPWAY" convert -q -f raw -O "$@"; }
to vmdk disk.raw in/stream.vmdk
to vmdk -o subformat=monolithicSparse disk.raw in/sparse.vmdk
qemu-img convert -q -f raw -O vmdk -o subformat=twoGbMaxExtentSparse disk.raw in/split.vmdk
to vhd disk.raw in/dynamic.vhd
to vhd -o subformat=fixed disk.raw in/fixed.vhd
qemu-img convert -q -f raw -O vhdx disk.raw in/disk.vhdx
qemu-img convert -q -f raw -O qcow2 disk.raw in/plain.qcow2
qemu-img convert -q -c -f raw -O qcow2 disk.raw in/packed.qcow2
qemu-img create -q -f qcow2 -b packed.qcow2 -F qcow2 in/overlay.qcow2
qemu-io -f qcow2 -c 'write -P 0x5a 3M 200000' in/overlay.qcow2 >/dev/null
qemu-img convert -q -f qcow2 -O raw in/overlay.qcow2 overlay.raw
to ova disk.raw in/machine.ova
cp disk.raw in/plain.raw
"$SLIPWAY" keygen aes -q -o key
n=0

# OBJECT'S-FORMAT IMAGE OPTION…: goes up under the name of the format that it is to be, or is left as it is.
arrives() {
    local format=$1 image=$2
    shift 2
    rig_import "in/$image" --part-size 5M --prefix "$image" -q --json "$@" >out 2>err || fail "$image: $(cat err)"
    grep -q "\"format\": \"$format\"" out || fail "$image went up as something else than $format: $(cat out)"
    n=$((n + 1))
}
# The same, in clear and sealed; then as the second format.
both() { # FORMAT SEALED-AS IMAGE OPTION…
    local format=$1 as=$2 image=$3
    shift 3
    arrives "$format" "$image" "$@"
    "$SLIPWAY" seal "in/$image" -o "in/$image.sealed" --to aes:key -q
    arrives "${as^^}" "$image.sealed" --as "$as" --key aes:key "$@"
}
both VMDK vhd stream.vmdk
both VMDK raw sparse.vmdk
both VHD vmdk dynamic.vhd
both VHD raw fixed.vhd
both VHDX vmdk disk.vhdx
both VMDK vhd plain.qcow2
both VMDK raw packed.qcow2
both VMDK vmdk overlay.qcow2 --allow-parent in
both RAW vmdk plain.raw -f raw
both OVA vhd machine.ova
arrives VMDK split.vmdk --allow-parent in
arrives VHD plain.raw -f raw --as vhd -o subformat=fixed
arrives VMDK machine.ova --as vmdk

aws s3 cp --recursive --endpoint-url "$RIG_URL" s3://lab/ back --only-show-errors
seen=0
for object in back/*/*; do
    want=disk.raw
    case $object in
    *.vhd) format=vpc ;;
    *.ova)
        tar -xOf "$object" --wildcards '*.vmdk' >inner.vmdk
        object=inner.vmdk format=vmdk
        ;;
    *) format=${object##*.} ;;
    esac
    [[ $object != *overlay* ]] || want=overlay.raw
    qemu-img convert -f "$format" -O raw "$object" again.raw
    cmp $want again.raw || fail "$object is another disk"
    seen=$((seen + 1))
done
[[ $seen = "$n" && $n = 23 ]] || fail "$seen objects arrived of $n"
[ "$(rig_uploads)" = 0 ] || fail "an upload is left open"
[ -z "$(find "$TMPDIR" -type f)" ] || fail "files were left: $(find "$TMPDIR" -type f)"
