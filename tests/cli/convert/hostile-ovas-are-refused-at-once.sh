# Nothing that a tar or an OVF names is ever opened, followed or written.
. "$CASE_LIB/disks.sh"
need tar
make_disk disk.raw 9
mkdir files out
"$SLIPWAY" convert -q -f raw disk.raw vm.ova
tar xf vm.ova -C files
rm files/vm.mf
ln -s /etc/passwd files/link.vmdk
mkdir files/sub
cp files/vm-disk1.vmdk files/sub/
at=$((512 + ($(stat -c %s files/vm.ovf) + 511) / 512 * 512)) # of the second header
pack() {
    tar cf bad.ova -C files --format=gnu "$@"
}
no() {
    refused "$1" "$2" timeout 10 "$SLIPWAY" convert bad.ova out/disk.raw
}
pack vm.ovf link.vmdk vm-disk1.vmdk
no 4 "'link.vmdk' at $at is a symbolic link"
pack vm.ovf sub/vm-disk1.vmdk
no 4 "'sub/vm-disk1.vmdk' at $at is not a plain name"
pack -P --transform 's,^vm-disk1,../vm-disk1,' vm.ovf vm-disk1.vmdk
no 4 "'../vm-disk1.vmdk' at $at is not a plain name"
pack --hard-dereference vm.ovf vm-disk1.vmdk vm.ovf
no 5 "a second member 'vm.ovf'"
sed -i 's/vm-disk1.vmdk/..\/..\/etc\/passwd/' files/vm.ovf
pack vm.ovf vm-disk1.vmdk
no 5 "names the file '../../etc/passwd', which is not in it"
sed -i '2i <!DOCTYPE Envelope [<!ENTITY x SYSTEM "file:///etc/passwd">]>' files/vm.ovf
pack vm.ovf vm-disk1.vmdk
no 5 "has a DTD"
gzip -c vm.ova >vm.ova.gz
refused 4 "unpack it with gunzip first" "$SLIPWAY" convert vm.ova.gz out/disk.raw
refused 4 "an XML file (an OVF?" "$SLIPWAY" convert files/vm.ovf out/disk.raw
refused 2 "are the same file" "$SLIPWAY" convert vm.ova vm.ova
[ -z "$(ls -A out)" ]
