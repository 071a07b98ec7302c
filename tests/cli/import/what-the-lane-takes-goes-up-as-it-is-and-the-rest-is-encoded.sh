# Which images are sent untouched, which are encoded anew, and what is said of it; words that make no sense are refused.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$CASE_LIB/disks.sh"
rig_need qemu-img
rig_start "$PWD/rig"
make_disk disk.raw 6
for as in vmdk vhd ova qcow2; do "$SLIPWAY" convert -q -f raw -O "$as" disk.raw "disk.$as"; done
qemu-img convert -q -f raw -O vmdk disk.raw sparse.vmdk
cp disk.vhd torn.vhd
python3 - <<'EOF'
# Another stamp in the footer alone, with the checksum that belongs to it.
with open("torn.vhd", "r+b") as file:
    file.seek(-512, 2)
    footer = bytearray(file.read())
    footer[27] ^= 1
    footer[64:68] = bytes(4)
    footer[64:68] = (~sum(footer) & 0xFFFFFFFF).to_bytes(4, "big")
    file.seek(-512, 2)
    file.write(footer)
EOF

goes() { # WORDS NAME OPTION…
    local words=$1 file=$2
    shift 2
    rig_import "$file" "$@" >out 2>err || fail "$file $*: $(cat err)"
    grep -qF -- "$words" err || fail "$file $*: '$words' is not in: $(cat err)"
}
for file in disk.vhd disk.ova; do
    goes 'goes up as it is' "$file" --prefix as-it-is
    cmp "$file" "$(rig_object "as-it-is/$file")" || fail "$file is not what went up"
done
goes 'goes up as it is: RAW, all 6.0 MiB with its zeros' disk.raw -f raw --prefix as-it-is
cmp disk.raw "$(rig_object as-it-is/disk.raw)" || fail "disk.raw is not what went up"
goes 'is encoded as VMDK on its way up: the lane takes no such format' disk.qcow2 --prefix encoded
goes 'is encoded as VMDK on its way up: VM Import takes no VMDK that is not streamOptimized' sparse.vmdk --prefix encoded
goes 'is encoded as VMDK on its way up: its footer and the copy' torn.vhd --prefix encoded
goes 'is encoded as VHD on its way up: as --as says' disk.vmdk --as vhd --prefix encoded
goes 'goes up as it is' disk.vmdk --as vmdk --prefix again
sent=$(rig_count CreateMultipartUpload)
refused 2 "--as does not know 'qcow2'" rig_import disk.vmdk --as qcow2 -q
refused 2 'streamOptimized' rig_import disk.qcow2 -o subformat=monolithicSparse -q
refused 2 '-o is for what is encoded anew' rig_import disk.vhd -o level=3 -q
refused 4 "'disk.vmdk' is no raw disk: it carries the magic of vmdk" rig_import disk.vmdk -f raw -q
refused 2 'name it with -f raw' rig_import disk.raw -q
refused 2 'level' rig_import disk.qcow2 -o level=99 -q
[ "$(rig_count CreateMultipartUpload)" = "$sent" ] || fail "something that is refused was begun"
