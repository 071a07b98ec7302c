# A flipped bit, a truncation, a missing layer and a link: each is named, the status is 5, nothing is changed.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
make_disk disk.raw 8 1
base=$(store_tool ingest whole disk.raw raw 1)
store_tool tag whole web:1.0.0 web 1.0.0 "$base" >/dev/null
"$SLIPWAY" store verify --store whole >out
grep -q ': all whole$' out

# expect PATTERN: verify ends with 5 and prints a line like this; with --json it says the same.
expect() {
    local status=0
    "$SLIPWAY" store verify --store store >out || status=$?
    assert_same status 5 "$status"
    grep -q "$1" out || { cat out; exit 1; }
    status=0
    "$SLIPWAY" store verify --store store --json >json || status=$?
    assert_same 'status with --json' 5 "$status"
    python3 -c 'import json; assert json.load(open("json"))["damages"]'
}

# fresh: the whole store again.
fresh() {
    rm -rf store
    cp -r whole store
}

blob=store/blobs/sha256/$base
fresh
printf '\x5a\x5a' | dd of="$blob" bs=1 seek=300000 conv=notrunc status=none
expect "^blobs/sha256/$base: the digest of its bytes is "
fresh
truncate -s -1 "$blob"
expect '^web:1.0.0: layer 0, .* the manifest says '
fresh
rm "$blob"
expect "^web:1.0.0: layer 0, blob '$base', is missing"
fresh
mv "$blob" aside
ln -s ../../../aside "$blob"
expect "^blobs/sha256/$base: blob '$base' is not a regular file"
fresh
echo '{"schemaVersion":2,"manifests":[{"mediaType":"x\u0007"}]}' >store/index.json
expect '^index.json: '
fresh
touch "$(printf 'store/blobs/sha256/\xff\x07')"
expect '\\x07: its name is not a SHA-256 digest'
fresh
"$SLIPWAY" store verify --store store >/dev/null
