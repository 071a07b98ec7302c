# With --seal-to no byte of the disk lies in any file while it comes, and what comes out opens to the same disk.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
mark=SLIPWAY-CANARY-$$
for _ in $(seq 40000); do echo "$mark and some more text"; done >text
head -c 3000000 /dev/urandom >>text
{ cat text; } >disk.raw
truncate -s 8M disk.raw
"$SLIPWAY" convert -q -f raw disk.raw disk.vhd
"$SLIPWAY" convert -q -f raw disk.raw disk.vmdk
rig_exports raw disk.raw 1048576
rig_exports vhd disk.vhd 1048576
rig_exports vmdk disk.vmdk 1048576
"$SLIPWAY" keygen ec -o lab.pem -q
mkdir work home
status=0
rig_export ami-01 --bucket lab --seal-to pem:lab.pem.pub -o work/x.qcow2 2>err || status=$?
[ $status = 2 ] || fail "qcow2 cannot be sealed, and the exit status is $status: $(cat err)"
[ ! -s rig/requests.jsonl ] || fail "that was found out after requests"
export HOME=$PWD/home TMPDIR=$PWD/work XDG_STATE_HOME=$PWD/home/state
n=0
for from in RAW VHD VMDK; do
    n=$((n + 1))
    rm -f rig/go
    before=$(rig_count GetObject)
    rig_faults '{"op":"GetObject","after":8,"times":0,"do":"hold"}'
    rig_export_spawn ami-0$n --bucket lab --disk-image-format $from --range-size 256K -j 2 --seal-to pem:lab.pem.pub \
        -o work/$n.vmdk -q --json >out 2>err
    rig_wait GetObject $((before + 8))
    if grep -rlaF "$mark" work home; then fail "$from: a file holds the disk's text while it comes"; fi
    if find work -name '*.object.*' | grep -q .; then fail "$from: it is downloaded to a file"; fi
    touch rig/go
    wait $pid || fail "$from: $(cat err)"
    rig_faults
    grep -q '"checked": true' out || fail "$from: it was not held against S3's digest: $(cat out)"
    if grep -rlaF "$mark" work home; then fail "$from: a file holds the disk's text"; fi
    "$SLIPWAY" convert -q --key pem:lab.pem work/$n.vmdk -O raw back.raw
    cmp disk.raw back.raw || fail "$from: it opens to another disk"
    size=$(grep -o '"object_bytes": [0-9]*' out | cut -d' ' -f2) got=$(grep -o '"fetched_bytes": [0-9]*' out | cut -d' ' -f2)
    echo "$from: $got bytes over the line for an object of $size"
    # The tables are looked at in pages of 256 KiB before the reading in order begins.
    [ "$got" -le $((size + 8 * 262144)) ] || fail "$from: ranges came twice"
done
