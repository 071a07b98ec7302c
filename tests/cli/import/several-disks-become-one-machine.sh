# Every IMAGE is a container of one ImportImage, in its order; and whatever else ImportImage takes arrives.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
echo success-at-once >"$RIG_DIR/scenario"
head -c 6000000 /dev/urandom >boot.img
head -c 5500000 /dev/urandom >data.img
rig_import -f raw boot.img data.img --part-size 5M --device /dev/sda1 --device /dev/sdb --description 'a machine' \
    --boot-mode uefi --platform Windows --architecture x86_64 --usage-operation RunInstances:0800 --encrypted \
    --kms-key-id alias/images --comment 'by hand' --tag owner=ops --tag 'why=a=b' \
    --license-configuration arn:aws:license-manager:us-east-1:111122223333:license-configuration:lic-1 --output json >out 2>err ||
    fail "$(cat err)"
python3 - "$RIG_DIR" out <<'PY'
import glob, json, sys
(path,) = glob.glob(sys.argv[1] + "/ec2/import-ami-*.json")
request = json.load(open(path))["request"]
token = request.pop("ClientToken")
size = request["ClientData"].pop("UploadSize")
assert token.startswith("slipway-") and len(token) <= 64, token
assert abs(float(size) - 11500000 / (1 << 30)) < 1e-6, size
place = lambda key: {"S3Bucket": "lab", "S3Key": key}
assert request == {
    "Architecture": "x86_64", "BootMode": "uefi", "ClientData": {"Comment": "by hand"}, "Description": "a machine",
    "DiskContainers": [{"DeviceName": "/dev/sda1", "Format": "RAW", "UserBucket": place("boot.img")},
                       {"DeviceName": "/dev/sdb", "Format": "RAW", "UserBucket": place("data.img")}],
    "Encrypted": True, "KmsKeyId": "alias/images", "Platform": "Windows", "UsageOperation": "RunInstances:0800",
    "LicenseSpecifications": [{"LicenseConfigurationArn": "arn:aws:license-manager:us-east-1:111122223333:license-configuration:lic-1"}],
    "TagSpecifications": [{"ResourceType": "import-image-task", "Tags": [{"Key": "owner", "Value": "ops"}, {"Key": "why", "Value": "a=b"}]}],
}, request
out = json.load(open("out"))
assert out["size_bytes"] == 11500000 and [d["key"] for d in out["disks"]] == ["boot.img", "data.img"], out
PY
cmp boot.img "$(rig_object boot.img)" && cmp data.img "$(rig_object data.img)"

# The second disk changed: the first is not sent again, and it is another machine.
sent=$(rig_count UploadPart)
touch data.img
rig_import -f raw boot.img data.img --part-size 5M --device /dev/sda1 --device /dev/sdb -q >/dev/null
[ "$(rig_count UploadPart)" = $((sent + 2)) ] || fail "more than the second disk was sent again"
[ "$(rig_tasks)" = 2 ] || fail "$(rig_tasks) tasks"

# Two machines with a disk in common do not write the same object at once.
echo for-ever >"$RIG_DIR/scenario"
touch data.img
before=$(rig_count DescribeImportImageTasks)
rig_spawn -f raw boot.img data.img -q 2>/dev/null
rig_wait DescribeImportImageTasks $((before + 3))
status=0
rig_import -f raw data.img -q 2>err || status=$?
kill -9 "$pid"
wait "$pid" || true
[[ $status = 1 && "$(cat err)" = *"another slipway is importing to"*data.img* ]] || fail "exit status $status: $(cat err)"
