# Names and context come from strangers: no control byte reaches the terminal, no claim is believed.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
printf 'hello' >plain
evil=$'\e]0;owned\a\e[31m'
"$SLIPWAY" seal plain -q -o p.sealed --direct --to "aes:aes.key,ns=a${evil}b,name=c${evil}d" --context "k${evil}=v${evil}"
"$SLIPWAY" inspect p.sealed >said
if grep -q "[$(printf '\001-\010\013-\037')]" said; then exit 1; fi
grep -q '\\x1b\]0;owned\\x07' said
"$SLIPWAY" inspect p.sealed --json | jq -e --arg name "c${evil}d" '.sealed.message.recipients[0].name == $name' >/dev/null
"$SLIPWAY" inspect p.sealed --json >said
if grep -q "[$(printf '\001-\010\013-\037')]" said; then exit 1; fi

# A name that is no UTF-8, and one with a NUL in it.
python3 - <<'END'
data = bytearray(open("p.sealed", "rb").read())
at = data.index(b"c\x1b]0")
open("latin.sealed", "wb").write(data[:at] + b"\xff" + data[at + 1:])
open("nul.sealed", "wb").write(data[:at + 1] + b"\0" + data[at + 2:])
open("edks.sealed", "wb").write(data.replace(b"\x00\x01\x00" + bytes([len(b"a" + b"b") + 14]), b"\xff\xff\x00\x10", 1))
# Frames of 4 GiB, a context of 64 KiB that is not there.
commit = len(data) - (5 + 40) - 16 - 32
open("frames.sealed", "wb").write(data[:commit - 4] + b"\xff\xff\xff\xff" + data[commit:])
open("context.sealed", "wb").write(data[:35] + b"\xff\xff" + data[37:])
END
"$SLIPWAY" inspect latin.sealed | grep -qF '\xff\x1b]0;owned\x07'
"$SLIPWAY" inspect nul.sealed | grep -qF 'c\x00]0;owned\x07'
[ -n "${SLIPWAY_SANITIZED:-}" ] || ulimit -v 400000 # shadow memory takes terabytes
for bad in frames context; do
    refused 5 "$bad.sealed" "$SLIPWAY" inspect $bad.sealed
done
for cut in 3 4 20 35 36 100; do
    head -c $cut p.sealed >cut.sealed
    refused 5 "cut.sealed" "$SLIPWAY" inspect cut.sealed
done
# Changed by one bit it is told of as before, but no key makes it true.
python3 - <<'END'
data = bytearray(open("p.sealed", "rb").read())
at = data.index(b"v\x1b]0")
data[at] ^= 1
open("changed.sealed", "wb").write(data)
END
"$SLIPWAY" inspect changed.sealed | grep -q 'not verified'
refused 5 "" "$SLIPWAY" inspect changed.sealed --key "aes:aes.key,ns=a${evil}b,name=c${evil}d"
