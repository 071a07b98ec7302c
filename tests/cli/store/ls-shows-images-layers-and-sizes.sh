# ls lists what has a name, every layer with its parent, as text and as JSON.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
make_disk disk.raw 8 1
base=$(store_tool ingest store disk.raw raw 1)
store_tool tag store web:1.0.0 web 1.0.0 "$base" >manifest
"$SLIPWAY" store ls --store store >text
grep -q '^1 image$' text
grep -q "^  $(cut -c1-12 manifest)  web:1.0.0: 1 layer, .* of a disk of 8.0 MiB$" text
grep -q "^  ${base:0:12} .* base$" text
grep -q '^0 plan keys$' text
"$SLIPWAY" store ls --store store --json >json
python3 - "$base" "$(cat manifest)" <<'PY'
import json, sys
base, manifest = sys.argv[1:]
got = json.load(open("json"))
assert got["images"][0]["ref"] == "web:1.0.0" and got["images"][0]["manifest"] == manifest
assert got["images"][0]["layers"][0]["digest"] == base
assert got["layers"][0]["digest"] == base and got["layers"][0]["virtual_bytes"] == 8 << 20
assert got["keys"] == []
PY
# The standard place, and nothing but a result on stdout.
mkdir -p "$XDG_DATA_HOME/slipway"
mv store "$XDG_DATA_HOME/slipway/store"
"$SLIPWAY" store ls | cmp - text
