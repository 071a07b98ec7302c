# A source that changed, other options, --restart, a damaged journal, bytes that are not those that were written.
. "$CASE_LIB/disks.sh"
mkdir work
cd work || exit
make_disk disk.raw 12
make_disk other.raw 11
truncate -s 12M other.raw
# leave: a run that was stopped in the middle.
leave() {
    rm -f out.* whole.*
    while [ ! -e .out.qcow2.journal ]; do
        SLIPWAY_CHECKPOINT_MS=0 "$CASE_LIB/stop-when" KILL .out.qcow2.journal 1 \
            "$SLIPWAY" convert -q -j 1 -f raw "$@" disk.raw out.qcow2 || true
    done
    rm -f out.qcow2
}
# ends PART…: the same command says PART, and the result is that of an undisturbed run.
ends() {
    local part=$1
    shift
    "$SLIPWAY" convert -f raw "$@" disk.raw out.qcow2 2>../said
    grep -qF -- "$part" ../said || { echo "'$part' is not in: $(cat ../said)"; exit 1; }
    "$SLIPWAY" convert -q -f raw "$@" disk.raw whole.qcow2
    cmp out.qcow2 whole.qcow2
    [ -z "$(find . -name '.*.*')" ]
}
leave
ends "'out.qcow2' goes on at"

# Options that are refused cost nothing.
leave
refused 2 "no subformat 'thick'" "$SLIPWAY" convert -f raw -o subformat=thick disk.raw out.qcow2
refused 2 "levels 1 to 19" "$SLIPWAY" convert -f raw -o level=99 disk.raw out.qcow2
ends "'out.qcow2' goes on at"

leave
printf 'x' | dd of=disk.raw bs=1 seek=5000 conv=notrunc status=none
ends "starts over: the source has changed"
leave
touch disk.raw
ends "starts over: the source has changed"
leave
cp disk.raw copy.raw && mv copy.raw disk.raw
ends "starts over: the source has changed"
leave
mv other.raw disk.raw
ends "starts over: the source has changed"
leave
ends "starts over: the options or the program are others" -o level=3
leave -o subformat=plain
ends "starts over: the options or the program are others"
leave
SOURCE_DATE_EPOCH=7 "$SLIPWAY" convert -f raw disk.raw out.qcow2 2>../said
grep -q 'starts over: the options' ../said
leave
ends "'out.qcow2': qcow2" --restart
if grep 'goes on\|starts over' ../said; then exit 1; fi

# Whatever happens to the journal and the bytes.
for at in 3 70 200 -1; do
    leave
    python3 -c '
import sys
data = bytearray(open(".out.qcow2.journal", "rb").read())
data[int(sys.argv[1])] ^= 1
open(".out.qcow2.journal", "wb").write(data)' "$at"
    ends "the journal of the interrupted copy is damaged"
done
leave
: >.out.qcow2.journal
ends "the journal of the interrupted copy is damaged"
leave
truncate -s 100 .out.qcow2.partial
ends "starts over: its bytes are not those that were written"
leave
python3 - <<'END'
import json
head = json.loads(open(".out.qcow2.journal", "rb").read().split(b"\n")[1])
with open(".out.qcow2.partial", "r+b") as file:
    file.seek(head["stored_bytes"] - 1)
    last = file.read(1)[0]
    file.seek(head["stored_bytes"] - 1)
    file.write(bytes([last ^ 1]))
END
ends "starts over: its bytes are not those that were written"
leave
rm .out.qcow2.journal
ends "'out.qcow2': qcow2"
leave
rm .out.qcow2.partial
ends "'out.qcow2': qcow2"

# A failure is no interruption: nothing stays of it.
leave
(
    ulimit -f 600
    refused 1 "out.qcow2" "$SLIPWAY" convert -f raw disk.raw out.qcow2
)
nothing_but disk.raw
