# As text and JSON, for every target, whatever its units and the number of jobs.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
want=sha256:6f86f750727898818ebff482c453c3531d24da8285425a27c15904821b343dfe
for target in raw qcow2 qcow2,cluster_size=512 qcow2,cluster_size=2K qcow2,cluster_size=2M vhd vhd,subformat=fixed vmdk; do
    options=()
    case $target in *,*) options=(-o "${target#*,}") ;; esac
    for jobs in 1 8; do
        "$SLIPWAY" convert -q -f raw -O "${target%%,*}" "${options[@]}" -j "$jobs" --digest disk.raw "out.$jobs" >said
        [ "$(cat said)" = "digest: fsverity $want" ] || { echo "$target: $(cat said)"; exit 1; }
    done
    cmp out.1 out.8
    "$SLIPWAY" convert -q -f raw -O "${target%%,*}" "${options[@]}" disk.raw plain >said
    cmp out.1 plain
    [ ! -s said ]
done
"$SLIPWAY" convert --json -f raw --digest disk.raw out.vhd >result.json
python3 - "$want" <<'PY'
import json, sys
r = json.load(open("result.json"))
assert r["fsverity"] == sys.argv[1] and "damaged" not in r, r
PY
