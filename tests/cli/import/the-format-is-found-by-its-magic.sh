# VMDK, VHD and OVA are recognised; raw is never guessed; what VM Import refuses is refused here.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_need qemu-img
rig_start "$PWD/rig"
truncate -s 4M disk.img
qemu-img convert -q -f raw -O vmdk -o subformat=streamOptimized disk.img stream.vmdk
qemu-img convert -q -f raw -O vmdk disk.img sparse.vmdk
qemu-img convert -q -f raw -O vpc disk.img dynamic.vhd
qemu-img convert -q -f raw -O vpc -o subformat=fixed disk.img fixed.vhd
qemu-img convert -q -f raw -O vhdx disk.img disk.vhdx
qemu-img convert -q -f raw -O qcow2 disk.img disk.qcow2
tar --format=ustar -cf disk.ova stream.vmdk
taken() {
    rig_import "$1" -q --json >out 2>err || fail "$1: $(cat err)"
    grep -q "\"format\": \"$2\"" out || fail "$1 is not taken for $2"
}
refused() { # FILE STATUS TEXT OPTION…
    file=$1 wanted=$2 text=$3 status=0
    shift 3
    rig_import "$file" -q "$@" >out 2>err || status=$?
    [ $status = "$wanted" ] || fail "$file $*: exit status $status, not $wanted: $(cat err)"
    grep -qF -- "$text" err || fail "$file $*: '$text' is not in: $(cat err)"
}
taken stream.vmdk VMDK
taken dynamic.vhd VHD
taken fixed.vhd VHD
taken disk.vhdx VHDX
taken disk.ova OVA
sent=$(rig_count CreateMultipartUpload)
refused sparse.vmdk 4 'not stream-optimized'
refused disk.qcow2 4 'a qcow2, which VM Import does not take'
refused disk.img 2 'say --format RAW'
refused stream.vmdk 4 "--format RAW, but 'stream.vmdk' is VMDK" --format raw
refused disk.img 4 "--format VHD, but 'disk.img' is none of" --format vhd
refused disk.img 2 "does not know 'floppy'" --format floppy
refused nothing.img 1 "nothing.img" --format raw
: >empty.img
refused empty.img 1 'is empty' --format raw
[ "$(rig_count CreateMultipartUpload)" = "$sent" ] || fail "something refused was sent"
