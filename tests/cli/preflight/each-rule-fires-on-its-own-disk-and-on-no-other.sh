# Disks made by tests/lib/broken-disk: the rules that fire are those that it names for the kind, and no others.
. "$CASE_LIB/disks.sh"
need sfdisk mke2fs mkfs.vfat mcopy qemu-img python3 jq
mkdir disks verdicts
"$CASE_LIB/broken-disk" --all "$PWD/disks" >made 2>said || { cat said; exit 1; }
"$CASE_LIB/broken-disk" --list >wanted
raw=() other=()
# judge NAME ARGUMENTS…: verdicts/NAME; the exit status says whether any of them refuses.
judge() {
    local name=$1 status=0 want=0
    shift
    "$SLIPWAY" preflight --json --no-launch "$@" >"verdicts/$name" 2>err || status=$?
    if jq -e 'any(.images[].lanes[]; .verdict == "refused")' "verdicts/$name" >/dev/null; then want=4; fi
    [ "$status" = $want ] || { echo "$name: exit status $status, not $want"; cat err; exit 1; }
}
# Machines of one disk are looked at together.
while read -r kind args; do
    read -ra words <<<"$args"
    case " $args " in
    "  ") sed -i "/^$kind /d" wanted ;; # a file system may not have files of 8 TiB
    *" -a "*) judge "$kind" "${words[@]}" ;;
    " -f raw "*) raw+=("${words[2]}") ;;
    *) other+=("$args") ;;
    esac
done <made
judge raw -f raw "${raw[@]}"
judge other "${other[@]}"
jq -r '.images[] | [(.name | split("/") | .[-2]), (.rules[] | select(.state == "found") | .id)] | join(" ")' verdicts/* | LC_ALL=C sort >found
diff <(sed 's/ *$//' wanted | LC_ALL=C sort) found
[ "$(wc -l <found)" -gt 41 ]
# A single one that nothing refuses ends with 0. What is missing is there once the parent may be opened: then only the file is
# not for AWS.
judge good -f raw disks/good-gpt/good-gpt.raw
judge parent --allow-parent disks/overlay disks/overlay/overlay.qcow2
jq -e '.images[0].lanes[] | .refused == 0' verdicts/good >/dev/null
jq -e '[.images[0].rules[] | select(.state == "found") | .id] == ["disk.parent"]
    and .images[0].lanes["ebs-direct"].refused == 0' verdicts/parent >/dev/null
