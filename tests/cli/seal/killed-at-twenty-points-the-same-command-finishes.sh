# kill -9 anywhere: no half of a result under its name; the same command again finishes, and nothing stale is left.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
openssl enc -aes-256-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 40000000 >plain || true
mkdir out
began=$(date +%s%N)
"$SLIPWAY" seal plain -o out/p.sealed --to aes:aes.key -q
took_ms=$((($(date +%s%N) - began) / 1000000))
killed=0
for _ in $(seq 1 20); do
    rm -rf out
    mkdir out
    "$SLIPWAY" seal plain -o out/p.sealed --to aes:aes.key -q &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % (took_ms > 900 ? 900 : took_ms + 1))))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || killed=$((killed + 1))
    # The message never comes without its sidecar.
    [ ! -e out/p.sealed ] || [ -e out/p.keys ]
    "$SLIPWAY" seal plain -o out/p.sealed --to aes:aes.key -q
    (cd out && nothing_but p.keys p.sealed)
    "$SLIPWAY" open out/p.sealed -o opened --key aes:aes.key -q
    cmp plain opened
done
echo "$killed of 20 were killed before their end"
[ $killed -gt 0 ]

# The same for opening: no plaintext under its name, or anywhere, until all of it is there.
for _ in $(seq 1 10); do
    rm -rf opened plaintext
    mkdir plaintext
    "$SLIPWAY" open out/p.sealed -o plaintext/p --key aes:aes.key -q &
    pid=$!
    sleep "$(printf '0.%03d' $((RANDOM % (took_ms > 900 ? 900 : took_ms + 1))))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    [ ! -e plaintext/p ] || cmp plain plaintext/p
    "$SLIPWAY" open out/p.sealed -o plaintext/p --key aes:aes.key -q
    (cd plaintext && nothing_but p)
    cmp plain plaintext/p
done
