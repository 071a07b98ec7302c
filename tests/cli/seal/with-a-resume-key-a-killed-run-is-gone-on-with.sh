# kill -9 and interruptions at many points: the same command goes on with the same message; nothing stale is left.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen aes -q -o resume.key
"$SLIPWAY" keygen rsa -q -o lab.pem
openssl enc -aes-256-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 60000000 >plain || true
mkdir out
command=("$SLIPWAY" seal plain -o out/p.sealed --to pem:lab.pem.pub --to aes:aes.key --resume-key aes:resume.key)
id() { od -An -tx1 -j3 -N32 "$1" | tr -d ' \n'; }
# Every other kill comes at a time, over the whole of a run; the others once so many bytes are written, as most of a run may be its start.
began=$(date +%s%N)
"${command[@]}" -q
took_us=$((($(date +%s%N) - began) / 1000))
rm out/p.*
stopped=0 went_on=0
kills=${SLIPWAY_TEST_KILLS:-20}
for ((kill = 0; kill < kills; kill++)); do
    signal=KILL status=0
    [ $((RANDOM % 4)) -gt 0 ] || signal=TERM
    "${command[@]}" -j $((1 + RANDOM % 3)) 2>said &
    pid=$!
    if ((kill % 2)); then
        sleep "$(printf '%d.%06d' 0 $((took_us * (kill + 1) / (kills + 1) + RANDOM % 5000)))"
    else
        bytes=0
        while [ "$bytes" -lt $((50000000 * (kill + 1) / kills)) ] && kill -0 $pid 2>/dev/null; do
            bytes=$(stat -c %s out/.p.sealed.partial 2>/dev/null || echo 0)
        done
    fi
    kill -$signal $pid 2>/dev/null || true
    wait $pid || status=$?
    case $status in
    0) took_us=$((took_us * 4 / 5)) ;; # too late: the first run took longer than this one
    9 | 137 | 143) # 143: before it listens to signals
        stopped=$((stopped + 1))
        before=
        if [ -e out/p.sealed ]; then # killed behind its rename
            rm out/p.sealed out/p.keys
        elif [ -s out/.p.sealed.partial ]; then
            before=$(id out/.p.sealed.partial)
            [ "$(stat -c %a out/.p.sealed.journal)" = 600 ]
        fi
        "${command[@]}" 2>said
        if grep -q 'goes on at' said; then
            went_on=$((went_on + 1))
            [ -z "$before" ] || [ "$(id out/p.sealed)" = "$before" ]
        else
            [ "$(id out/p.sealed)" != "$before" ]
        fi
        ;;
    *) echo "exit status $status: $(cat said)"; exit 1 ;;
    esac
    (cd out && nothing_but p.keys p.sealed)
    "$SLIPWAY" open out/p.sealed -q -o opened --key aes:aes.key
    cmp plain opened
    rm out/p.sealed out/p.keys
done
echo "$stopped stopped, $went_on gone on with"
[ $stopped -ge 5 ] && [ $went_on -ge 3 ]
