# With its cause, the same for any number of jobs; at most a hundred, and how many more there are.
. "$CASE_LIB/disks.sh"
. "$CASE_LIB/damage.sh"
make_disk disk.raw 9
for format in qcow2 vmdk; do
    make_damaged "$format" 2162688 4194304
    for jobs in 1 8; do
        status 5 "$SLIPWAY" verify -j $jobs bad >"said.$jobs"
    done
    cmp said.1 said.8
    [ "$(wc -l <said.1)" = 3 ]
    grep -q '^damaged: 65536 bytes at 2162688: .bad.: ' said.1
    grep -q '^damaged: 65536 bytes at 4194304: .bad.: ' said.1
    grep -qx 'bad: damaged: 131072 bytes of the disk in 2 ranges cannot be read' said.1
    status 5 "$SLIPWAY" verify --json --digest bad >result.json
    python3 - <<'PY'
import json
i, = json.load(open("result.json"))["images"]
assert i["whole"] is False and i["damaged_bytes"] == 131072 and i["damaged_ranges"] == 2, i
assert [d["offset"] for d in i["damaged"]] == [2162688, 4194304] and "fsverity" not in i, i
PY
done
# Every other one of 300 clusters.
python3 -c 'import random; open("noise.raw", "wb").write(random.Random(1).randbytes(300 << 12))'
"$SLIPWAY" convert -q -f raw -o subformat=plain,cluster_size=4K noise.raw many.qcow2
python3 - <<'PY'
import struct
data = bytearray(open("many.qcow2", "rb").read())
l1, = struct.unpack_from(">Q", data, 40)
l2, = struct.unpack_from(">Q", data, l1)
l2 &= 0x00fffffffffffe00
for i in range(0, 300, 2):
    struct.pack_into(">Q", data, l2 + i * 8, 1 << 63 | (1 << 40) + (i << 12))
open("many.qcow2", "wb").write(data)
PY
status 5 "$SLIPWAY" verify many.qcow2 >said
[ "$(grep -c '^damaged: 4096 bytes at ' said)" = 100 ]
grep -qx 'damaged: and 50 more ranges' said
grep -qx 'many.qcow2: damaged: 614400 bytes of the disk in 150 ranges cannot be read' said
status 5 "$SLIPWAY" verify --json many.qcow2 >result.json
python3 -c 'import json; i, = json.load(open("result.json"))["images"]; assert len(i["damaged"]) == 100 and i["damaged_ranges"] == 150'
