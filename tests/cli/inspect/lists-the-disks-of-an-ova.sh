# As text and as JSON; with one disk also what is in it.
. "$CASE_LIB/disks.sh"
need tar
make_disk disk.raw 9
"$SLIPWAY" convert -q -f raw disk.raw one.ova
"$SLIPWAY" inspect one.ova >text
grep -qx 'format:  *ova' text
grep -qx 'digests:  *SHA256' text
grep -qx 'disk 1:  *one-disk1.vmdk' text
grep -qx 'subformat:  *vmdk' text
grep -qx 'virtual size:  *9.0 MiB (9437184 bytes)' text
"$SLIPWAY" inspect --json one.ova >one.json
cat >two.ovf <<'EOF'
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
<References><File ovf:id="f" ovf:href="a.raw"/></References>
<DiskSection><Disk ovf:capacity="3" ovf:capacityAllocationUnits="GB" ovf:format="x"/>
<Disk ovf:fileRef="f" ovf:capacity="9437184" ovf:format="http://en.wikipedia.org/wiki/Byte"/></DiskSection></Envelope>
EOF
mv disk.raw a.raw
tar cf two.ova a.raw two.ovf
"$SLIPWAY" inspect two.ova >text
grep -qx 'digests:  *none' text
grep -qx 'disk 1:  *(empty)' text
grep -qx 'disk 2:  *a.raw' text
grep -qx 'warning:  *its OVF is not the first member.*' text
[ "$(grep -c 'virtual size' text)" = 0 ]
"$SLIPWAY" inspect --json two.ova >two.json
"$SLIPWAY" inspect --json --disk 2 two.ova >second.json
"$SLIPWAY" inspect --json -f raw a.raw >raw.json
python3 - <<'EOF'
import json
one, two, second, raw = (json.load(open(f"{n}.json")) for n in ("one", "two", "second", "raw"))
assert one["package"]["digests"] == "SHA256" and one["package"]["chosen"] == 1, one
assert one["virtual_bytes"] == 9 << 20 and one["warnings"] == [], one
assert one["package"]["disks"][0]["capacity_bytes"] == 9 << 20, one
assert two["package"]["chosen"] == 0 and two["virtual_bytes"] == 0 and two["package"]["digests"] is None, two
assert [d["file"] for d in two["package"]["disks"]] == [None, "a.raw"], two
assert [d["capacity_bytes"] for d in two["package"]["disks"]] == [3 << 30, 9 << 20], two
assert second["package"]["chosen"] == 2 and second["subformat"] == "raw" and second["virtual_bytes"] == 9 << 20, second
assert raw["package"] is None, raw
EOF
refused 2 "has 2 disks: there is no disk 3" "$SLIPWAY" inspect --disk 3 two.ova
