# Canaries: a key and a plaintext are searched for in every file, log, argument list, environment and core of an import that
# opens a sealed image, when it ends and when it is killed, at SLIPWAY_TEST_KILLS points (default 4) drawn by lot, and when a
# core is forced in the middle. Only the bucket gets the plaintext.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
searched() { python3 -B "$CASE_LIB/canary.py" secrets "$@" >>searches || fail "a secret is left: $*"; }
mkdir -m 700 secrets
"$SLIPWAY" keygen aes -q -o secrets/key
printf 'canary plaintext word %05d%05d%05d%05d' $RANDOM $RANDOM $RANDOM $RANDOM >secrets/word # as long as no AES key
chmod 600 secrets/word
python3 - <<'PY'
import os
word = open("secrets/word", "rb").read()
with open("secrets/disk.img", "wb") as out:  # a canary in every frame
    for _ in range(16 << 20 >> 16):
        out.write(word + os.urandom(65536 - len(word)))
PY
"$SLIPWAY" seal secrets/disk.img -o secrets/disk.img.sealed --to aes:secrets/key -q
options=(-f raw secrets/disk.img.sealed --key aes:secrets/key --part-size 5M -v)

ulimit -c "$(ulimit -H -c)"
for signal in KILL ABRT TERM; do
    rig_faults '{"op":"UploadPart","part":2,"do":"delay-reply","ms":30000}'
    before=$(rig_count UploadPart)
    rig_spawn "${options[@]}" --prefix "$signal" >>log 2>&1
    rig_wait UploadPart $((before + 1))
    searched --pid "$pid"
    kill -"$signal" "$pid"
    wait "$pid" 2>/dev/null || true
    searched
done
# shellcheck disable=SC2119 # none
rig_faults
for signal in KILL ABRT TERM; do
    rig_import "${options[@]}" --prefix "$signal" 2>>log | grep -q '^ami-' || fail "no AMI after $signal: $(tail -3 log)"
    cmp secrets/disk.img "$(rig_object "$signal/disk.img")" || fail "the object is not the plaintext"
done
searched

# At a request drawn by lot, before the server does anything or once it has done all; the other parts go on for a moment.
echo success-at-once >"$RIG_DIR/scenario"
requests() { wc -l <"$RIG_DIR/requests.jsonl"; }
before=$(requests)
rig_import "${options[@]}" --prefix whole >>log 2>&1
all=$(($(requests) - before))
kills=${SLIPWAY_TEST_KILLS:-4}
for ((kill = 1; kill <= kills; kill++)); do
    n=$((RANDOM % all)) kind=freeze
    [ $((RANDOM % 2)) = 0 ] || kind=freeze-reply
    rm -f "$RIG_DIR/frozen"
    rig_faults '{"op":"*","after":'$n',"do":"'$kind'"}'
    rig_spawn "${options[@]}" --prefix "kill-$kill" >>log 2>err
    rig_frozen "$kind, request $((n + 1)) of $all"
    sleep "0.0$((RANDOM % 10))"
    searched --pid "$pid"
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    searched
done
echo "$kills killed among $all requests"

# A core that is forced in the middle, from a process that cannot become undumpable: without a key, without any memory.
if [ -z "${SLIPWAY_SANITIZED:-}" ] && command -v gcc >/dev/null; then
    gcc -D_GNU_SOURCE -shared -fPIC -o force.so "$CASE_LIB/forced_core.c"
    rm -f "$RIG_DIR/frozen"
    rig_faults '{"op":"UploadPart","part":3,"do":"freeze"}'
    LD_PRELOAD=$PWD/force.so rig_spawn "${options[@]}" --prefix core >>log 2>err
    rig_frozen "UploadPart"
    kill -ABRT "$pid"
    wait "$pid" 2>/dev/null || true
    core=$(compgen -G 'core*' || true)
    if [ "$(cat /proc/sys/kernel/core_pattern)" = core ] && [ "$(ulimit -c)" != 0 ]; then
        [ -n "$core" ] || fail "no core was forced"
    fi
    [ -z "$core" ] || searched --core "$core"
    rm -f core*
    searched
fi
# shellcheck disable=SC2119 # none
rig_faults

# What is wrong is told without its words.
for wrong in aes:secrets/word pem:secrets/key; do
    status=0
    rig_import "${options[@]}" --key "$wrong" --prefix wrong >>log 2>&1 || status=$?
    [ "$status" = 5 ] || fail "$wrong: exit status $status"
done
searched
# Where the plaintext is meant to be, it is found.
if python3 -B "$CASE_LIB/canary.py" secrets --in rig 2>/dev/null; then fail "the search finds nothing"; fi
