# Where the disk refers to the damage it is named; where it does not, the file is damaged nevertheless.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 6
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" convert -q -f raw disk.raw disk.vhd
"$SLIPWAY" seal disk.vhd -q -o d.sealed --to aes:aes.key --context image-format=vhd --frame-size 4K
"$SLIPWAY" verify d.sealed --key aes:aes.key | grep -q '^d.sealed: whole: vhd'
"$SLIPWAY" verify --json --digest d.sealed --key aes:aes.key |
    jq -e '.images[0].whole and (.images[0].fsverity | startswith("sha256:"))' >/dev/null
flip() {
    python3 - "$1" "$2" <<'END'
import sys
data = bytearray(open("d.sealed", "rb").read())
data[int(sys.argv[1])] ^= 1
open(sys.argv[2], "wb").write(data)
END
    cp d.keys "${2%.sealed}.keys"
}
size=$(stat -c %s d.sealed)
flip $((size / 2)) middle.sealed
status=0
"$SLIPWAY" verify -q middle.sealed --key aes:aes.key >said || status=$?
[ $status = 5 ]
grep -q 'middle.sealed: damaged: [0-9]* bytes' said
grep -q "frame [0-9]*" said
status=0
"$SLIPWAY" verify --json d.sealed middle.sealed --key aes:aes.key >said || status=$?
[ $status = 5 ]
jq -e '.images[0].whole and (.images[1].whole | not)' said >/dev/null
# A frame that no part of the disk lies in: a VHDX's log, from 1 MiB on.
"$SLIPWAY" convert -q -f raw disk.raw disk.vhdx
"$SLIPWAY" seal disk.vhdx -q -o d.sealed --to aes:aes.key --context image-format=vhdx --frame-size 4K
flip 1500000 log.sealed
"$SLIPWAY" convert -q log.sealed --key aes:aes.key -O raw back
cmp back disk.raw
refused 5 "frame" "$SLIPWAY" verify -q log.sealed --key aes:aes.key
# A salvaging convert keeps the rest and says what is lost.
"$SLIPWAY" seal disk.raw -q -o d.sealed --to aes:aes.key --context image-format=raw --frame-size 64K
flip 1200000 middle.sealed
refused 5 "could not be read and are zeros" "$SLIPWAY" convert --salvage middle.sealed --key aes:aes.key -O raw salvaged
[ "$(cmp -l salvaged disk.raw | wc -l)" -le 70000 ]
refused 5 "frame" "$SLIPWAY" convert middle.sealed --key aes:aes.key -O raw strict
[ ! -e strict ]
