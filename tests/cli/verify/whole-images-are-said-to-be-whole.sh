# Every format, several at once, as text and as JSON, with the digest when it is asked for.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
images=()
for format in qcow2 vmdk vhd; do
    "$SLIPWAY" convert -q -f raw disk.raw "disk.$format"
    images+=("disk.$format")
done
"$SLIPWAY" verify "${images[@]}" >said
cat >want <<'END'
disk.qcow2: whole: qcow2, a disk of 9.0 MiB, 5.0 MiB read
disk.vmdk: whole: vmdk, a disk of 9.0 MiB, 5.0 MiB read
disk.vhd: whole: vhd, a disk of 9.0 MiB, 7.0 MiB read
END
diff want said
"$SLIPWAY" verify --json --digest "${images[@]}" >result.json
python3 - <<'PY'
import json
r = json.load(open("result.json"))["images"]
assert [i["image"] for i in r] == ["disk.qcow2", "disk.vmdk", "disk.vhd"], r
for i in r:
    assert i["whole"] is True and i["damaged"] == [] and i["damaged_bytes"] == 0 and i["damaged_ranges"] == 0, i
    assert i["fsverity"] == "sha256:6f86f750727898818ebff482c453c3531d24da8285425a27c15904821b343dfe", i
    assert i["virtual_bytes"] == 9 << 20 and 0 < i["read_bytes"] < 9 << 20, i
PY
"$SLIPWAY" verify -f raw disk.raw | grep -qx 'disk.raw: whole: raw, a disk of 9.0 MiB, [0-9.]* MiB read'
refused 2 "missing argument" "$SLIPWAY" verify
refused 2 "-f raw" "$SLIPWAY" verify disk.raw
"$SLIPWAY" verify --help | grep -q '^Exit status 0: all images are whole'
