# appliance: 1
# What a component deletes on XFS, Btrfs, or ext4 on a logical volume costs its layer nothing, and what an earlier one left is off
# the disk once a later one deletes it: but for the ends of a run of blocks, as whole clusters of 64 KiB are given back.
. "$CASE_LIB/build-case.sh"
need_appliance
need mkfs.xfs mkfs.btrfs sfdisk busybox
"$CASE_LIB/tiny-root" tree
component_of build Leave 'yes left-behind | head -n 1000000 >/root/history' >leave.yml
component_of build Clean 'rm /root/history' 'dd if=/dev/urandom of=/opt-junk bs=1M count=20 2>/dev/null' 'sync' \
    'echo kept >/etc/kept' 'rm /opt-junk' >clean.yml
lines_left() { grep -ac left-behind "$1" || true; }
layer_bytes() { stat -c %s "store/blobs/sha256/$(layers said.json | tail -n 1 | sed s,sha256:,,)"; }
for kind in xfs btrfs lvm; do
    other_disk "$kind" 340
    recipe_of "$kind" leave.yml | sed "s/base.raw/$kind.raw/" >first.yml
    recipe_of "$kind" leave.yml clean.yml | sed "s/base.raw/$kind.raw/" >recipe.yml
    rm -rf store
    "$SLIPWAY" build first.yml --store store --out first -O raw >/dev/null
    [ "$(lines_left "first/$kind-1.0.0/$kind-1.0.0.raw")" -gt 900000 ] || fail "$kind: it was never there"
    "$SLIPWAY" build recipe.yml --store store --out out -O raw --json >said.json
    disk=out/$kind-1.0.0/$kind-1.0.0.raw
    echo "$kind: $(lines_left "$disk") lines are left, the layer has $(layer_bytes) bytes"
    [ "$(lines_left "$disk")" -lt 20000 ] || fail "$kind: what was deleted is still on the disk"
    [ "$(layer_bytes)" -lt 3000000 ] || fail "$kind: what was deleted is in the layer"
    printf 'cat /etc/kept; test ! -e /root/history && echo gone\n' | "$SLIPWAY" shell -f raw "$disk" >said
    [ "$(cat said)" = "$(printf 'kept\ngone')" ] || { cat said; fail "$kind: the disk is damaged"; }
done

# A second file system that cannot be mounted is told of, as ever, and is no reason to fail.
printf 'UUID=7195ca57-0000-4000-8000-000000000001 / xfs defaults 0 0\n/dev/sda2 /srv xfs defaults 0 0\n' >tree/etc/fstab
other_disk xfs 340
truncate -s 700M xfs.raw
echo '342MiB,340MiB,83' | sed 's/MiB,83/MiB, 83/' | sfdisk -q --append xfs.raw
dd if=xfs.raw of=xfs.raw bs=1M skip=1 seek=342 count=340 conv=notrunc,sparse status=none
printf '\377' | dd of=xfs.raw bs=1 seek=$((342 * 1048576 + 300)) conv=notrunc status=none
recipe_of damaged leave.yml | sed "s/base.raw/xfs.raw/" >recipe.yml
"$SLIPWAY" build recipe.yml --store store --out out --no-output >said 2>&1 || { cat said; fail "one that cannot be mounted fails the build"; }
grep -q 'cannot mount /dev/sda2 at /srv' said || { cat said; fail "it is not told of"; }
