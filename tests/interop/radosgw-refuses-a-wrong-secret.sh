# fixture: radosgw
# A wrong secret, an unknown key and a bucket that is not there are refused by Ceph's own reckoning, and said; nothing is begun.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ceph.sh"
rig_start "$PWD/rig"
ceph_use
export AWS_ENDPOINT_URL_EC2=$RIG_URL
head -c 6000000 /dev/urandom >disk.img
refused() { # CODE
    if "$SLIPWAY" import --bucket "${bucket:-lab}" -f raw disk.img --prefix refused -q 2>err; then fail "$1 was not refused"; fi
    grep -q "$1" err || fail "no $1: $(cat err)"
    if grep -qF "$AWS_SECRET_ACCESS_KEY" err; then fail "the secret is told"; fi
}
AWS_SECRET_ACCESS_KEY=wrong refused SignatureDoesNotMatch
AWS_ACCESS_KEY_ID=AKIDNOBODY refused InvalidAccessKeyId
bucket=none refused NoSuchBucket
[ "$(rig_count ImportImage)" = 0 ] || fail "an import was started"
[ "$("$SLIPWAY_BUILD/tests/interop/s3-tool" sweep lab refused/disk.img)" = 0 ] || fail "an upload was begun"
