# An export takes from the store's cache what an earlier one of the same layers has encoded: the bytes are the same as
# without it, whatever becomes of the cache.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
need qemu-img qemu-io
make_disk disk.raw 48 2
base=$(store_tool ingest store disk.raw raw 2)
qemu-img create -q -f qcow2 -b "$PWD/store/blobs/sha256/$base" -F qcow2 overlay
qemu-io -f qcow2 -c 'write -q -P 0x11 1M 200k' -c 'write -q -z 8M 128k' -c 'write -q -P 0x22 40M 4k' overlay
layer=$(store_tool commit store "$base" overlay 2)
store_tool tag store disk:1 disk 1 "$layer" >/dev/null

# export WHAT FILE [OPTION…]: prints how many bytes of the disk were encoded before.
export_to() {
    "$SLIPWAY" store export --store store --json "$@" >result.json
    python3 -c 'import json; r = json.load(open("result.json")); print(r["coded_bytes"], r["read_bytes"])'
}
files() { find store/slipway/coded -type f | wc -l; }

SLIPWAY_CODED_MAX=0 export_to disk:1 without.vmdk >said
grep -q '^0 ' said
assert_same 'files of a cache that is off' 0 "$(files)"
export_to "$base" base.vmdk >said
grep -q '^0 ' said
assert_same 'files after one layer' 1 "$(files)"
export_to disk:1 first.vmdk >said
cmp without.vmdk first.vmdk
read -r coded all <said
((coded > all * 3 / 4 && coded < all)) || { echo "$coded of $all were taken"; exit 1; }
assert_same 'files after two layers' 2 "$(files)"
for jobs in 1 8; do
    export_to -j $jobs disk:1 again.vmdk >said
    cmp without.vmdk again.vmdk
    read -r coded all <said
    ((coded > all * 9 / 10)) || { echo "$coded of $all were taken again"; exit 1; }
done
qemu-img compare -q -f qcow2 -F vmdk "store/blobs/sha256/$layer" again.vmdk

# Another level is another encoding; a format without one does not mind.
export_to -o level=6 disk:1 six.vmdk >said
grep -q '^0 ' said
qemu-img compare -q six.vmdk again.vmdk
export_to disk:1 flat.vhd >said
grep -q '^0 ' said
"$SLIPWAY" convert -q flat.vhd flat.raw
qemu-img compare -q -f raw -F vmdk flat.raw again.vmdk

# Damage in the cache costs time and nothing else.
for file in store/slipway/coded/*-vmdk-1-*; do
    python3 - "$file" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    data = bytearray(f.read())
    for at in range(1000, len(data), 40000):
        data[at] ^= 1
    f.seek(0)
    f.write(data)
PY
done
export_to disk:1 hurt.vmdk >said
cmp without.vmdk hurt.vmdk
for file in store/slipway/coded/*; do truncate -s -100 "$file"; done
export_to disk:1 cut.vmdk >said
cmp without.vmdk cut.vmdk
grep -q '^0 ' said

# The cache stays within its bound: what was not used for longest goes first.
SLIPWAY_CODED_MAX=1M export_to disk:1 bound.vmdk >said
cmp without.vmdk bound.vmdk
[ "$(du -sb store/slipway/coded | cut -f 1)" -le 1100000 ]
if SLIPWAY_CODED_MAX=much "$SLIPWAY" store export --store store disk:1 x.vmdk 2>said; then exit 1; fi
grep -q "SLIPWAY_CODED_MAX: 'much'" said
if "$SLIPWAY" store export --store store disk:2 x.vmdk 2>said; then exit 1; fi
grep -q "'disk:2' is neither a name" said
[ ! -e x.vmdk ]
assert_clean store
