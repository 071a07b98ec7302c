# At every frame edge and one byte beside it, within the header, and with bytes too many.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
head -c 5000 /dev/urandom >plain
"$SLIPWAY" seal plain -o p.sealed --to aes:aes.key --frame-size 1K -q --direct
size=$(stat -c %s p.sealed)
cp p.sealed whole
no() {
    refused 5 "cannot open" "$SLIPWAY" open p.sealed -o opened --key aes:aes.key -q
    [ ! -e opened ] || { echo "$1: a file"; exit 1; }
}
# 5000 = 4 * 1024 + 904: four frames of 1024 + 32, a final one of 904 + 40.
header=$((size - 4 * 1056 - 944))
cuts="0 1 2 3 35 37 $((header / 2)) $((header - 17)) $((header - 16)) $((size - 944 + 24))"
for frame in 0 1 2 3 4; do
    edge=$((header + frame * 1056))
    cuts="$cuts $((edge - 1)) $edge $((edge + 1)) $((edge + 16))"
done
for cut in $cuts $((size - 17)) $((size - 16)) $((size - 1)); do
    head -c "$cut" whole >p.sealed
    no "cut at $cut"
done
for more in 1 16 40 1056; do
    { cat whole; head -c $more /dev/zero; } >p.sealed
    no "$more bytes more"
done
# A frame left out of the middle.
{ head -c $((header + 1056)) whole; tail -c +$((header + 2 * 1056 + 1)) whole; } >p.sealed
no "without frame 2"
cp whole p.sealed
"$SLIPWAY" open p.sealed -o opened --key aes:aes.key -q
cmp plain opened
