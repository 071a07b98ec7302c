# One pass from disk to sealed image: opened again it is what convert writes without sealing.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
"$SLIPWAY" keygen rsa -o lab.pem
"$SLIPWAY" convert -q -f raw disk.raw plain.vmdk
"$SLIPWAY" convert -q -f raw --seal-to pem:lab.pem.pub disk.raw disk.vmdk.sealed
[ -e disk.vmdk.keys ]
"$SLIPWAY" open -q disk.vmdk.sealed -o opened.vmdk --key pem:lab.pem
cmp plain.vmdk opened.vmdk
refused 2 "cannot be read back" "$SLIPWAY" convert -f raw --verify --seal-to pem:lab.pem.pub disk.raw x.vmdk.sealed
"$SLIPWAY" convert -q -f raw --seal-to pem:lab.pem.pub -o subformat=fixed disk.raw fixed.vhd.sealed
"$SLIPWAY" convert -q --key pem:lab.pem fixed.vhd.sealed -O raw back
cmp disk.raw back
can="cannot be sealed as it is written; these can: raw, vhd (subformat=fixed), vmdk"
for format in qcow2 vhdx ova; do
    refused 2 "$format $can" "$SLIPWAY" convert -f raw --seal-to pem:lab.pem.pub disk.raw x.$format.sealed
done
refused 2 "vhd, subformat=dynamic $can" "$SLIPWAY" convert -f raw --seal-to pem:lab.pem.pub disk.raw x.vhd.sealed
refused 2 "vmdk, subformat=monolithicSparse $can" \
    "$SLIPWAY" convert -f raw --seal-to pem:lab.pem.pub disk.raw x.vmdk -o subformat=monolithicSparse
refused 2 "vhd, subformat=dynamic $can" "$SLIPWAY" prepare -f raw disk.raw -o x.vhd --seal-to pem:lab.pem.pub
[ -z "$(ls x.* .x.* 2>/dev/null)" ]
