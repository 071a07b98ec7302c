# QEMU opens a chain of layers where it lies, finds it clean, and reads what its own overlays held.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
need qemu-img qemu-io
make_disk disk.raw 32 1
base=$(store_tool ingest store disk.raw raw 2)
blobs=$PWD/store/blobs/sha256
qemu-img compare -f raw -F qcow2 disk.raw "$blobs/$base"

# One launch, two boundaries: data, zeros over data, a discard and new bytes in a hole; then more of it.
qemu-img create -q -f qcow2 -b "$blobs/$base" -F qcow2 overlay
qemu-io -f qcow2 -c 'write -P 0x11 1M 300k' -c 'write -z 3M 128k' -c 'write -P 0x22 20M 4k' -c 'discard 5M 1M' overlay >/dev/null
cp overlay overlay-1
first=$(store_tool commit store "$base" overlay 2)
qemu-io -f qcow2 -c 'write -P 0x33 1100k 50k' -c 'write -P 0x44 30M 64k' -c 'write -z 20M 4k' overlay >/dev/null
second=$(store_tool commit store "$first" overlay 2)

for layer in "$base" "$first" "$second"; do
    qemu-img check -q -f qcow2 "$blobs/$layer"
done
qemu-img compare -f qcow2 -F qcow2 overlay-1 "$blobs/$first"
qemu-img compare -f qcow2 -F qcow2 overlay "$blobs/$second"
assert_same 'images in the chain' 3 "$(qemu-img info --backing-chain "$blobs/$second" | grep -c '^image: ')"
assert_same 'backing file' "$first" \
    "$(qemu-img info --output=json "$blobs/$second" | python3 -c 'import json, sys; print(json.load(sys.stdin)["backing-filename"])')"
"$SLIPWAY" store verify --store store
assert_clean store
