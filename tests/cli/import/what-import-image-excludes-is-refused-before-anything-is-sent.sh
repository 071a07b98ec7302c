# Combinations that EC2 would refuse, hours later or at once: usage errors here, and not one request.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >disk.img
mkdir -p sub
cp disk.img sub/disk.img
cp disk.img list
"$SLIPWAY" convert -q -f raw disk.img disk.ova 2>/dev/null
truncate -s 8T huge.img

refused() { # STATUS TEXT ARGUMENT…
    wanted=$1 text=$2 status=0
    shift 2
    rig_import -q "$@" >out 2>err || status=$?
    [ $status = "$wanted" ] || fail "$*: exit status $status, not $wanted: $(cat err)"
    grep -qF -- "$text" err || fail "$*: '$text' is not in: $(cat err)"
    [ ! -s out ] || fail "$*: something is on stdout"
}
raw=(-f raw disk.img)
refused 2 'a licence type or a usage operation' "${raw[@]}" --license-type BYOL --usage-operation RunInstances:0800
refused 2 'a KMS key needs an encrypted image' "${raw[@]}" --kms-key-id alias/x
refused 2 'does not take the boot mode uefi-preferred' "${raw[@]}" --boot-mode uefi-preferred
refused 2 'neither legacy-bios nor uefi' "${raw[@]}" --boot-mode floppy
refused 2 'takes no arm64 disk' "${raw[@]}" --architecture arm64
refused 2 'neither x86_64 nor i386' "${raw[@]}" --architecture sparc
refused 2 'neither Windows nor Linux' "${raw[@]}" --platform BeOS
refused 2 'can be BYOL only' "${raw[@]}" --platform Linux --license-type AWS
refused 2 'is one of Windows, and the platform is Linux' "${raw[@]}" --platform Linux --usage-operation RunInstances:0002
refused 2 'not of the form RunInstances:0000' "${raw[@]}" --usage-operation 'RunInstances:2&x'
refused 2 'is no ARN' "${raw[@]}" --license-configuration lic-1
refused 2 'is not KEY=VALUE' "${raw[@]}" --tag owner
refused 2 'begin with aws:' "${raw[@]}" --tag aws:x=1
refused 2 'is given twice' "${raw[@]}" --tag a=1 --tag a=2
refused 2 "--lane does not know 'sideways'" "${raw[@]}" --lane sideways
refused 2 'there are 1 images for 2 --device' "${raw[@]}" --device /dev/sda --device /dev/sdb
refused 2 'would both be /dev/sda' -f raw disk.img list --device /dev/sda --device /dev/sda
refused 2 "would both be 's3://lab/disk.img'" -f raw disk.img sub/disk.img
refused 4 'takes disks below 8 TiB' -f raw huge.img
refused 4 'imported alone' disk.ova disk.ova
refused 2 'list takes no arguments (an image of that name is ./list)' list -f raw list
refused 2 'missing argument' -f raw
[ ! -s "$RIG_DIR/requests.jsonl" ] || fail "something was asked: $(cat "$RIG_DIR/requests.jsonl")"
[ ! -e "$XDG_STATE_HOME/slipway/import" ] || fail "what was refused has a journal"
rig_import -q -f raw ./list >/dev/null || fail "an image that is named like a verb is not taken"

# A dry run asks EC2, and does nothing else; what it says says what it did not look at.
before=$(wc -l <"$RIG_DIR/requests.jsonl")
rig_import "${raw[@]}" --dry-run >out 2>err || fail "--dry-run: $(cat err)"
grep -q 'did not look at: the service role' out || fail "it does not say what it did not look at: $(cat out)"
[ "$(($(wc -l <"$RIG_DIR/requests.jsonl") - before))" = 1 ] || fail "a dry run asks more than once"
grep -q 'DryRun=true' "$RIG_DIR/requests.jsonl" || fail "it was no dry run"
rig_faults '{"op":"ImportImage","do":"error","status":403,"code":"UnauthorizedOperation","message":"You are not authorized"}'
refused 1 'UnauthorizedOperation: You are not authorized' "${raw[@]}" --dry-run
[[ "$(rig_tasks)" = 1 && "$(rig_uploads)" = 0 && ! -e "$(rig_object disk.img)" ]] || fail "a dry run did something"
