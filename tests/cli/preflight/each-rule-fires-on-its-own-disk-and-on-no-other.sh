# Disks made by tests/lib/broken-disk: the rules that fire are those that it names for the kind, and no others.
. "$CASE_LIB/disks.sh"
need sgdisk sfdisk mke2fs mkfs.vfat mcopy qemu-img python3 jq
failed=0 kinds=0
mkdir cache
export BROKEN_DISK_CACHE=$PWD/cache
while read -r kind rules; do
    mkdir "$kind"
    read -ra args < <("$CASE_LIB/broken-disk" "$kind" "$PWD/$kind" 2>"$kind/said") || {
        # A file system may not have files of 8 TiB.
        [[ $kind == large || $kind == huge-mbr ]] && continue
        cat "$kind/said"
        exit 1
    }
    status=0
    "$SLIPWAY" preflight --json --no-launch "${args[@]}" >"$kind/verdict.json" 2>"$kind/err" || status=$?
    found=$(jq -r '[.images[0].rules[] | select(.state == "found") | .id] | join(" ")' "$kind/verdict.json" || true)
    refused=$(jq -r '[.images[0].lanes[] | select(.verdict == "refused")] | length > 0' "$kind/verdict.json" || true)
    [[ $refused == true ]] && want=4 || want=0
    if [[ $found != "$rules" || $status != "$want" ]]; then
        echo "$kind: found '$found', not '$rules'; exit status $status, not $want"
        cat "$kind/err"
        failed=1
    fi
    kinds=$((kinds + 1))
    [[ $kind == overlay ]] || rm -r "$kind"
done < <("$CASE_LIB/broken-disk" --list)
[ "$kinds" -gt 38 ]
# What is missing is there once the parent may be opened: then only the file is not for AWS.
status=0
"$SLIPWAY" preflight --json --allow-parent overlay overlay/overlay.qcow2 >v.json || status=$?
[ "$status" = 4 ]
jq -e '[.images[0].rules[] | select(.state == "found") | .id] == ["disk.parent"]
    and .images[0].lanes["ebs-direct"].refused == 0' v.json >/dev/null
exit $failed
