# Whatever their formats, sealed or not, and from a store; nothing is launched, as there is nothing that could be.
. "$CASE_LIB/disks.sh"
. "$CASE_LIB/store-case.sh"
export LIBGUESTFS_HV=/nonexistent/qemu
need python3
[ -x "$SLIPWAY_BUILD/tests/interop/store-tool" ] || exit 77
python3 - <<'PY'
import random
rnd = random.Random(5)
with open("disk.raw", "wb") as f:
    f.truncate(8 << 20)
    f.seek(1 << 20)
    f.write(rnd.randbytes(3 << 20))
PY
"$SLIPWAY" convert -q -f raw disk.raw disk.vmdk
"$SLIPWAY" convert -q -f raw disk.raw disk.vhdx
"$SLIPWAY" keygen aes -o lab.key >/dev/null 2>&1
"$SLIPWAY" seal -q disk.vmdk -o disk.vmdk.sealed --to aes:lab.key
same() {
    "$SLIPWAY" diff "$@" >said || { echo "not the same: $*"; cat said; exit 1; }
    grep -q 'sector for sector' said
}
same -f raw disk.raw disk.raw
same disk.vmdk disk.vhdx
same -f raw -F vmdk disk.raw disk.vmdk
same disk.vhdx disk.vmdk.sealed --key aes:lab.key
base=$(store_tool ingest store disk.raw raw 1)
store_tool tag store web:1 web 1 "$base" >/dev/null
same --store store web:1 "$base"
same --store store -f raw web:1 disk.raw
"$SLIPWAY" diff --json disk.vmdk disk.vhdx >said.json
python3 -c 'import json, sys
r = json.load(open("said.json"))
assert r["same"] is True and r["looked_at"] == "sectors" and r["files"] == [], r'
refused 2 'lies on no other layer' "$SLIPWAY" diff --store store web:1
refused 2 "no file 'nothing'" "$SLIPWAY" diff --store store web:1 nothing
refused 2 "no file 'nothing'" "$SLIPWAY" diff --store elsewhere nothing disk.vmdk
refused 2 'say one of them' "$SLIPWAY" diff --times --ignore-times disk.vmdk disk.vhdx
refused 2 'raw' "$SLIPWAY" diff disk.raw disk.vmdk
[ ! -e elsewhere ]

# Where sectors differ, and the files cannot be read, there is no answer: neither 0 nor 10.
cp disk.raw other.raw
printf x | dd of=other.raw bs=1 seek=2000000 conv=notrunc status=none
refused 1 'qemu' "$SLIPWAY" diff -f raw disk.raw other.raw
# Nor is a layer the same that has zeros where there was something; one that has them where there was nothing is.
if command -v qemu-io >/dev/null; then
    for what in other:1M same:5M; do
        qemu-img create -q -f qcow2 -b "$PWD/store/blobs/sha256/$base" -F qcow2 overlay
        qemu-io -f qcow2 -c "write -q -z -u ${what#*:} 1M" overlay
        layer=$(store_tool commit store "$base" overlay 1)
        case $what in
        same*) same --store store "$layer" ;;
        *) refused 1 qemu "$SLIPWAY" diff --store store "$layer" ;;
        esac
    done
fi
[ -z "$(find "$TMPDIR" -type s -o -name '*.qcow2')" ] || { find "$TMPDIR"; exit 1; }

# A disk that is damaged is no disk that differs.
head -c 400000 disk.vmdk >cut.vmdk
status=0
"$SLIPWAY" diff cut.vmdk disk.vhdx >said 2>&1 || status=$?
[ "$status" = 5 ] || { echo "a cut disk: exit status $status"; cat said; exit 1; }
