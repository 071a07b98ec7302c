# As store ls and plan print it; export and diff take it, and tell of a begin that several layers have.
# shellcheck source=tests/lib/store-case.sh
. "$CASE_LIB/store-case.sh"
make_disk disk.raw 8 1
layer=$(store_tool ingest store disk.raw raw 1)
shown=$("$SLIPWAY" store ls --store store | grep -o "\<${layer:0:12}\>")
for name in "$shown" "sha256:$shown" "${layer:0:13}" "$layer" "sha256:$layer"; do
    "$SLIPWAY" store export "$name" out.raw --store store -q
    cmp disk.raw out.raw
    rm out.raw
    "$SLIPWAY" diff "$name" disk.raw -F raw --store store >said
    grep -q 'the same, sector for sector' said
done
refused 2 'is a base, and lies on no other layer' "$SLIPWAY" diff "$shown" --store store
for name in "${layer:0:11}" "sha256:${layer:0:11}" "${layer:0:12}x" "${layer}0" '' sha256:; do
    refused 2 "'$name' is neither a name in the store nor the begin of a layer's digest" \
        "$SLIPWAY" store export "$name" out.raw --store store
done

# What a listing goes by is the names of blobs.
last=0
[ "${layer:63}" != 0 ] || last=1
cp "store/blobs/sha256/$layer" "store/blobs/sha256/${layer:0:63}$last"
refused 2 "2 layers have digests that begin with '$shown'" "$SLIPWAY" store export "$shown" out.raw --store store
refused 2 "2 layers have digests that begin with '$shown'" "$SLIPWAY" diff "sha256:$shown" --store store
refused 2 "2 layers have digests that begin with '$shown'" "$SLIPWAY" diff disk.raw "$shown" -f raw --store store
[ ! -e out.raw ]
"$SLIPWAY" store export "$layer" out.raw --store store -q
cmp disk.raw out.raw
