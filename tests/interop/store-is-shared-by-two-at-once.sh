# Two processes that ingest the same base at the same time both succeed and agree.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
make_disk disk.raw 48 6
for round in 1 2 3; do
    rm -rf store
    store_tool ingest store disk.raw raw 2 >one &
    one=$!
    store_tool ingest store disk.raw raw 2 >two &
    two=$!
    wait "$one"
    wait "$two"
    one=$(sed 's/ known//' one) two=$(sed 's/ known//' two)
    assert_same "digests of round $round" "$one" "$two"
    assert_same 'blobs' "$one" "$(cd store/blobs/sha256 && echo *)"
    assert_clean store
done
assert_same 'third' "$one known" "$(store_tool ingest store disk.raw raw 2)"
