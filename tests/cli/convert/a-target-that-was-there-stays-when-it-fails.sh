# And is replaced in one step when all is well.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
"$SLIPWAY" convert -q -f raw disk.raw good.qcow2
head -c 200000 good.qcow2 >bad.qcow2
echo precious >target.raw
cp target.raw before
refused 5 "bad.qcow2" "$SLIPWAY" convert bad.qcow2 target.raw
cmp target.raw before
nothing_but bad.qcow2 before disk.raw good.qcow2 target.raw
"$SLIPWAY" convert -q good.qcow2 target.raw
cmp target.raw disk.raw
nothing_but bad.qcow2 before disk.raw good.qcow2 target.raw
