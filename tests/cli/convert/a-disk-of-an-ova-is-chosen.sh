# Other people's layout: any order, GNU's dialect and pax, an empty disk, no manifest.
. "$CASE_LIB/disks.sh"
need qemu-img tar
make_disk one.raw 9
make_disk two.raw 12
qemu-img convert -q -f raw -O vmdk -o subformat=streamOptimized one.raw one.vmdk
qemu-img convert -q -f raw -O qcow2 -c two.raw two.qcow2
cat >vm.ovf <<'EOF'
<?xml version="1.0" encoding="UTF-8"?>
<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
  <ovf:References>
    <ovf:File ovf:href="two.qcow2" ovf:id="file2"/>
    <ovf:File ovf:href="one.vmdk" ovf:id="file1"/>
  </ovf:References>
  <ovf:DiskSection>
    <ovf:Info>Disks</ovf:Info>
    <ovf:Disk ovf:diskId="d1" ovf:fileRef="file1" ovf:capacity="9" ovf:capacityAllocationUnits="MegaBytes"/>
    <ovf:Disk ovf:diskId="d2" ovf:fileRef="file2" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30"/>
    <ovf:Disk ovf:diskId="d3" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^20"/>
  </ovf:DiskSection>
</ovf:Envelope>
EOF
for dialect in ustar gnu pax; do
    tar cf vm.ova --format="$dialect" ./vm.ovf one.vmdk two.qcow2
    refused 2 "has 3 disks: choose one with --disk N (1 'one.vmdk' 9 MiB, 2 'two.qcow2' 1 GiB, 3 empty 1 MiB)" \
        "$SLIPWAY" convert vm.ova got.raw
    [ ! -e got.raw ]
    "$SLIPWAY" convert -q --disk 1 vm.ova got.raw
    cmp one.raw got.raw
    "$SLIPWAY" convert --disk 2 vm.ova got.raw 2>said
    grep -q "is a disk of 1073741824 bytes; it is one of 12582912" said
    cmp two.raw got.raw
    "$SLIPWAY" convert -q --disk 3 vm.ova got.raw
    [ "$(stat -c %s got.raw)" = 1048576 ]
    [ -z "$(tr -d '\0' <got.raw | head -c 1)" ]
    rm got.raw
done
refused 2 "there is no disk 4" "$SLIPWAY" convert --disk 4 vm.ova got.raw
refused 2 "there is no disk 2" "$SLIPWAY" convert --disk 2 one.vmdk got.raw
refused 2 "--disk: no file holds 4294967297 disks" "$SLIPWAY" convert --disk 4294967297 vm.ova got.raw
"$SLIPWAY" convert -q --disk 1 one.vmdk got.raw
cmp one.raw got.raw
