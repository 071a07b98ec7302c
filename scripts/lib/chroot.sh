# shellcheck shell=bash
# A plain chroot has no /proc, and without it neither bash's <(…) nor libguestfs works.

# Mounts /proc where it is missing and takes it away again when the calling script ends. Nothing else may set a trap
# on EXIT after this.
ensure_proc() {
    [[ ! -e /proc/self ]] || return 0
    if ((EUID != 0)) || ! mount -t proc proc /proc 2>/dev/null; then
        echo "slipway: /proc is not mounted here: as root, please run 'mount -t proc proc /proc'" >&2
        return 1
    fi
    echo "chroot: /proc was missing; it is mounted until this ends"
    trap 'umount /proc 2>/dev/null || umount -l /proc' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}
