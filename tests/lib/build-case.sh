# Sourced by the build cases: a tiny guest as base.raw, and a recipe of three components over it.
# shellcheck shell=bash

need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 77; }
    done
}

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

# write_component NAME TEXT: a component whose one step leaves TEXT in /etc/NAME and counts its runs in /etc/NAME.runs
write_component() {
    cat >"$1.yml" <<YAML
name: $1
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Write
        action: ExecuteBash
        inputs:
          commands:
            - echo "$2" > /etc/$1
            - echo run >> /etc/$1.runs
YAML
}

# check.yml: nothing but a test phase, so the disk stays as it is; with --no-test no appliance is needed.
write_check() {
    cat >check.yml <<'YAML'
schemaVersion: 1.0
phases:
  - {name: test, steps: [{name: Check, action: ExecuteBash, inputs: {commands: ['true']}}]}
YAML
}

# refuse_build CODE PART ARG…: a build of recipe.yml ends with CODE, says PART and leaves no blob.
refuse_build() {
    local want=$1 part=$2 status=0
    shift 2
    "$SLIPWAY" build recipe.yml --out out --store store "$@" >stdout 2>stderr || status=$?
    [ "$status" = "$want" ] || { cat stderr >&2; fail "$*: exit status $status, not $want"; }
    grep -qF -- "$part" stderr || { cat stderr >&2; fail "$*: '$part' is not in the message"; }
    [ -z "$(find store/blobs -type f 2>/dev/null)" ] || fail "$*: a blob was left"
}

write_recipe() {
    cat >recipe.yml <<'YAML'
name: three
semanticVersion: 1.0.0
parentImage: base.raw
parentImageFormat: raw
components:
  - component: first.yml
  - component: second.yml
  - component: third.yml
outputs:
  - format: raw
  - format: vmdk
  - format: vhd
YAML
    write_component first one
    write_component second two
    write_component third three
}

# The root file system's first byte in a raw disk made by tiny-guest.
readonly ROOT_OFFSET=1048576

# read_file DISK.raw PATH: a file of the guest, without mounting it
read_file() {
    debugfs -R "cat $2" "$1?offset=$ROOT_OFFSET" 2>/dev/null
}

# layers FILE: the digests of the layers of a result, as --json prints it
layers() { python3 -c 'import json,sys; print(*[l["digest"] for l in json.load(open(sys.argv[1]))["layers"]], sep="\n")' "$1"; }

fail() {
    echo "$*" >&2
    exit 1
}
