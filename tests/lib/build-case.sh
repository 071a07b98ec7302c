# Sourced by the build cases: a tiny guest as base.raw, and a recipe of three components over it.
# shellcheck shell=bash

# shellcheck source=tests/lib/case.sh
. "$CASE_LIB/case.sh"

# Where an appliance cannot be started at all there is nothing to test.
need_appliance() {
    need supermin qemu-system-x86_64
    ls /boot/vmlinuz-* >/dev/null 2>&1 || { echo "skipped: no kernel in /boot"; exit 77; }
}

# A bare root has none to give.
need_terminal() {
    python3 -c 'import pty; pty.openpty()' 2>/dev/null || { echo "skipped: there are no terminals to be had"; exit 77; }
}

make_base() {
    "$CASE_LIB/tiny-guest" base.raw >/dev/null
}

# made_disk NAME OPTION…: $base is the disk that scripts/make-base-image makes with these options; it stays for the next run in
# ~/.cache/slipway-test (or SLIPWAY_TEST_CACHE). Where it is not there and SLIPWAY_TEST_MAKE_BASE is empty, the case is skipped.
made_disk() {
    local real_home
    real_home=$(getent passwd "$(id -u)" | cut -d: -f6)
    base=${SLIPWAY_TEST_CACHE:-$real_home/.cache/slipway-test}/$1.raw
    if [ -n "${SLIPWAY_TEST_MAKE_BASE:-}" ]; then
        mkdir -p "${base%/*}"
        HOME=$real_home "$SLIPWAY_SOURCE/scripts/make-base-image" "$base" "${@:2}" >made 2>&1 ||
            { tail -n 5 made; echo "skipped: no Debian disk can be made"; exit 77; }
    fi
    [ -e "$base.stamp" ] || { echo "skipped: there is no '$base'"; exit 77; }
}

# recipe_of NAME COMPONENT…: a recipe over base.raw, on stdout. The last component's parameters, or other fields, may follow it.
recipe_of() {
    printf '%s\n' "name: $1" 'semanticVersion: 1.0.0' 'parentImage: base.raw' 'parentImageFormat: raw' 'components:'
    printf '  - component: %s\n' "${@:2}"
}

# outputs_of FORMAT…: a recipe's outputs, to follow it
outputs_of() {
    echo 'outputs:'
    printf '  - format: %s\n' "$@"
}

# step_of NAME COMMAND…: a step of a shell's commands, to follow another
step_of() {
    printf '      - name: %s\n        action: ExecuteBash\n        inputs:\n          commands:\n' "$1"
    shift
    printf "            - '%s'\n" "${@//\'/\'\'}"
}

# phase_of PHASE NAME COMMAND…: a phase of one such step, to follow another
phase_of() {
    printf '  - name: %s\n    steps:\n' "$1"
    step_of "${@:2}"
}

# component_of PHASE NAME COMMAND…: a component of one such phase, on stdout; it is called what its file is called
component_of() {
    printf '%s\n' 'schemaVersion: 1.0' 'phases:'
    phase_of "$@"
}

# write_component NAME TEXT: a component whose one step leaves TEXT in /etc/NAME and counts its runs in /etc/NAME.runs
write_component() {
    {
        echo "name: $1"
        component_of build Write "echo \"$2\" > /etc/$1" "echo run >> /etc/$1.runs"
    } >"$1.yml"
}

# check.yml: nothing but a test phase, so the disk stays as it is; with --no-test no appliance is needed.
write_check() {
    component_of test Check true >check.yml
}

# refuse_build CODE PART ARG…: a build of recipe.yml ends with CODE, says PART and leaves no blob.
refuse_build() {
    refused "$1" "$2" "$SLIPWAY" build recipe.yml --out out --store store "${@:3}"
    [ -z "$(find store/blobs -type f 2>/dev/null)" ] || fail "$*: a blob was left"
}

write_recipe() {
    recipe_of three first.yml second.yml third.yml >recipe.yml
    outputs_of raw vmdk vhd >>recipe.yml
    write_component first one
    write_component second two
    write_component third three
}

# root_offset DISK.raw: where its root starts, in bytes: the first partition that no boot loader has for itself
root_offset() {
    sgdisk -p "$1" | awk '$1 ~ /^[0-9]+$/ && $6 != "EF00" && $6 != "EF02" { print $2 * 512; exit }'
}

# root_of DISK.raw: its root, as the programs of ext4 take it
root_of() { echo "$1?offset=$(root_offset "$1")"; }

# read_file DISK.raw PATH: a file of the guest, without mounting it
read_file() {
    debugfs -R "cat $2" "$(root_of "$1")" 2>/dev/null
}

# has_file DISK.raw PATH: whether the guest has it
has_file() {
    local said
    said=$(debugfs -R "stat $2" "$(root_of "$1")" 2>&1)
    case $said in
    *Inode:*) ;;
    *'File not found'*) return 1 ;;
    *) fail "$1 cannot be looked into: $said" ;;
    esac
}

# layers FILE: the digests of the layers of a result, as --json prints it
layers() { python3 -c 'import json,sys; print(*[l["digest"] for l in json.load(open(sys.argv[1]))["layers"]], sep="\n")' "$1"; }

# other_disk KIND MIB: KIND.raw, an MBR disk with the folder tree on xfs, btrfs, or (lvm) ext4 on a logical volume
other_disk() {
    PYTHONDONTWRITEBYTECODE=1 python3 - "$CASE_LIB/guest-disks" "$@" <<'PY'
import importlib.machinery, importlib.util, os, sys
loader = importlib.machinery.SourceFileLoader("guest_disks", sys.argv[1])
disks = importlib.util.module_from_spec(importlib.util.spec_from_loader("guest_disks", loader))
loader.exec_module(disks)
kind, mib = sys.argv[2], int(sys.argv[3])
root = disks.filesystem(".", "ext4" if kind == "lvm" else kind, mib, "tree", "root")
if kind == "lvm":
    own, size = disks.lvm.identity("p0"), (mib + 5) * disks.MIB
    text = disks.lvm.group_text("vg_lab", {"pv0": (own, size)}, {"root": ("pv0", 0, mib // 4)})
    disks.disk_of("lvm.raw", [(1, mib + 5, disks.lvm.volume_head(own, size, text), "8e")], mib + 7)
    with open("lvm.raw", "r+b") as disk:
        disks.put(disk, 2, root)
else:
    disks.disk_of(kind + ".raw", [(1, mib, root, "83")], mib + 2)
os.remove(root)
PY
}
