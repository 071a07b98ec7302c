# A Debian as it is installed: its services, a unit that fails, a root that is not there, and emergency mode.
# appliance: 1
# timeout: 1800
. "$CASE_LIB/build-case.sh"
[ -n "${SLIPWAY_TEST_BOOT-}" ] || { echo "skipped: SLIPWAY_TEST_BOOT=1 boots copies of a Debian, some minutes each"; exit 77; }
need_appliance
need jq debugfs qemu-img sgdisk
lab=${SLIPWAY_TEST_DEBIAN:-}
[ -r "$lab" ] || { echo "skipped: SLIPWAY_TEST_DEBIAN names no Debian disk"; exit 77; }

copy() { # NAME: the lab's disk, with what debugfs is told on stdin
    cp --sparse=always "$lab" "$1"
    debugfs -w -f /dev/stdin "$(root_of "$1")" >debugfs.out 2>&1 || { cat debugfs.out; exit 1; }
}
try() { # NAME STATUS JQ
    local status=0
    "$SLIPWAY" test -f raw "$1" --console console.txt --json "${@:4}" >result 2>stderr || status=$?
    [ "$status" = "$2" ] && jq -e "$3" result >/dev/null || { cat result stderr; echo "$1: exit status $status"; exit 1; }
}

# Cloud-init without a cloud has failures of its own, and a minute of work; a unit of ours says why it failed.
cat >broken.service <<'UNIT'
[Unit]
Description=Something that cannot work
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'printf "no such \\033[31mdatabase\\n"; exit 7'
[Install]
WantedBy=multi-user.target
UNIT
: >disabled
copy unit.raw <<'D'
cd /etc/cloud
write disabled cloud-init.disabled
cd /etc/systemd/system
write broken.service broken.service
cd multi-user.target.wants
symlink broken.service ../broken.service
D
try unit.raw 8 '.init == "systemd" and .state == "degraded" and .poweredOff and .target == "graphical.target" and
    ([.failedUnits[].unit] == ["broken.service"]) and .failedUnits[0].result == "exit-code" and
    .failedUnits[0].description == "Something that cannot work" and any(.failedUnits[0].lines[]; test("no such .*database"))'

copy fine.raw <<'D'
cd /etc/cloud
write disabled cloud-init.disabled
D
try fine.raw 0 '.passed and .state == "running" and .failedUnits == [] and .firmware == "bios"'
try fine.raw 0 '.passed and .state == "running" and .firmware == "uefi"' --firmware uefi

# A mount that is not there ends in emergency mode.
printf 'UUID=00000000-dead-beef-0000-000000000000 /srv ext4 x-systemd.device-timeout=3s 0 2\n' >mounts
read_file "$lab" /etc/fstab | cat - mounts >fstab
copy mount.raw <<'D'
cd /etc
rm fstab
write fstab fstab
D
try mount.raw 8 '.fault == "emergency-shell"'

# A root by another name: the initramfs waits for it, and gives up.
read_file "$lab" /boot/grub/grub.cfg |
    sed 's/root=UUID=[0-9a-f-]*/root=UUID=00000000-dead-beef-0000-000000000000 rootdelay=3/' >grub.cfg
copy root.raw <<'D'
cd /boot/grub
rm grub.cfg
write grub.cfg grub.cfg
D
try root.raw 8 '.fault == "emergency-shell" and (.why | test("ALERT!.*does not exist"))'
