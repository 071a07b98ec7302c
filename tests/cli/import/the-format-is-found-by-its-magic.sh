# VMDK, VHD, VHDX and OVA are recognised; raw is never guessed, and what is said of a file must be so.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$CASE_LIB/disks.sh"
rig_need qemu-img
rig_start "$PWD/rig"
truncate -s 4M disk.img
qemu-img convert -q -f raw -O vmdk -o subformat=streamOptimized disk.img stream.vmdk
qemu-img convert -q -f raw -O vpc disk.img dynamic.vhd
qemu-img convert -q -f raw -O vpc -o subformat=fixed disk.img fixed.vhd
qemu-img convert -q -f raw -O vhdx disk.img disk.vhdx
"$SLIPWAY" convert -q -f raw disk.img disk.ova
taken() {
    rig_import "$1" -q --json >out 2>err || fail "$1: $(cat err)"
    grep -q "\"format\": \"$2\"" out || fail "$1 is not taken for $2"
    cmp "$1" "$(rig_object "$1")" || fail "$1 is not what went up"
}
taken stream.vmdk VMDK
taken dynamic.vhd VHD
taken fixed.vhd VHD
taken disk.vhdx VHDX
taken disk.ova OVA
sent=$(rig_count CreateMultipartUpload)
head -c 1M /dev/zero | tr '\0' '#' >noise.vmdk
refused 2 'name it with -f raw' rig_import disk.img -q
refused 4 "'stream.vmdk' is no raw disk" rig_import stream.vmdk -q --format raw
refused 5 "'disk.img' is not vhd" rig_import disk.img -q --format vhd
refused 2 "'stream.vmdk' is not vhd: it carries the magic of vmdk" rig_import stream.vmdk -q --format vhd
refused 2 "format 'floppy' is not known" rig_import disk.img -q --format floppy
refused 2 'is not known' rig_import noise.vmdk -q
refused 1 'nothing.img' rig_import nothing.img -q --format raw
: >empty.img
refused 5 'is empty' rig_import empty.img -q --format raw
[ "$(rig_count CreateMultipartUpload)" = "$sent" ] || fail "something refused was sent"
