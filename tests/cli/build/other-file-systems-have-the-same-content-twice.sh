# What is laid out by the clock and at random on XFS and Btrfs is not made alike; --twice says that the content is, and what is not.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
need_appliance
need mkfs.xfs mkfs.btrfs sfdisk busybox
"$CASE_LIB/tiny-root" tree
write_component first one
# shellcheck disable=SC2016 # the guest expands it
write_component second '$(cat /proc/sys/kernel/random/uuid)'
for kind in xfs btrfs; do
    other_disk "$kind" 340
    printf 'name: %s\nsemanticVersion: 1.0.0\nparentImage: %s.raw\nparentImageFormat: raw\ncomponents: [{component: first.yml}]\n' \
        "$kind" "$kind" >recipe.yml
    "$SLIPWAY" build recipe.yml --store store --out out --no-output --twice >said || { cat said; fail "$kind"; }
    grep -qx "twice: layer 'first': the same content, in other bytes of its file systems" said || { cat said; fail "$kind"; }
    echo '  - component: second.yml' | cat <(sed 's/^components.*/components:\n  - component: first.yml/' recipe.yml) - >more.yml
    status=0
    "$SLIPWAY" build more.yml --store store --out out --no-output --twice >said || status=$?
    [ "$status" = 10 ] || { cat said; fail "$kind: exit status $status"; }
    grep -q '/etc/second  content' said || { cat said; fail "$kind: the file is not named"; }
    if grep -q '/etc/first' said; then exit 1; fi
done
