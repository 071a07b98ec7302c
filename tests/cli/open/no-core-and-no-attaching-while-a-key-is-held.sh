# The process that holds a key cannot be dumped: its files in /proc belong to root.
"$SLIPWAY" keygen aes -q -o aes.key
mkfifo pipe
chmod 600 pipe
ulimit -c unlimited 2>/dev/null || true
echo secret >plain
"$SLIPWAY" seal plain -o p.sealed --to aes:aes.key -q
"$SLIPWAY" open p.sealed -o opened --key aes:pipe -q & # waits for the key
pid=$!
for _ in $(seq 100); do
    [ "$(awk '/^Max core file size/ { print $5 }' /proc/$pid/limits)" = 0 ] && break
    sleep 0.05
done
[ "$(awk '/^Max core file size/ { print $5, $6 }' /proc/$pid/limits)" = "0 0" ]
[ "$(stat -c %u /proc/$pid/environ)" = 0 ]
cat aes.key >pipe
wait $pid
cmp plain opened
