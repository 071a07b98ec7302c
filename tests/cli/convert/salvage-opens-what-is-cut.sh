# A file that lost its end: what lies before the cut is had to the sector, what lay behind it is listed.
. "$CASE_LIB/disks.sh"
. "$CASE_LIB/damage.sh"
need qemu-img
make_disk disk.raw 9
mkdir out
# usage: salvage FORMAT: converts cut.FORMAT, checks it against the list that comes with it, and shows the list.
salvage() {
    refused 5 "cut.$1" "$SLIPWAY" convert -f "$1" "cut.$1" out/disk.raw
    [ -z "$(ls -A out)" ]
    status 5 "$SLIPWAY" convert -f "$1" --salvage -j "$jobs" "cut.$1" out/disk.raw >said 2>warned
    sed -n 's/^damaged: \([0-9]*\) bytes at \([0-9]*\): .*/\2+\1/p' said >places
    [ -s places ]
    # shellcheck disable=SC2046 # words
    same_but disk.raw out/disk.raw $(cat places)
    rm out/disk.raw
    cat said warned
}
qemu-img convert -q -f raw -O vmdk -o subformat=monolithicSparse disk.raw sparse.vmdk
"$SLIPWAY" convert -q -f raw disk.raw whole.vhd
"$SLIPWAY" convert -q -f raw -o subformat=plain disk.raw plain.qcow2
for jobs in 1 8; do
    # VHD: the footer is lost, and the last of its blocks in part.
    cut_to whole.vhd cut.vhd $(($(stat -c %s whole.vhd) - 1500000))
    salvage vhd >list
    grep -q "no good footer at its end" list
    grep -q "the file is cut: 1 blocks lie after its end" list
    grep -q "truncated" list
    # VMDK: the last grains are lost, the very last in part.
    cut_to sparse.vmdk cut.vmdk $(($(stat -c %s sparse.vmdk) - 100000))
    salvage vmdk >list
    grep -q "truncated" list
    # qcow2: the tables lie at the end: with an L2 table goes what it leads to, so that only holes are left of it.
    python3 - <<'PY'
import struct
data = bytearray(open("plain.qcow2", "rb").read())
l1, = struct.unpack_from(">Q", data, 40)
struct.pack_into(">Q", data, l1, (1 << 63) | (len(data) + 65535) // 65536 * 65536)
open("cut.qcow2", "wb").write(data)
PY
    salvage qcow2 >list
    grep -q "the file is cut: 1 L2 tables lie after its end" list
    [ "$(cat places)" = 0+9437184 ]
done
# What has no table left has nothing to salvage: it is refused as ever.
cut_to plain.qcow2 none.qcow2 100000
refused 5 "beyond the end of the file" "$SLIPWAY" convert --salvage none.qcow2 out/disk.raw
[ -z "$(ls -A out)" ]
