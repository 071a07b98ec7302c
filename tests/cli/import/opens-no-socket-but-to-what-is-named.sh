# A whole import under strace: every address that is connected to is an endpoint's, and nothing else is asked or listened to.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$CASE_LIB/sockets.sh"
sockets_need
rig_start "$PWD/rig"
head -c 11000000 /dev/urandom >disk.img
sockets_of "$SLIPWAY" import --bucket lab --endpoint-url "$RIG_URL" --poll-interval 20 -f raw disk.img --part-size 5M -q >out
grep -qxE 'ami-[0-9a-f]{17}' out || fail "no AMI: $(cat out)"
[ "$(sockets_connected)" = "127.0.0.1:${RIG_URL##*:}" ] || fail "connected to: $(sockets_connected)"
if sockets_listening; then fail "it listens"; fi

# By name the resolver may be asked; the endpoint is still the only one that gets a TCP connection.
sockets_of "$SLIPWAY" import --bucket lab --endpoint-url "http://localhost:${RIG_URL##*:}" --poll-interval 20 -f raw disk.img --prefix 2 --part-size 5M -q >out
[ "$(sockets_connected | grep -v ':53$' | sed 's/^\[::1\]/127.0.0.1/' | sort -u)" = "127.0.0.1:${RIG_URL##*:}" ] || fail "connected to: $(sockets_connected)"

# The answers that the journal has, and policies, want no connection at all.
for words in 'list' 'status --offline' "--print-iam --bucket lab --account 111122223333"; do
    # shellcheck disable=SC2086 # words
    sockets_of "$SLIPWAY" import $words >out || fail "$words: $(cat out)"
    sockets_none || fail "import $words: $(cat trace)"
done
