# By a reader of XML that is not ours.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
"$SLIPWAY" convert -q -f raw -o cpus=4,memory=2G,manifest=sha512,level=6 disk.raw 'my vm.ova'
python3 - <<'EOF'
import re, tarfile, hashlib, xml.etree.ElementTree as ET
with tarfile.open("my vm.ova") as tar:
    assert [m.name for m in tar] == ["my_vm.ovf", "my_vm.mf", "my_vm-disk1.vmdk"], tar.getnames()
    assert all(m.isreg() and m.mode == 0o644 and m.uid == m.gid == 0 for m in tar)
    read = {m.name: tar.extractfile(m).read() for m in tar}
for line in read["my_vm.mf"].decode().splitlines():
    name, digest = re.fullmatch(r"SHA512\((.*)\)= ([0-9a-f]{128})", line).groups()
    assert hashlib.sha512(read[name]).hexdigest() == digest, name
o, r = "{http://schemas.dmtf.org/ovf/envelope/1}", "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}"
root = ET.fromstring(read["my_vm.ovf"])
assert root.tag == o + "Envelope"
file, disk = root.find(f"{o}References/{o}File"), root.find(f"{o}DiskSection/{o}Disk")
assert int(file.get(o + "size")) == len(read["my_vm-disk1.vmdk"])
assert file.get(o + "href") == "my_vm-disk1.vmdk" and disk.get(o + "fileRef") == file.get(o + "id")
assert int(disk.get(o + "capacity")) == 9 << 20 and disk.get(o + "format").endswith("#streamOptimized")
system = root.find(o + "VirtualSystem")
assert system.find(o + "Name").text == "my_vm"
items = {i.find(r + "ResourceType").text: i for i in system.iter(o + "Item")}
assert items["3"].find(r + "VirtualQuantity").text == "4"
assert items["4"].find(r + "VirtualQuantity").text == "2048" and items["4"].find(r + "AllocationUnits").text == "byte * 2^20"
assert items["17"].find(r + "Parent").text == items["6"].find(r + "InstanceID").text
assert items["17"].find(r + "HostResource").text == "ovf:/disk/" + disk.get(o + "diskId")
for item in items.values():  # the schema wants them by name
    names = [e.tag for e in item]
    assert names == sorted(names), names
EOF
