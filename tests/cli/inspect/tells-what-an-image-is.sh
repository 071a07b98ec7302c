# Format, sizes and extents, as text and as JSON.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
"$SLIPWAY" convert -q -f raw -o cluster_size=64K disk.raw disk.qcow2
"$SLIPWAY" inspect disk.qcow2 >text
grep -qx 'image:  *disk.qcow2' text
grep -qx 'format:  *qcow2' text
grep -qx 'subformat:  *zstd' text
grep -qx 'virtual size:  *9.0 MiB (9437184 bytes)' text
grep -qx 'unit:  *64.0 KiB (65536 bytes)' text
"$SLIPWAY" inspect --json disk.qcow2 >result.json
for format in vmdk vhd; do
    "$SLIPWAY" convert -q -f raw disk.raw "disk.$format"
    "$SLIPWAY" inspect --json "disk.$format" >"$format.json"
done
python3 - <<'EOF'
import json, os
r = json.load(open("result.json"))
assert r["format"] == "qcow2" and r["subformat"] == "zstd" and r["unit_bytes"] == 65536, r
assert r["virtual_bytes"] == 9 << 20 and r["file_bytes"] == os.path.getsize("disk.qcow2"), r
assert r["data_bytes"] + r["zero_bytes"] + r["hole_bytes"] == r["virtual_bytes"], r
assert r["parents"] == [] and r["warnings"] == [], r
assert json.load(open("vmdk.json"))["subformat"] == "streamOptimized"
assert json.load(open("vhd.json"))["subformat"] == "dynamic"
EOF
refused 2 "-f raw" "$SLIPWAY" inspect disk.raw
"$SLIPWAY" inspect -f raw disk.raw | grep -qx 'format:  *raw'
refused 1 "cannot open 'missing'" "$SLIPWAY" inspect missing
