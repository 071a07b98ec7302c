# One bit of the disk's file, where no reader of the disk looks; and files that are missing or too many.
. "$CASE_LIB/disks.sh"
need tar
make_disk disk.raw 9
"$SLIPWAY" convert -q -f raw disk.raw good.ova
mkdir out files
tar xf good.ova -C files
at=$(grep -abo KDMV good.ova | head -n 1 | cut -d: -f1)
cp good.ova bad.ova
printf 'x' | dd of=bad.ova bs=1 seek=$((at + 30000)) conv=notrunc status=none
for jobs in 1 8; do
    refused 5 "'good-disk1.vmdk' at $at is not what the manifest has: its SHA256 is" \
        "$SLIPWAY" convert -j "$jobs" bad.ova out/disk.raw
done
size=$(stat -c %s good.ova)
for cut in $((size - 20000)) $((at + 1000)) 6000 1500 700; do
    head -c "$cut" good.ova >cut.ova
    refused 5 "'cut.ova'" "$SLIPWAY" convert cut.ova out/disk.raw
done
tar cf few.ova -C files good.ovf good.mf
refused 5 "names 'good-disk1.vmdk', which is not in it" "$SLIPWAY" convert few.ova out/disk.raw
touch files/more.txt
tar cf many.ova -C files good.ovf good.mf good-disk1.vmdk more.txt
refused 5 "the manifest has no digest of 'more.txt'" "$SLIPWAY" convert many.ova out/disk.raw
[ -z "$(ls -A out)" ]
