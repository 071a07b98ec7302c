# The expected one passes; another fails with 5, and what was there stays.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
want=sha256:6f86f750727898818ebff482c453c3531d24da8285425a27c15904821b343dfe
mkdir out
for format in raw qcow2 vmdk vhd; do
    "$SLIPWAY" convert -q -f raw -O "$format" --expect-digest "$want" disk.raw "good.$format"
    refused 5 "has the digest $want, not sha256:00" "$SLIPWAY" convert -f raw -O "$format" \
        --expect-digest "sha256:$(printf '%064d' 0)" disk.raw out/disk
    [ -z "$(ls -A out)" ]
done
echo precious >out/disk.vhd
refused 5 "as expected" "$SLIPWAY" convert -f raw --expect-digest "sha256:$(printf '%064d' 0)" disk.raw out/disk.vhd
[ "$(cat out/disk.vhd)" = precious ]
for wrong in "${want#sha256:}" sha256: "$want"0 sha512:00 "sha256:$(printf '%064s' x)"; do
    refused 2 "is not sha256: and 64 hexadecimal digits" "$SLIPWAY" convert -f raw --expect-digest "$wrong" \
        disk.raw out/other.vhd
done
nothing_but disk.raw good.raw good.qcow2 good.vmdk good.vhd out out/disk.vhd
