# fixture: radosgw
# Ceph's S3 takes the parts under keys with spaces, plus signs and UTF-8; the AWS CLI reads back the same bytes.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ceph.sh"
rig_need aws
rig_start "$PWD/rig"
ceph_use
export AWS_ENDPOINT_URL_EC2=$RIG_URL
head -c 12000000 /dev/urandom >disk.img
keys=('a b' 'c+d=e&f' 'ü/ö~(x)*' "it's %41")
for key in "${keys[@]}"; do
    # EC2 is the rig, which looks at its own bucket.
    rig_put "keys/$key/disk.img" disk.img
    "$SLIPWAY" import --bucket lab -f raw disk.img --prefix "keys/$key" --part-size 5M --poll-interval 20 -q >out || fail "'$key' is not taken"
    grep -qxE 'ami-[0-9a-f]{17}' out || fail "no AMI: $(cat out)"
done
aws s3 cp --endpoint-url "$CEPH_URL" --recursive s3://lab/keys/ back --quiet
for key in "${keys[@]}"; do
    cmp disk.img "back/$key/disk.img" || fail "what reads back of '$key' is something else"
done
[ "$(find back -type f | wc -l)" = 4 ] || fail "there are other objects: $(find back -type f)"
[ "$(rig_count ImportImage 200)" = 4 ] || fail "not one task each"
if [ "$(rig_count UploadPart)" != 0 ]; then fail "something went to the rig's S3"; fi
