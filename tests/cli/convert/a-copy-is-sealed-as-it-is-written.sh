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
refused 2 "not written from front to back" "$SLIPWAY" convert -f raw --seal-to pem:lab.pem.pub disk.raw x.qcow2.sealed
[ -z "$(ls x.* .x.* 2>/dev/null)" ]
