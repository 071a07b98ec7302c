# A known answer of fsverity's own tool, from every format that is read, and by the tool itself where it is there.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
want=sha256:6f86f750727898818ebff482c453c3531d24da8285425a27c15904821b343dfe
for format in raw qcow2 vmdk vhd; do
    "$SLIPWAY" convert -q -f raw -O "$format" disk.raw "disk.$format.img"
    for jobs in 1 2 8; do
        "$SLIPWAY" inspect -f "$format" -j "$jobs" --digest "disk.$format.img" | grep -qx "digest: fsverity $want"
    done
    "$SLIPWAY" inspect --json -f "$format" --digest "disk.$format.img" >result.json
    python3 -c 'import json, sys; assert json.load(open("result.json"))["fsverity"] == sys.argv[1]' "$want"
    "$SLIPWAY" inspect -f "$format" "disk.$format.img" >plain
    if grep -q digest plain; then exit 1; fi
done
