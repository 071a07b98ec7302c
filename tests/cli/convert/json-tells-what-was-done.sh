# One object on stdout, nothing else there.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
"$SLIPWAY" convert --json -f raw disk.raw out.qcow2 >result.json
python3 - <<'EOF'
import json, os
r = json.load(open("result.json"))
assert r["source"] == "disk.raw" and r["source_format"] == "raw", r
assert r["target"] == "out.qcow2" and r["target_format"] == "qcow2", r
assert r["virtual_bytes"] == 9 << 20, r
assert r["stored_bytes"] == os.path.getsize("out.qcow2"), r
assert 1 << 20 < r["data_bytes"] < r["read_bytes"] < r["virtual_bytes"], r
assert r["zero_bytes"] == 0 and r["warnings"] == [], r
EOF
