# fixture: radosgw
# More than a thousand parts come in pages, and join; an abort takes them all; a refused part is named, and stays missing.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ceph.sh"
ceph_use
tool="$SLIPWAY_BUILD/tests/interop/s3-tool"
key='many parts/ä+b'
id=$($tool begin lab "$key")
pids=()
for first in 1 253 505 757; do
    $tool put lab "$key" "$id" $first $((first + 251)) &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || fail "a part was not taken"; done
[ "$($tool list lab "$key" "$id")" = "1008 parts, 1 to 1008" ] || fail "$($tool list lab "$key" "$id")"

if $tool complete lab "$key" "$id" 2>err; then fail "parts of six bytes became an object"; fi
grep -q "completing the upload of 's3://lab/$key': EntityTooSmall" err || fail "$(cat err)"

$tool abort lab "$key" "$id"
$tool abort lab "$key" "$id" || fail "what is aborted cannot be aborted again"
[ "$($tool list lab "$key" "$id")" = gone ] || fail "the upload is still there"

id=$($tool begin lab "$key")
other=$($tool begin lab "$key")
if $tool lie lab "$key" "$id" 2>err; then fail "a part with another one's digest was taken"; fi
grep -q "uploading 's3://lab/$key': part 1: XAmzContentSHA256Mismatch" err || fail "$(cat err)"
[ "$($tool list lab "$key" "$id")" = "0 parts" ] || fail "a refused part is listed"
[ "$($tool sweep lab "$key")" = 2 ] || fail "not both uploads were found"
[ "$($tool list lab "$key" "$other")" = gone ] || fail "the other upload is still there"
