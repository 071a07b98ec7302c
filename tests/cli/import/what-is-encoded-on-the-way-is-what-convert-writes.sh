# The object has the bytes of the file that convert would have written, whatever the connections, and whatever fails meanwhile.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$CASE_LIB/disks.sh"
rig_start "$PWD/rig"
make_disk disk.raw 16
head -c 8000000 /dev/urandom | dd of=disk.raw bs=1M seek=8 conv=notrunc status=none
"$SLIPWAY" convert -q -f raw -O qcow2 disk.raw disk.qcow2
same() { # NAME OBJECT AS OPTION…
    local name=$1 object=$2 as=$3
    shift 3
    "$SLIPWAY" convert -q -O "$as" "$@" disk.qcow2 "$name.want"
    rig_import disk.qcow2 --as "$as" "$@" --part-size 5M -q --prefix "$name" >/dev/null 2>err || fail "$name: $(cat err)"
    cmp "$name.want" "$(rig_object "$name/$object")" || fail "$name: the object is not what convert writes"
}
rig_faults '{"op":"UploadPart","do":"drop","bytes":1000000,"every":2,"times":0}'
same stream disk.vmdk vmdk
rig_faults '{"op":"UploadPart","do":"error","status":503,"code":"SlowDown","message":"slower","every":3,"times":0}'
same packed disk.vmdk vmdk -o level=6
rig_faults
same dynamic disk.vhd vhd
same fixed disk.vhd vhd -o subformat=fixed
same raw disk.raw raw -j 1
truncate -s 5M empty.raw
"$SLIPWAY" convert -q -f raw -O vhd empty.raw empty.want
rig_import -f raw empty.raw --as vhd -q >/dev/null
cmp empty.want "$(rig_object empty.vhd)" || fail "a disk of zeros is another one"
SOURCE_DATE_EPOCH=1700000000 "$SLIPWAY" convert -q -O vhd disk.qcow2 dated.want
SOURCE_DATE_EPOCH=1700000000 rig_import disk.qcow2 --as vhd -q --prefix dated >/dev/null
cmp dated.want "$(rig_object dated/disk.vhd)" || fail "SOURCE_DATE_EPOCH does not tell the stamps"
[ "$(rig_uploads)" = 0 ] || fail "an upload is left open"
