# fixture: radosgw
# kill -9 while a part is on its way: the same command sends what is missing and no more, and Ceph's object is the image.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ceph.sh"
rig_need aws
rig_start "$PWD/rig"
ceph_use
export AWS_ENDPOINT_URL_EC2=$RIG_URL
size=42000000 part=$((5 << 20))
head -c $size /dev/urandom >disk.img
rig_put killed/disk.img disk.img
echo 24000000 >after
/usr/bin/python3 -B "$SLIPWAY_SOURCE/tests/rig/proxy.py" "$PWD/proxy.ready" "${CEPH_URL#http://}" "$PWD" &
proxy=$!
trap 'kill $proxy 2>/dev/null; rig_stop' EXIT
until [ -s proxy.ready ]; do
    kill -0 $proxy || fail "the proxy did not start"
    sleep 0.05
done
AWS_ENDPOINT_URL_S3=http://127.0.0.1:$(<proxy.ready)
export AWS_ENDPOINT_URL_S3
import() { exec "$SLIPWAY" import --bucket lab -f raw disk.img --prefix killed --part-size 5M -j 2 --poll-interval 20 -q; }

(import) >/dev/null 2>&1 &
pid=$!
until [ -e held ]; do
    kill -0 $pid || fail "the import ended before it was held"
    sleep 0.02
done
# The other connection's part arrives meanwhile, or is held as well: either way two parts at most are lost.
kill -9 $pid
wait $pid 2>/dev/null || true
touch go
(import) >out 2>err || fail "it does not go on: $(cat err)"
grep -qxE 'ami-[0-9a-f]{17}' out || fail "no AMI: $(cat out)"
aws s3 cp --endpoint-url "$CEPH_URL" s3://lab/killed/disk.img back --quiet
cmp disk.img back || fail "the object is not the image"
most=$((size + 3 * part))
[ "$(<sent)" -lt $most ] || fail "$(<sent) bytes were sent for $size, of which $most had been enough"
[ "$("$SLIPWAY_BUILD/tests/interop/s3-tool" sweep lab killed/disk.img)" = 0 ] || fail "an upload is left behind"
[ "$(rig_tasks)" = 1 ] || fail "$(rig_tasks) tasks"
