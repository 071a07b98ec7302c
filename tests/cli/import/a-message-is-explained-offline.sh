# explain: the catalogue, by AWS's words with and without the newer prefix; what is not known is said, with exit code 10.
export AWS_EC2_METADATA_DISABLED=true
says() { # RULE MESSAGE
    "$SLIPWAY" import explain "$2" >out || { echo "$2: not known"; exit 1; }
    grep -qx "rule:     $1" out || { echo "$2: not $1: $(cat out)"; exit 1; }
}
says disk.format.vmdk 'ClientError: Disk validation failed [Unsupported VMDK File Format]'
says disk.format.vmdk 'CLIENT_ERROR : ClientError: Disk validation failed [Unsupported VMDK File Format]'
grep -qx 'message:  ClientError: Disk validation failed \[Unsupported VMDK File Format\]' out || { echo "the prefix is shown"; exit 1; }
says linux.kernel.listed 'ClientError: Unsupported kernel version 5.4.66-gentoo-x86_64'
says linux.grub.default 'ClientError: BLSC-style GRUB found, but unable to detect default kernel'
says aws.role 'An error: The service role vmimport provided does not exist or does not have sufficient permissions'
says aws.role.policy 'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]'
says os.architecture 'Parameter architecture=arm64 has an invalid format'
says aws.bucket.region 'Bucket lab is not in the us-east-1 Region'
"$SLIPWAY" import explain 'ServerError: an internal error has occurred' --json | python3 -c '
import json, sys
doc = json.load(sys.stdin)
assert doc["known"] and doc["retry"] and "rule" not in doc, doc'
status=0
"$SLIPWAY" import explain 'ClientError: the moon is full' >out || status=$?
[ "$status" = 10 ] && grep -q 'not in the catalogue of 20' out || { echo "unknown: $status $(cat out)"; exit 1; }
if "$SLIPWAY" import explain 2>err; then exit 1; fi
grep -q "explain takes a message of AWS's" err || { cat err; exit 1; }
