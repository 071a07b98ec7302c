# GNU's binary size, and the size that pax says in place of a header that cannot; what follows is found behind it.
. "$CASE_LIB/disks.sh"
python3 - <<'EOF'
import tarfile
OVF = b"""<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
<References><File ovf:id="f" ovf:href="a.raw" ovf:size="9663676416"/></References>
<DiskSection><Disk ovf:fileRef="f" ovf:capacity="9" ovf:capacityAllocationUnits="GB" ovf:format="x#raw"/></DiskSection>
</Envelope>"""
for name, dialect in (("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
    with open(f"{name}.ova", "wb") as out:
        for member, size, content in (("a.raw", 9 << 30, b""), ("vm.ovf", len(OVF), OVF)):
            info = tarfile.TarInfo(member)
            info.size = size
            out.write(info.tobuf(dialect) + content)
            out.seek(-size % 512 + size - len(content), 1)
        out.truncate(out.tell() + 1024)
EOF
for dialect in gnu pax; do
    "$SLIPWAY" inspect "$dialect.ova" >text
    grep -qx 'virtual size: *9.0 GiB (9663676416 bytes)' text
    [ "$(grep -c '^warning:' text)" = 1 ] # the OVF is not first
done
