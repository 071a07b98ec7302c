# Any range, to a file and to a pipe, is what lies there; damage elsewhere does not matter, damage within it ends with 5.
. "$CASE_LIB/disks.sh"
need strace
"$SLIPWAY" keygen aes -q -o aes.key
head -c 20000000 /dev/urandom >plain
size=20000000
"$SLIPWAY" seal plain -q -o p.sealed --to aes:aes.key
part() { # OFFSET LENGTH
    tail -c +$(($1 + 1)) plain | head -c "$2" || true
}
for range in 0:0 0:1 65535:2 65536:65536 1000000:5000000 $((size - 1)):1 $((size - 70000)):70000 $size:0; do
    "$SLIPWAY" open p.sealed -q -o part --range "$range" --key aes:aes.key
    part "${range%:*}" "${range#*:}" | cmp - part
    [ "$(stat -c %a part)" = 600 ]
    "$SLIPWAY" open p.sealed -q -o - --range "$range" --key aes:aes.key -j 3 | cmp - part
done
"$SLIPWAY" open p.sealed -q -o - --range 19M --key aes:aes.key | cmp - <(part $((19 << 20)) $size)
"$SLIPWAY" open p.sealed -q -o - --range 4K:1K --key aes:aes.key | cmp - <(part 4096 1024)
[ "$("$SLIPWAY" open p.sealed -o part --range 7:3 --key aes:aes.key --json | jq -c '[.offset,.bytes,.plaintext_bytes]')" = "[7,3,$size]" ]

# Few bytes are read, wherever the range lies: the header's piece, the last frame, the frame itself. (LeakSanitizer cannot
# look under strace.)
for at in 0 10000000 19999990; do
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=pread64 -o trace "$SLIPWAY" open p.sealed -q -o part --range $at:10 --key aes:aes.key
    read_bytes=$(awk -F'= ' '/pread64/ {sum += $NF} END {print sum}' trace)
    [ "$read_bytes" -lt 400000 ] || { echo "$read_bytes bytes read for 10"; exit 1; }
done

wrong() { # RANGE
    refused 2 "$2" "$SLIPWAY" open p.sealed -o new --range "$1" --key aes:aes.key
    [ ! -e new ]
}
wrong $((size + 1)) "were asked for"
wrong $((size - 1)):2 "were asked for"
wrong 18446744073709551615:2 "were asked for"
wrong 1: "is not OFFSET"
wrong :1 "is not OFFSET"
wrong -1:5 "is not OFFSET"
wrong 1x "is not OFFSET"
wrong 99999999999999999999 "is not OFFSET"
refused 2 "cannot be taken back" "$SLIPWAY" open p.sealed -o - --key aes:aes.key
refused 2 "both want standard output" "$SLIPWAY" open p.sealed -o - --json --range 0 --key aes:aes.key

# One flipped bit at 10,000,000 or so.
flip() {
    python3 - "$1" <<'END'
import sys
with open("p.sealed", "r+b") as f:
    f.seek(int(sys.argv[1]))
    byte = f.read(1)[0]
    f.seek(-1, 1)
    f.write(bytes([byte ^ 1]))
END
}
flip 10000000
"$SLIPWAY" open p.sealed -q -o - --range 0:9000000 --key aes:aes.key | cmp - <(part 0 9000000)
"$SLIPWAY" open p.sealed -q -o - --range 11000000 --key aes:aes.key | cmp - <(part 11000000 $size)
refused 5 frame "$SLIPWAY" open p.sealed -q -o new --range 9000000:2000000 --key aes:aes.key
[ ! -e new ]
# What went to the pipe before the damage is right.
status=0
"$SLIPWAY" open p.sealed -q -o - --range 0 --key aes:aes.key -j 2 2>said >piped || status=$?
[ $status = 5 ]
head -c "$(stat -c %s piped)" plain | cmp - piped
[ "$(stat -c %s piped)" -lt 10000000 ]
flip 10000000
# A cut message gives nothing away, whatever the range.
head -c -1 p.sealed >cut.sealed
cp p.keys cut.keys
refused 5 "cannot open" "$SLIPWAY" open cut.sealed -o new --range 0:1 --key aes:aes.key
[ ! -e new ]
# The sidecar is not replaced by what it opened, whether it was named or not.
cp p.keys keys.copy
refused 2 "are the same file" "$SLIPWAY" open p.sealed -o p.keys --range 0:1K --key aes:aes.key
refused 2 "are the same file" "$SLIPWAY" open p.sealed -o p.keys --key aes:aes.key
refused 2 "are the same file" "$SLIPWAY" open p.sealed -o p.keys --key aes:aes.key --keys p.keys
cmp p.keys keys.copy
