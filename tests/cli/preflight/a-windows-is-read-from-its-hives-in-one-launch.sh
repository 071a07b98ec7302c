# Hives and drives of two Windows, looked at by one appliance: names in any case, an escape code in one, and nothing is changed.
# appliance: 1
. "$CASE_LIB/disks.sh"
need jq python3
mkdir hives fleet
"$CASE_LIB/windows-hives" hives
"$CASE_LIB/tiny-windows" fleet/good.raw "$PWD/hives/good" || exit $?
mkdir hives/no-password/drive
printf 'hibr%4092s' '' >hives/no-password/drive/HiberFil.sys
cp hives/static/SYSTEM hives/no-password/SYSTEM
cp hives/ems/BCD hives/no-password/BCD
cp hives/no-hive/SAM hives/good/SAM
"$CASE_LIB/tiny-windows" fleet/bad.raw "$PWD/hives/no-password"
"$CASE_LIB/tiny-windows" fleet/damaged.raw "$PWD/hives/good"
sha256sum fleet/* >before
cat >hypervisor <<HV
#!/bin/bash
case " \$* " in *' -append '*) echo start >>"$PWD/starts" ;; esac
exec $(command -v qemu-system-x86_64) "\$@"
HV
chmod 755 hypervisor
status=0
LIBGUESTFS_HV=$PWD/hypervisor "$SLIPWAY" preflight --json -f raw fleet >v.json 2>err || status=$?
cat err
[ "$status" = 4 ]
[ "$(wc -l <starts)" = 1 ]
sha256sum fleet/* | cmp - before
# The drives are tiny, and have no boot code.
expect() {
    local got
    got=$(jq -r --arg name "fleet/$1.raw" '.images[] | select(.name | endswith($name)) | [.rules[] | select(.state == "found") | .id] | sort | join(" ")' v.json)
    [ "$got" = "$2" ] || { echo "$1: found '$got', not '$2'"; jq -c '.images[].evidence | {guest, guest_error}' v.json; exit 1; }
}
expect good 'boot.code windows.space'
expect bad 'boot.code windows.ems windows.hibernated windows.network windows.passwords windows.space'
expect damaged 'boot.code os.recognised windows.space'
jq -e '.images[] | select(.name | endswith("good.raw")) | .evidence.guest | .platform == "windows" and .architecture == "x86_64"
    and .windows.product == "Windows Server 2022 Datacenter" and .roots == [{"device": "disk 1, partition 1"}]
    and .windows.free_bytes > 1000000' v.json >/dev/null
# All was told, but the accounts of the hive that is none.
unknown=$(jq -r '[.images[] | .name as $name | .rules[] | select(.state == "unknown") | ($name | split("/") | last) + " " + .id] | join(", ")' v.json)
[ "$unknown" = 'damaged.raw windows.passwords' ] || { echo "unknown: $unknown"; exit 1; }
if LC_ALL=C grep -q "$(printf '\033')" v.json; then exit 1; fi
