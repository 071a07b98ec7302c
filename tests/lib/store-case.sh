# Sourced by the store's cases: a disk with known content, and the program that drives the store.
# shellcheck shell=bash
# shellcheck source=tests/lib/case.sh
. "$CASE_LIB/case.sh"

store_tool() { "$SLIPWAY_BUILD/tests/interop/store-tool" "$@"; }

# make_disk FILE MIB SEED: a raw disk; half of it is a hole, the rest compresses a little and always has the same bytes.
make_disk() {
    truncate -s "$2M" "$1"
    yes "seed $3" | awk '{ print NR * 2654435761 % 4294967296, $0 }' | head -c "$(($2 * 1048576 / 2))" |
        dd of="$1" bs=1M conv=notrunc status=none iflag=fullblock || true
}

# assert_same WHAT A B
assert_same() { [ "$2" = "$3" ] || { echo "$1: '$2' is not '$3'"; exit 1; }; }

# assert_clean STORE: no scratch, no half-written file.
assert_clean() {
    local left
    left=$(find "$1" -name '.*tmp-*' -o -path '*/slipway/scratch/*')
    assert_same "leftovers" "$left" ""
}
