# What verify advises works: the damaged blob is removed, the base is read again, the store is whole.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
make_disk disk.raw 8 1
base=$(store_tool ingest store disk.raw raw 1)
store_tool tag store web:1.0.0 web 1.0.0 "$base" >/dev/null
assert_same 'again' "$base known" "$(store_tool ingest store disk.raw raw 1)"
rm -f "store/blobs/sha256/$base"
! "$SLIPWAY" store verify --store store >/dev/null || exit 1
assert_same 'after removal' "$base" "$(store_tool ingest store disk.raw raw 1)"
"$SLIPWAY" store verify --store store
