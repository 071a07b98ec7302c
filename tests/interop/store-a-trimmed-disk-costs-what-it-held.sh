# A guest that gives back what is free leaves zeros over hundreds of GiB where the disk beneath has nothing: a commit takes the
# time of what was there, and what was trimmed reads as zeros in the layer.
# timeout: 60
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
need qemu-img qemu-io
truncate -s 300G disk
dd if=/dev/urandom of=disk bs=1M count=4 seek=1000 conv=notrunc status=none
dd if=/dev/urandom of=disk bs=1M count=4 seek=150000 conv=notrunc status=none
base=$(store_tool ingest store disk raw 2)
qemu-img create -q -f qcow2 -b "$PWD/store/blobs/sha256/$base" -F qcow2 overlay
commands=()
for ((at = 1; at < 300; at++)); do commands+=(-c "write -q -z -u ${at}G 1G"); done
qemu-io -f qcow2 "${commands[@]}" -c 'write -q -P 0x11 200G 4k' overlay
layer=$(store_tool commit store "$base" overlay 2)
blob=store/blobs/sha256/$layer
# What is at 150000M is gone, what is at 1000M is not.
qemu-io -f qcow2 -r -c "read -q -P 0 150000M 4M" -c "read -q -P 0x11 200G 4k" "$blob"
if qemu-io -f qcow2 -r -c 'read -q -P 0 1000M 4M' "$blob" >/dev/null; then fail "what stayed is not there"; fi
