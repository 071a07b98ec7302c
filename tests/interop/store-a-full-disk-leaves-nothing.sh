# A disk that runs full in the middle of an ingest: a clear error, and nothing of the blob stays.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
need unshare
unshare -rm true 2>/dev/null || { echo 'skipped: no user namespaces here'; exit 77; }
make_disk disk.raw 64 5
mkdir small
export -f store_tool
# shellcheck disable=SC2016 # expanded inside
unshare -rm bash -eu -c '
    mount -t tmpfs -o size=64M none small
    head -c 63M /dev/zero >small/filler
    status=0
    store_tool ingest small/store disk.raw raw 2 2>error || status=$?
    [ "$status" = 1 ]
    find small/store/blobs/sha256 -type f >left
    rm small/filler
    [ "$(df --output=used small | tail -1)" -lt 64 ]
    store_tool ingest small/store disk.raw raw 2
    "$SLIPWAY" store verify --store small/store'
grep -q 'No space left on device' error
assert_same 'blobs left' '' "$(cat left)"
