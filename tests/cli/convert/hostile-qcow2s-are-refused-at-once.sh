# A field set to what an attacker would set it to: one line, no memory, no time, no target.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
"$SLIPWAY" convert -q -f raw -o cluster_size=64K disk.raw good.qcow2
mkdir out
# OFFSET BYTES(hex) EXIT PART
while read -r off bytes status part; do
    cp good.qcow2 bad.qcow2
    python3 -c 'import sys
file = open("bad.qcow2", "r+b")
file.seek(int(sys.argv[1]))
file.write(bytes.fromhex(sys.argv[2]))' "$off" "$bytes"
    (
        # A sanitizer reserves terabytes of addresses.
        [ -n "${SLIPWAY_SANITIZED:-}" ] || ulimit -v 262144
        refused "$status" "$part" timeout 5 "$SLIPWAY" convert -j 1 bad.qcow2 out/x.raw
    )
done <<'EOF'
4 00000007 4 versions 2 and 3 are read
20 00000040 5 it must be 9 to 21
24 1000000000000000 5 does not cover the disk
32 00000001 4 encrypted
36 ffffffff 4 larger than 32 MiB
40 00ffffffffff0000 5 beyond the end of the file
60 ffffffff 5 at most 65536
72 000000000000000a 5 marked as corrupt
72 000000000000000c 4 in another file
72 4000000000000008 4 features that are not known
104 07 4 zlib (0) and zstd (1) are read
EOF
[ -z "$(ls -A out)" ]
