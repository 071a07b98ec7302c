# The second process that writes the same target ends at once, and the first one does not notice.
. "$CASE_LIB/disks.sh"
mkdir work
cd work || exit
make_text disk.raw 4
make_disk other.raw 9
"$SLIPWAY" convert -q -f raw -o level=12 disk.raw whole.vmdk
"$SLIPWAY" convert -q -f raw -o level=12 -j 1 disk.raw out.vmdk &
first=$!
while [ ! -s .out.vmdk.partial ]; do sleep 0.01; done
kill -STOP $first
refused 4 "'out.vmdk' is being written by another process" "$SLIPWAY" convert -f raw disk.raw out.vmdk
refused 4 "'./out.vmdk' is being written by another process" "$SLIPWAY" convert -f raw --restart other.raw ./out.vmdk
kill -CONT $first
wait $first
cmp out.vmdk whole.vmdk

# What lies beside the target is never taken for its beginning when it is what is read.
for beside in .new.vmdk.partial .new.vmdk.journal; do
    cp other.raw $beside
    refused 2 "the same file" "$SLIPWAY" convert -f raw $beside new.vmdk
    cmp other.raw $beside
    rm $beside
done
nothing_but disk.raw other.raw out.vmdk whole.vmdk
