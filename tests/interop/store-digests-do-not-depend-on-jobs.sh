# The same base and the same overlay give the same layers with any number of jobs.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
need qemu-img qemu-io
make_disk disk.raw 48 2
for jobs in 1 8 3; do
    base=$(store_tool ingest "store-$jobs" disk.raw raw "$jobs")
    rm -f overlay
    qemu-img create -q -f qcow2 -b "$PWD/store-$jobs/blobs/sha256/$base" -F qcow2 overlay
    qemu-io -f qcow2 -c 'write -P 0x11 1M 5M' -c 'write -z 8M 2M' -c 'write -P 0x22 40M 4k' overlay >/dev/null
    layer=$(store_tool commit "store-$jobs" "$base" overlay "$jobs")
    echo "$base $layer"
done >digests
assert_same 'different digests' 1 "$(sort -u digests | wc -l)"
assert_same 'runs' 3 "$(wc -l <digests)"
