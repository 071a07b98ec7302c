# What tar, sha256sum and qemu-img make of it; the same bytes for any number of jobs.
. "$CASE_LIB/disks.sh"
need qemu-img tar sha256sum
export SOURCE_DATE_EPOCH=1700000000
make_disk disk.raw 33
mkdir one
"$SLIPWAY" convert -q -f raw -j 1 disk.raw one/web.ova
"$SLIPWAY" convert -q -f raw -j 8 -o manifest=SHA256,cpus=1,memory=1G disk.raw web.ova
cmp one/web.ova web.ova
tar tf web.ova >names
printf '%s\n' web.ovf web.mf web-disk1.vmdk | cmp - names
TZ=UTC tar tvf web.ova >names
grep -q '^-rw-r--r-- 0/0 .* 2023-11-14 22:13 web.ovf$' names
mkdir out
tar xf web.ova -C out
sed -E 's/^SHA256\((.*)\)= ([0-9a-f]{64})$/\2  \1/' out/web.mf >out/sums
[ "$(wc -l <out/sums)" = 2 ]
(cd out && sha256sum --quiet -c sums)
grep -q "ovf:size=\"$(stat -c %s out/web-disk1.vmdk)\"" out/web.ovf
grep -q "ovf:capacity=\"$((33 << 20))\"" out/web.ovf
qemu-img compare -q -f raw -F vmdk disk.raw out/web-disk1.vmdk
for jobs in 1 8; do
    "$SLIPWAY" convert -q -j "$jobs" web.ova back.raw
    cmp disk.raw back.raw
done
"$SLIPWAY" convert -q web.ova again.ova
"$SLIPWAY" convert -q again.ova back.raw
cmp disk.raw back.raw
