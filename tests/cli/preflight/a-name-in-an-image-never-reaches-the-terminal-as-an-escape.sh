# Partition names, files on the ESP, parents' names and the image's own name come from strangers.
. "$CASE_LIB/disks.sh"
need sfdisk mkfs.vfat mcopy mke2fs qemu-img
escapes="[$(printf '\001-\010\013-\037')]"
mkdir disk
"$CASE_LIB/broken-disk" no-fallback "$PWD/disk" >/dev/null 2>&1
# C1 controls and marks that turn text around are no better than ESC.
escapes="$escapes|$(printf '\302[\200-\237]|\342\200[\250-\256]')"
evil=$'red\e[31m\e]0;owned\a\u9b31m\u202e.raw'
cp disk/no-fallback.raw "$evil"
sfdisk -q --no-reread --no-tell-kernel --part-label "$evil" 1 $'\e[31mroot' >/dev/null
mke2fs -q -F -t ext4 -L $'\e[31m\u9b31m' -E offset=$((6 << 20)) "$evil" 8m 2>/dev/null
"$SLIPWAY" preflight --no-launch -f raw "$evil" -v --junit j.xml --sarif s.json --html h.html >said
"$SLIPWAY" preflight --no-launch -f raw "$evil" --json >said.json
qemu-img create -q -u -f qcow2 -b $'base\e[31m' -F raw child.qcow2 9M
"$SLIPWAY" preflight --no-launch child.qcow2 >>said || [ $? = 4 ]
mkdir fleet
mv "$evil" child.qcow2 fleet
"$SLIPWAY" preflight --no-launch -f raw fleet >>said || [ $? = 4 ]
for file in said said.json j.xml s.json h.html; do
    if LC_ALL=C grep -qE "$escapes" $file; then
        echo "an escape code is in $file"
        exit 1
    fi
done
grep -qF 'red\x1b[31m' said
grep -qF 'base\x1b[31m' said
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("j.xml")'
