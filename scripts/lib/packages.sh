# shellcheck shell=bash
# The Debian 12 packages that slipway needs, in groups, and a function that installs what is missing.
#
#   ensure_packages GROUP…     groups: build run base test lint
#
# An entry is NAME or NAME:ELSE; the second form is also content with ELSE: a command, or a readable file by pattern.
# Boot loaders come as -bin packages only: those hold files and never touch the machine's own boot loader.

packages_of() {
    case $1 in
    build) echo gcc libc6-dev cmake:cmake ninja-build:ninja pkg-config:pkg-config \
        libguestfs-dev libhivex-dev libssl-dev libp11-kit-dev libyaml-dev libpcre2-dev libjansson-dev libexpat1-dev libcurl4-openssl-dev libzstd-dev \
        libdeflate-dev zlib1g-dev libisal-dev libarchive-dev libsqlite3-dev libext2fs-dev comerr-dev ;;
    # libguestfs starts its appliance with the kernel it finds in /boot, and depends on none.
    run) echo 'linux-image-cloud-amd64:/boot/vmlinuz-*' qemu-utils qemu-system-x86 ovmf ca-certificates ;;
    # What make-base-image works with; uidmap and fakeroot let an ordinary user run it.
    base) echo mmdebstrap uidmap fakeroot e2fsprogs dosfstools mtools gdisk grub-common grub-pc-bin \
        grub-efi-amd64-bin xz-utils zstd ca-certificates ;;
    test) echo libcmocka-dev libhivex-bin ntfs-3g fdisk attr jq git busybox-static rpm db5.3-util cpio kmod xfsprogs btrfs-progs zstd lz4 skopeo docker-registry python3 python3-botocore python3-cryptography python3-jsonschema awscli softhsm2 opensc openssl procps strace python3-libvhdi ceph-mon ceph-osd radosgw curl ;;
    # Only for opposite ends: of the sealed format (npm brings many small packages with it), of formats and digests.
    interop) echo nodejs:node npm:npm python3-libvmdk fsverity ;;
    lint) echo git clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev cppcheck shellcheck codespell ;;
    *) return 1 ;;
    esac
}

# Is there what an entry is also content with?
have_instead() {
    case $1 in
    '') return 1 ;;
    /*) [[ -r $(compgen -G "$1" | tail -n 1) ]] ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# Prints those entries of the groups that are not there, one name a line.
missing_packages() {
    local group entry name installed
    local -a entries
    # shellcheck disable=SC2016 # the format is dpkg-query's own
    installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' 2>/dev/null)"
    for group in "$@"; do
        read -r -a entries < <(packages_of "$group" || echo "unknown-group-$group")
        for entry in "${entries[@]}"; do
            name=${entry%%:*}
            if [[ $installed != *" installed=$name "* ]] && ! have_instead "${entry:${#name}+1}"; then
                printf '%s\n' "$name"
            fi
        done
    done | sort -u
}

# Runs apt-get as root: directly, or through sudo. The lock is waited for, as another apt may be at work.
packages_apt() {
    local -a as_root=()
    if ((EUID != 0)); then as_root=(sudo); fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -y \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o APT::Install-Recommends=false \
        -o Acquire::Retries=3 "$@"
}

# Shows now and then what apt-get is at, for as long as this shell lives. usage: packages_watch LOG &
packages_watch() {
    local seconds=0
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        if ((++seconds % 20 == 0)); then printf 'packages: [%3d s] %.90s\n' $seconds "$(tail -n 1 "$1" 2>/dev/null)"; fi
    done
}

# Says on stderr what a person must do by hand.
packages_explain() {
    printf 'slipway: %s\nslipway: as root, please run:\n    apt-get update && apt-get install --no-install-recommends %s\n' \
        "$1" "$2" >&2
}

ensure_packages() {
    local -a missing
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then
        echo "packages: everything is installed ($*)"
        return 0
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        packages_explain "these packages of Debian 12 are missing, and there is no apt-get here" "${missing[*]}"
        return 1
    fi
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null 2>&1; then
            packages_explain "packages are missing, you are not root and there is no sudo" "${missing[*]}"
            return 1
        fi
        echo "packages: using sudo for apt-get"
    fi
    echo "packages: installing ${#missing[@]}: ${missing[*]}"
    local log watch status=0
    log=$(mktemp "${TMPDIR:-/tmp}/slipway-apt.XXXXXX")
    packages_watch "$log" &
    watch=$!
    { packages_apt update && packages_apt install "${missing[@]}"; } >"$log" 2>&1 </dev/null || status=$?
    kill "$watch" 2>/dev/null || true
    wait "$watch" 2>/dev/null || true
    if ((status != 0)); then
        tail -n 25 "$log" >&2
        packages_explain "apt-get failed; the whole of what it said is in $log" "${missing[*]}"
        return 1
    fi
    rm -f "$log"
}
