# shellcheck shell=bash
# Shell side of the rig: `. rig.sh; rig_start DIR [option…]` sets RIG_URL and the AWS_* variables; rig_stop ends it.

RIG_HOME=${RIG_HOME:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
RIG_PID=

# rig_need TOOL…: skips the case when one is missing.
rig_need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "skip: $tool is missing"; exit 77; }
    done
}

rig_start() {
    RIG_DIR=$1
    shift
    rm -f "$RIG_DIR.ready"
    RIG_PYCACHE=${SLIPWAY_BUILD:+$SLIPWAY_BUILD/rig-pycache} /usr/bin/python3 -B "$RIG_HOME/rig.py" \
        --dir "$RIG_DIR" --ready "$RIG_DIR.ready" --bucket lab "$@" &
    RIG_PID=$!
    trap rig_stop EXIT
    local waited=0
    until [ -s "$RIG_DIR.ready" ]; do
        kill -0 "$RIG_PID" 2>/dev/null || rig_did_not_start
        [ $waited -lt 3000 ] || { echo "the rig does not start"; exit 1; }
        sleep 0.02
        waited=$((waited + 1))
    done
    # shellcheck disable=SC2034 # for whoever reads this file in
    RIG_URL=http://127.0.0.1:$(cat "$RIG_DIR.ready")
    [[ " $* " != *" --certificate "* ]] || RIG_URL=https${RIG_URL#http}
    unset AWS_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_CA_BUNDLE "${!AWS_ENDPOINT_URL@}" "${!AWS_USE_@}" "${!AWS_ROLE_@}"
    unset AWS_WEB_IDENTITY_TOKEN_FILE "${!AWS_CONTAINER_@}"
    export AWS_ACCESS_KEY_ID=AKIDRIGTEST AWS_SECRET_ACCESS_KEY=sekrit/+key= AWS_DEFAULT_REGION=us-east-1
    # A rig needs no rest between two tries.
    export SLIPWAY_BACKOFF_MS=10
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
    export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
}

# rig_did_not_start: ends the case as the rig ended: skipped, when something is missing that it wants.
rig_did_not_start() {
    local status=0
    wait "$RIG_PID" || status=$?
    RIG_PID=
    [ $status = 77 ] || { echo "the rig did not start"; exit 1; }
    exit 77
}

# rig_certificate NAME: a CA in NAME.ca.pem, and in NAME.pem a key and certificate of 127.0.0.1 that it signed.
rig_certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.ca.key" -out "$1.ca.pem" -days 2 -subj '/CN=rig CA' 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj /CN=rig 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA "$1.ca.pem" -CAkey "$1.ca.key" -CAcreateserial -days 2 -out "$1.crt" \
        -extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost') 2>/dev/null
    cat "$1.key" "$1.crt" >"$1.pem"
}

# rig_temporary: AWS_* become keys that this rig issues through STS (--session-s and --session-requests say for how long).
rig_temporary() {
    local keys
    keys=$(/usr/bin/python3 - "$RIG_URL" <<'PY'
import sys, urllib.parse, urllib.request, xml.etree.ElementTree as tree
form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleSessionName": "case"}
form.update(RoleArn="arn:aws:iam::111122223333:role/lab", WebIdentityToken="rig.web.identity")
reply = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], urllib.parse.urlencode(form).encode())
found = {node.tag.rpartition("}")[2]: node.text for node in tree.parse(reply).iter()}
print(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
PY
    )
    read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<<"$keys"
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
}

rig_stop() {
    [ -z "$RIG_PID" ] || { kill "$RIG_PID" 2>/dev/null; wait "$RIG_PID" 2>/dev/null; }
    RIG_PID=
}

