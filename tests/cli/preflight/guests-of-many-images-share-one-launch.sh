# What guests' files say of phony disks of any format, found by one appliance for all of them. SLIPWAY_TEST_PREFLIGHT=lvm: LVM
# has one of its own, and sealed it is the same; =all: that, and every phony tree on a disk of its own as well.
# appliance: 1
# timeout: 3000
. "$CASE_LIB/disks.sh"
need python3 sfdisk mke2fs mkfs.xfs mkfs.btrfs zstd lz4 jq
[ "$(id -u)" = 0 ] || exit 77
kinds='tree:debian tree:rhel tree:suse boot-and-xfs two-roots no-root small-root tree:initramfs-without-nvme'
[ "${SLIPWAY_TEST_PREFLIGHT:-}" = all ] &&
    kinds="$kinds $(sed -n 's/ .*//; s/^/tree:/p' < <("$CASE_LIB/broken-tree" --list) | grep -vE '^tree:(debian|rhel|suse|initramfs-without-nvme)$')"
mkdir fleet work
# shellcheck disable=SC2086 # a list of words
"$CASE_LIB/guest-disks" "$PWD/fleet" $kinds >list
"$SLIPWAY" convert -q -f raw fleet/debian.raw fleet/debian.vmdk
"$SLIPWAY" convert -q -f raw -O vhd fleet/suse.raw fleet/suse.vhd
rm fleet/debian.raw fleet/suse.raw
# The hypervisor notes each of its starts that has an appliance to boot.
cat >hypervisor <<HV
#!/bin/bash
case " \$* " in *' -append '*) echo "\$*" >>"$PWD/starts" ;; esac
exec $(command -v qemu-system-x86_64) "\$@"
HV
chmod 755 hypervisor
export LIBGUESTFS_HV=$PWD/hypervisor
sums() { find fleet work -name '*.raw' -o -name '*.vmdk' -o -name '*.vhd' -o -name '*.sealed' | sort | xargs sha256sum; }
# found NAME: what was found, but for what the rules say of the file and of what boots from the disk.
found() { jq -r --arg name "$1" '.images[] | select(.name == $name) | [.rules[] | select(.state == "found") | .id
    | select(startswith("disk.format") or startswith("boot.") | not)] | sort | join(" ")' v.json; }
sorted() { tr ' ' '\n' | sort | xargs; }
failed=0
sums >before
status=0
"$SLIPWAY" preflight --json -f raw fleet >v.json 2>err || status=$?
cat err
[ "$status" = 4 ] || { echo "exit status $status"; exit 1; }
jq -e '[.images[].evidence.guest_error | select(. != null)] == []' v.json >/dev/null
count=0
while IFS='|' read -r words rules; do
    read -r kind _ _ image _ <<<"$words"
    [ -e "$image" ] || image=$(ls "${image%.raw}".*)
    want=$(sorted <<<"$rules") got=$(found "$PWD/fleet/$(basename "$image")")
    [ -n "$got" ] || got=$(found "fleet/$(basename "$image")")
    [ "$got" = "$want" ] || { echo "$kind: found '$got', not '$want'"; failed=1; }
    count=$((count + 1))
done <list
[ "$count" = "$(wc -w <<<"$kinds")" ]
launches=$(wc -l <starts)
[ "$launches" = $(((count + 15) / 16)) ] || { echo "$launches launches for $count images"; failed=1; }
jq -e '.images[] | select(.name | endswith("boot-and-xfs.raw")) | .evidence.guest | .root.filesystem == "xfs"
    and (.mounts | map(.path)) == ["/", "/boot"] and .kernels[0].default
    and (.filesystems | map([.type, .clean])) == [["xfs", true]]' v.json >/dev/null
jq -e '.images[] | select(.name | endswith("debian.vmdk")) | .lanes["ebs-direct"].unknown == 0' v.json >/dev/null
# LVM beneath a seal.
lvm() {
    "$CASE_LIB/guest-disks" "$PWD/work" lvm >/dev/null
    "$SLIPWAY" keygen aes -q -o aes.key
    "$SLIPWAY" convert -q -f raw work/lvm.raw work/lvm.vmdk
    "$SLIPWAY" seal work/lvm.vmdk -q -o work/lvm.sealed --to aes:aes.key
    sums >before
    "$SLIPWAY" preflight --json work/lvm.sealed --key aes:aes.key >v.json || [ $? = 4 ]
    [ -z "$(found work/lvm.sealed)" ] || { found work/lvm.sealed; failed=1; }
    jq -e '.images[0].evidence.guest | .lvm.groups == [{name: "vg_lab", missing: 0, thin: false}] and .root.device == "/dev/mapper/vg_lab-root"
        and .fstab.entries[0].resolved' v.json >/dev/null || { jq -c '.images[0].evidence.guest | {lvm, root, fstab}' v.json; failed=1; }
    [ "$(wc -l <starts)" = $((launches + 1)) ]
}
[ -z "${SLIPWAY_TEST_PREFLIGHT:-}" ] || lvm
# Nothing was changed, and nothing stays behind.
sums | cmp - before
if pgrep -f "$PWD/hypervisor" >/dev/null; then exit 1; fi
if [ "${SLIPWAY_TEST_PREFLIGHT:-}" = all ]; then
    for kind in subvolume lvm-with-a-disk-missing root-on-another-disk; do
        IFS='|' read -r words rules < <("$CASE_LIB/guest-disks" "$PWD/work" $kind)
        read -ra args <<<"${words#* }"
        "$SLIPWAY" preflight --json "${args[@]}" >v.json || [ $? = 4 ]
        got=$(found "${args[2]}") want=$(sorted <<<"$rules")
        [ "$got" = "$want" ] || { echo "$kind: found '$got', not '$want'"; failed=1; }
    done
fi
exit $failed
