# kill -9 at twenty random points of ingest, commit and tag; then the same again: the same digests, nothing stale.
# timeout: 300
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
need qemu-img qemu-io
make_disk disk.raw 64 4

# Everything that writes to the store, in one go.
work() {
    base=$(store_tool ingest "$1" disk.raw raw 2)
    base=${base% known}
    rm -f "overlay-$1"
    qemu-img create -q -f qcow2 -b "$PWD/$1/blobs/sha256/$base" -F qcow2 "overlay-$1"
    qemu-io -f qcow2 -c 'write -P 0x11 1M 9M' -c 'write -P 0x22 50M 4M' "overlay-$1" >/dev/null
    layer=$(store_tool commit "$1" "$base" "overlay-$1" 2)
    echo "$base $layer $(store_tool tag "$1" web:1 web 1 "$layer")"
}

began=$(date +%s%N)
want=$(work whole)
took_ms=$((($(date +%s%N) - began) / 1000000))
rounds=0 killed=0
while [ "$killed" -lt 20 ]; do
    rounds=$((rounds + 1))
    [ $((rounds % 4)) = 1 ] && rm -rf killed # sometimes anew, sometimes over what the last one left
    set -m
    work killed >/dev/null 2>&1 &
    job=$!
    set +m
    sleep "$(awk -v seed="$rounds$RANDOM" -v took="$took_ms" 'BEGIN { srand(seed); print rand() * took / 1000 }')"
    kill -9 -- "-$job" 2>/dev/null || true
    if wait "$job" 2>/dev/null; then # too late: the first run, beside others perhaps, took longer than this one
        took_ms=$((took_ms * 4 / 5))
        [ "$rounds" -lt 100 ] || { echo "only $killed of $rounds kills came in time"; exit 1; }
    else
        killed=$((killed + 1))
    fi
    if [ $((rounds % 4)) = 0 ]; then
        assert_same "after the kills up to $rounds" "$want" "$(work killed)"
        assert_clean killed
        "$SLIPWAY" store verify --store killed
        assert_same 'blobs' "$(cd whole/blobs/sha256 && echo *)" "$(cd killed/blobs/sha256 && echo *)"
    fi
done
