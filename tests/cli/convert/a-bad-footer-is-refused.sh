# A VHD whose footer does not sum up, and one that lost it.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
mkdir out
for subformat in fixed dynamic; do
    "$SLIPWAY" convert -q -f raw -o "subformat=$subformat" disk.raw good.vhd
    size=$(stat -c %s good.vhd)
    cp good.vhd bad.vhd
    printf 'x' | dd of=bad.vhd bs=1 seek=$((size - 512 + 30)) conv=notrunc status=none
    refused 5 "bad.vhd" "$SLIPWAY" convert -f vhd bad.vhd out/disk.raw
    head -c $((size - 512)) good.vhd >cut.vhd
    refused 5 "cut.vhd" "$SLIPWAY" convert -f vhd cut.vhd out/disk.raw
done
[ -z "$(ls -A out)" ]
