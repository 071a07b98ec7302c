# A unit that does not decode becomes zeros, is listed, and nothing else is lost; without --salvage it is the error.
. "$CASE_LIB/disks.sh"
. "$CASE_LIB/damage.sh"
make_disk disk.raw 9
mkdir out
for format in qcow2 vmdk; do
    make_damaged "$format" 2162688 4194304
    refused 5 "bad" "$SLIPWAY" convert bad out/disk.raw
    [ -z "$(ls -A out)" ]
    for jobs in 1 8; do
        status 5 "$SLIPWAY" convert --salvage --digest -j $jobs bad out/disk.raw >said 2>warned
        grep -q '^damaged: 65536 bytes at 2162688: .*bad' said
        grep -q '^damaged: 65536 bytes at 4194304: .*bad' said
        [ "$(grep -c ^damaged: said)" = 2 ]
        grep -qF "warning: 'out/disk.raw': 131072 bytes of the disk in 2 ranges could not be read and are zeros" warned
        same_but disk.raw out/disk.raw 2162688+65536 4194304+65536
        # The digest is that of what was written.
        "$SLIPWAY" inspect -f raw --digest out/disk.raw | grep ^digest: | cmp - <(grep ^digest: said)
        rm out/disk.raw
    done
    status 5 "$SLIPWAY" convert -q --salvage --verify --json bad out/disk.qcow2 >result.json
    python3 - <<'PY'
import json
r = json.load(open("result.json"))
assert r["damaged_bytes"] == 131072 and r["damaged_ranges"] == 2, r
assert [(d["offset"], d["bytes"]) for d in r["damaged"]] == [(2162688, 65536), (4194304, 65536)], r
assert all("bad" in d["cause"] for d in r["damaged"]), r
PY
    "$SLIPWAY" convert -q out/disk.qcow2 disk.back.raw
    same_but disk.raw disk.back.raw 2162688+65536 4194304+65536
    rm out/* disk.back.raw
done
"$SLIPWAY" convert --salvage --json -f raw disk.raw out/disk.vhd >result.json
python3 -c 'import json; r = json.load(open("result.json")); assert r["damaged"] == [] and r["damaged_bytes"] == 0, r'