# rig_kms_start DIR [option…]: the same for KMS: its endpoint is set, KMS_LAB and its kin are keys (kms_ops.py).
rig_kms_start() {
    /usr/bin/python3 -c 'import cryptography' 2>/dev/null || { echo "skip: python3-cryptography is missing"; exit 77; }
    rig_start "$@"
    export AWS_ENDPOINT_URL_KMS=$RIG_URL
    export KMS_LAB=arn:aws:kms:us-east-1:111122223333:key/11111111-1111-4111-8111-111111111111
    export KMS_OTHER=arn:aws:kms:us-east-1:111122223333:key/22222222-2222-4222-8222-222222222222
    export KMS_FAR=arn:aws:kms:eu-west-1:111122223333:key/33333333-3333-4333-8333-333333333333
    export KMS_FAR_LAB=arn:aws:kms:eu-west-1:111122223333:key/77777777-7777-4777-8777-777777777777
    export KMS_DISABLED=arn:aws:kms:us-east-1:111122223333:key/44444444-4444-4444-8444-444444444444
    export KMS_DENIED=arn:aws:kms:us-east-1:111122223333:key/55555555-5555-4555-8555-555555555555
    export KMS_DELETED=arn:aws:kms:us-east-1:111122223333:key/66666666-6666-4666-8666-666666666666
}

# rig_count OP [STATUS]: how many requests of that operation the rig answered.
rig_count() { grep -F "\"op\": \"$1\"" "$RIG_DIR/requests.jsonl" | grep -cE "\"status\": ${2-[0-9]+}[,}]" || true; }

# rig_tasks [KIND]: how many tasks exist of ImportImage, or of ImportSnapshot (import-snap). rig_uploads: how many multipart uploads are open.
# shellcheck disable=SC2120 # the kind may be left away
rig_tasks() { find "$RIG_DIR/ec2" -maxdepth 1 -name "${1-import-ami}-*.json" | wc -l; }
# rig_images, rig_snapshots: how many there are, in all regions.
rig_images() { find "$RIG_DIR/ec2/images" -name 'ami-*.json' | wc -l; }
rig_snapshots() { find "$RIG_DIR/ec2/snapshots" -name 'snap-*.json' | wc -l; }
rig_uploads() { find "$RIG_DIR/s3/lab/uploads" -mindepth 1 -maxdepth 1 | wc -l; }

# rig_faults RULE…: the faults from now on, each a JSON object (faults.py).
# shellcheck disable=SC2120 # by the cases
rig_faults() {
    local IFS=,
    printf '[%s]\n' "$*" >"$RIG_DIR/faults.json.new"
    mv "$RIG_DIR/faults.json.new" "$RIG_DIR/faults.json"
}

# rig_wait OP N: until the rig has been asked OP n times (a request is in the log before its answer leaves, with a fault after it).
rig_wait() {
    for _ in $(seq 300); do
        [ "$(rig_count "$1")" -lt "$2" ] || return 0
        sleep 0.05
    done
    fail "the rig was not asked $1 $2 times"
}

# rig_frozen WHAT: until the rig freezes a request (faults.py); $pid must not end before, and then WHAT is told with err.
rig_frozen() {
    until [ -e "$RIG_DIR/frozen" ]; do
        kill -0 "$pid" || fail "$1: it ended by itself: $(cat err)"
        sleep 0.02
    done
}

# rig_kill_frozen WHAT: the same, and then it is killed and nothing is frozen any more.
rig_kill_frozen() {
    rig_frozen "$1"
    kill -9 "$pid"
    wait "$pid" || true
    # shellcheck disable=SC2119 # none
    rig_faults
}

# rig_import ARGUMENT…: slipway import against the rig.
rig_import() { "$SLIPWAY" import --bucket lab --endpoint-url "$RIG_URL" --poll-interval 20 "$@"; }

# rig_resume ID ARGUMENT…: the same with an import that was begun before.
rig_resume() { "$SLIPWAY" import --endpoint-url "$RIG_URL" --poll-interval 20 --resume "$@"; }

# rig_spawn ARGUMENT…: the same in the background; its process is $pid.
rig_spawn() {
    "$SLIPWAY" import --bucket lab --endpoint-url "$RIG_URL" --poll-interval 20 "$@" &
    # shellcheck disable=SC2034 # for the case
    pid=$!
}

