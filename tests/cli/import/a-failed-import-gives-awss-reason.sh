# A task that ends as deleted is reported at once with AWS's text; the next run sends nothing again.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >disk.img

ends() { # SCENARIO STATUS TEXT
    echo "$1" >"$RIG_DIR/scenario"
    status=0
    rig_import -f raw disk.img >out 2>err || status=$?
    [ "$status" = "$2" ] || fail "$1: exit status $status, not $2: $(cat err)"
    [ ! -s out ] || fail "$1: something is on stdout"
    tail -n 1 err | grep -qF "$3" || fail "$1: the reason is missing: $(cat err)"
}
ends unsupported-kernel 1 'ended as deleted: ClientError: Unsupported kernel version 6.12.0-slipway'
grep -q 'deleting ClientError: Unsupported kernel' err || fail "the reason is not told while the task is deleting"
ends deleted-with-prefix 1 'deleted: ClientError: Disk validation failed [Unsupported VMDK File Format]'
ends first-boot-failure 1 'FirstBootFailure: This import request failed'
ends server-error 6 'ServerError: an internal error'
grep -q "run the same command again: it starts a new task" err || fail "it is not said that running again is right"
ends unsupported-vhd 1 '(the VHD is a differencing one, or its footer is damaged; convert it: slipway convert -O vhd'
grep -q 'preflight rule disk.format.vhd' err || fail "the preflight rule is not named"
if rig_import -f raw disk.img --json -q >json 2>err; then fail "it succeeds"; fi
python3 - json <<'PY'
import json, sys
doc = json.load(open(sys.argv[1]))
assert doc["exit_code"] == 1 and doc["task"]["status"] == "deleted", doc
assert doc["explanation"]["rule"] == "disk.format.vhd" and doc["explanation"]["retry"] is False, doc
PY
echo success >"$RIG_DIR/scenario"
rig_import -f raw disk.img -q | grep -q '^ami-' || fail "the next attempt does not succeed"
[ "$(rig_count UploadPart)" = 1 ] || fail "the object was sent $(rig_count UploadPart) times"
[ "$(rig_tasks)" = 7 ] || fail "seven attempts made $(rig_tasks) tasks"
