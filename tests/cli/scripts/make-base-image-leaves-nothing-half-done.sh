# Bad options, a foreign file, an unreachable mirror and a signal: a clear refusal, and no file that was not there before.
# Debian itself is not fetched here.
command -v mmdebstrap >/dev/null || exit 77
make=$SLIPWAY_SOURCE/scripts/make-base-image

refused() { # STATUS PATTERN OPTION…
    local status=0 want=$1 pattern=$2
    shift 2
    "$make" "$@" >said 2>&1 || status=$?
    [ "$status" = "$want" ] || { echo "exit status $status for: $*"; cat said; exit 1; }
    grep -q "$pattern" said || { echo "no '$pattern' for: $*"; cat said; exit 1; }
}

refused 2 "needs a value" disk.raw --size
refused 2 "not a size: '2T'" disk.raw --size 2T
refused 2 "too small" disk.raw --size 100M
refused 2 "no option '--sizes'" disk.raw --sizes 2G
refused 2 "not a list of packages" disk.raw --include 'vim;id'
refused 2 "not a UUID" disk.raw --uuid 1234

echo precious >mine.raw
refused 1 "was not made here" mine.raw
[ "$(cat mine.raw)" = precious ]

refused 1 "mmdebstrap failed" disk.raw --mirror http://127.0.0.1:9/debian

# A mirror that never answers, and an end from outside.
python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(60)' >port &
server=$!
trap 'kill $server' EXIT
until [ -s port ]; do sleep 0.1; done
"$make" disk.raw --mirror "http://127.0.0.1:$(cat port)/debian" >said 2>&1 &
making=$!
until compgen -G 'disk.raw.*' >/dev/null; do sleep 0.1; done
sleep 2
kill -TERM $making
status=0
wait $making || status=$?
[ $status = 143 ]

rm -f said port mine.raw
[ -z "$(ls -A)" ] || { ls -la; exit 1; }