# rig_object KEY: the path of an object's bytes.
rig_object() {
    local LC_ALL=C i byte name=
    for ((i = 0; i < ${#1}; i++)); do
        byte=${1:i:1}
        [[ $byte = [A-Za-z0-9_.~-] ]] || printf -v byte '%%%02X' "'$byte"
        name+=$byte
    done
    printf '%s/s3/lab/objects/%s\n' "$RIG_DIR" "$name"
}

# web_start DIR [option…]: web.py over DIR; WEB_URL, and the requests in DIR.log.
web_start() {
    local dir=$1 waited=0
    shift
    rm -f "$dir.ready"
    /usr/bin/python3 -B "$RIG_HOME/web.py" --dir "$dir" --ready "$dir.ready" --log "$dir.log" "$@" &
    WEB_PIDS="${WEB_PIDS-} $!"
    trap 'web_stop; rig_stop' EXIT
    until [ -s "$dir.ready" ]; do
        [ $waited -lt 300 ] || { echo "the web server did not start"; exit 1; }
        sleep 0.1
        waited=$((waited + 1))
    done
    # shellcheck disable=SC2034 # for whoever reads this file in
    WEB_URL=127.0.0.1:$(cat "$dir.ready")
    export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
}

web_stop() {
    local pid
    for pid in ${WEB_PIDS-}; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    WEB_PIDS=
}

# rig_put KEY FILE: puts an object there without asking.
rig_put() {
    /usr/bin/python3 -B - "$RIG_HOME" "$RIG_DIR" "$1" "$2" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
from s3_store import Store
Store(sys.argv[2]).put_object("lab", sys.argv[3], open(sys.argv[4], "rb").read(), {})
PY
}

# rig_iam FILTER: IAM from now on, as jq makes it of the default (iam_ops.py).
rig_iam() {
    [ -e "$RIG_DIR/iam.default" ] || /usr/bin/python3 -B -c 'import json, sys
sys.path.insert(0, sys.argv[1])
from iam_ops import default_world
print(json.dumps(default_world()))' "$RIG_HOME" >"$RIG_DIR/iam.default"
    jq "$1" "$RIG_DIR/iam.default" >"$RIG_DIR/iam.json.new"
    mv "$RIG_DIR/iam.json.new" "$RIG_DIR/iam.json"
}

fail() { echo "FAIL: $*" >&2; exit 1; }

# rig_exports FORMAT FILE [PART_BYTES]: what an export to FORMAT (vmdk, vhd, raw) puts there; in parts of that size.
rig_exports() {
    mkdir -p "$RIG_DIR/export"
    cp "$2" "$RIG_DIR/export/$1"
    rm -f "$RIG_DIR/export/part-bytes"
    [ $# -lt 3 ] || echo "$3" >"$RIG_DIR/export/part-bytes"
}

# rig_export ARGUMENT…: slipway export against the rig.
rig_export() { "$SLIPWAY" export --endpoint-url "$RIG_URL" --poll-interval 20 "$@"; }

# rig_export_spawn ARGUMENT…: the same in the background; its process is $pid.
rig_export_spawn() {
    "$SLIPWAY" export --endpoint-url "$RIG_URL" --poll-interval 20 "$@" &
    # shellcheck disable=SC2034 # for the case
    pid=$!
}

# rig_objects: the names of what lies in the bucket.
rig_objects() { find "$RIG_DIR/s3/lab/objects" -type f ! -name '*.json' -printf '%f\n'; }

# rig_ranges: how many ranges were asked for, and how many different ones.
rig_ranges() {
    /usr/bin/python3 - "$RIG_DIR/requests.jsonl" <<'PY'
import json, sys
asked = [(l["key"], l["range"]) for l in map(json.loads, open(sys.argv[1])) if "range" in l]
print(len(asked), len(set(asked)))
PY
}
