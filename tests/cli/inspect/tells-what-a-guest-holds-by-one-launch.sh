# System, kernels, boot loader, packages, users, units and sizes, for people and as JSON; names never lead a terminal astray.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
need_appliance
need sgdisk mke2fs python3
mkdir -p root/{etc/systemd/system/multi-user.target.wants,lib/modules/6.1.0-25-amd64,boot/grub,usr/share/doc,var/lib/dpkg}
printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian \033]0;owned\007 12"\n' >root/etc/os-release
printf 'root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\n' >root/etc/group
printf 'UUID=7195ca57-0000-4000-8000-0000000000e1 / ext4 defaults 0 1\n' >root/etc/fstab
printf 'Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n' >root/var/lib/dpkg/status
ln -s /lib/systemd/system/ssh.service root/etc/systemd/system/multi-user.target.wants/ssh.service
touch root/boot/grub/grub.cfg
"$CASE_LIB/rpm-databases" rpm 'kernel - 5.9 1 noarch 9' 'kernel 2 5.14 1 noarch 9000'
install -D rpm/hash/Packages root/var/lib/rpm/Packages
head -c 2000000 /dev/zero >root/usr/share/doc/large
truncate -s 20M disk.raw
sgdisk -n 1:2048:0 disk.raw >/dev/null
mke2fs -q -t ext4 -F -U 7195ca57-0000-4000-8000-0000000000e1 -E "offset=1048576" -d root disk.raw 16M
sha256sum disk.raw >before
"$SLIPWAY" convert -q -f raw disk.raw disk.vhdx
"$SLIPWAY" inspect --guest --json disk.vhdx >said.json
python3 - said.json <<'PY'
import json, sys
g = json.load(open(sys.argv[1]))["guest"]
assert g["os"]["id"] == "debian" and g["os"]["version_id"] == "12", g["os"]
assert g["kernels"] == ["6.1.0-25-amd64"], g["kernels"]
assert g["bootloader"] == [{"kind": "GRUB 2", "path": "/boot/grub/grub.cfg"}], g["bootloader"]
assert g["packages"] == {"bash:amd64": {"version": "5.2-1"}, "kernel:noarch": {"version": "2:5.14-1, 5.9-1"}}, g["packages"]
assert g["users"]["ann"]["shell"] == "/bin/sh" and set(g["users"]) == {"root", "ann"}, g["users"]
assert g["units"] == {"ssh.service": {"state": "enabled (multi-user.target.wants)"}}, g["units"]
assert g["folders"][0] == {"path": "/usr", "bytes": 2000000, "files": 1}, g["folders"]
assert [f["place"] for f in g["filesystems"]] == ["/"], g["filesystems"]
PY
sha256sum -c --quiet before
