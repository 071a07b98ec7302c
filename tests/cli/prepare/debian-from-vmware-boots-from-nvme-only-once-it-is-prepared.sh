# A real Debian 12 with the ordinary kernel, whose nvme is a module, made what VMware leaves: it does not start from NVMe.
# Prepared it does, from SeaBIOS and from OVMF; a second prepare gives the same disk; and the original outlives kill -9. Half an
# hour without KVM, so only with SLIPWAY_TEST_PREPARE=1. SLIPWAY_TEST_MAKE_BASE=1 makes the disk when it is not there.
# appliance: 1
# timeout: 7200
. "$CASE_LIB/build-case.sh"
[ -n "${SLIPWAY_TEST_PREPARE:-}" ] || { echo "skipped: SLIPWAY_TEST_PREPARE is not set"; exit 77; }
need_appliance
need debugfs jq qemu-system-x86_64 sgdisk
real_home=$(getent passwd "$(id -u)" | cut -d: -f6)
base=${SLIPWAY_TEST_CACHE:-$real_home/.cache/slipway-test}/debian12-amd64.raw
if [ -n "${SLIPWAY_TEST_MAKE_BASE:-}" ]; then
    mkdir -p "${base%/*}"
    HOME=$real_home "$SLIPWAY_SOURCE/scripts/make-base-image" "$base" --size 3G --cloud-init \
        --include linux-image-amd64,initramfs-tools,ifupdown,isc-dhcp-client >made 2>&1 ||
        { tail -n 5 made; echo "skipped: no Debian disk can be made"; exit 77; }
fi
[ -e "$base.stamp" ] || { echo "skipped: there is no '$base'"; exit 77; }
root_offset() { sgdisk -p "$1" | awk '$1 ~ /^[0-9]+$/ && $6 != "EF00" && $6 != "EF02" { print $2 * 512; exit }'; }

cat >vmware.yml <<'YAML'
name: vmware
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Like
        action: ExecuteBash
        timeoutSeconds: 3600
        inputs:
          commands:
            - |
              set -e
              export DEBIAN_FRONTEND=noninteractive
              dpkg --purge $(dpkg-query -W -f '${Package}\n' 'linux-image*cloud*')
              sed -i 's/^MODULES=.*/MODULES=list/' /etc/initramfs-tools/initramfs.conf
              printf '%s\n' ext4 sd_mod vmw_pvscsi mptspi >>/etc/initramfs-tools/modules
              update-initramfs -u -k all
              sed -i 's,root=UUID=[^ ]*,root=/dev/sda3,; s, net.ifnames=0,,; s,console=tty0 ,,' /boot/grub/grub.cfg
              sed -i 's,^UUID=[^ ]* / ,/dev/sda3 / ,' /etc/fstab
              echo '/dev/sdb1 /srv ext4 defaults 0 2' >>/etc/fstab
              systemctl disable systemd-networkd
              rm -f /etc/systemd/network/*.network
              printf '%s\n' 'auto lo' 'iface lo inet loopback' 'auto ens192' 'iface ens192 inet static' \
                  '    address 192.168.1.10/24' '    gateway 192.168.1.1' >/etc/network/interfaces
              echo 'SUBSYSTEM=="net", ATTR{address}=="00:50:56:aa:bb:cc", NAME="ens192"' >/etc/udev/rules.d/70-persistent-net.rules
              echo 'datasource_list: [VMware, None]' >/etc/cloud/cloud.cfg.d/99-vmware.cfg
              mkdir -p /etc/vmware-tools
              ssh-keygen -A
              mkdir -p /boot/efi/EFI/debian
              mv /boot/efi/EFI/BOOT/BOOTX64.EFI /boot/efi/EFI/debian/grubx64.efi
YAML
cat >recipe.yml <<YAML
name: vmware-like
semanticVersion: 1.0.0
parentImage: $base
parentImageFormat: raw
components: [{component: vmware.yml}]
outputs: [{format: vmdk, subformat: monolithicSparse}]
YAML
"$SLIPWAY" build recipe.yml --out out --store store >/dev/null 2>log || { tail log >&2; fail "no machine of VMware could be made"; }
vm=out/vmware-like-1.0.0/vmware-like-1.0.0.vmdk
digest=$(sha256sum <"$vm")
untouched() { [ "$(sha256sum <"$vm")" = "$digest" ] || fail "the original was written to"; }

# boot DISK PATTERN OPTION…: starts it from NVMe until its console says so; kept running for no longer
boot() {
    local disk=$1 pattern=$2 pid _
    shift 2
    : >console
    qemu-system-x86_64 -machine q35 -m 1024 -display none -nic none -serial file:console -monitor none \
        -drive "file=$disk,format=raw,if=none,id=disk,snapshot=on" -device nvme,drive=disk,serial=x "$@" >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 1200); do
        if grep -qaE "$pattern|^GRUB.*error|Kernel panic" console || ! kill -0 "$pid" 2>/dev/null; then break; fi
        sleep 1
    done
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    grep -qaE "$pattern" console || { tail -n 30 console >&2; fail "it did not say '$pattern'"; }
}

"$SLIPWAY" convert -q "$vm" before.raw
boot before.raw 'ALERT! .*does not exist|\(initramfs\)'
rm before.raw

# Killed where it takes the image in, where it launches, where it runs, where it writes.
for moment in prepared.raw.prepare/recipe/prepare.yml prepared.raw.prepare/prepared-*/log/console.log; do
    "$SLIPWAY" prepare --all "$vm" -o prepared.raw --store store >/dev/null 2>killed.log &
    pid=$!
    # shellcheck disable=SC2086 # a pattern
    until ls $moment >/dev/null 2>&1 || ! kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    untouched
    [ ! -e prepared.raw ] || fail "half an image is there"
    rm -rf prepared.raw.prepare
done

status=0
"$SLIPWAY" prepare --all "$vm" -o prepared.raw --store store --json >first.json 2>log || status=$?
[ "$status" = 0 ] || [ "$status" = 4 ] || { tail log >&2; fail "exit status $status"; }
jq -r '.after.rules[] | select(.state == "found") | .id' first.json >left
if grep -vE '^(disk\.|linux\.kernel\.listed|os\.)' left; then fail "found after it was prepared: $(cat left)"; fi
untouched
boot prepared.raw 'login:'
boot prepared.raw 'login:' -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
    -drive if=pflash,format=raw,snapshot=on,file=/usr/share/OVMF/OVMF_VARS_4M.fd

status=0
"$SLIPWAY" prepare --all -f raw prepared.raw -o twice.raw --store store --json >second.json 2>log || status=$?
[ "$(jq '.changes | length' second.json)" = 0 ] || { jq -r '.changes[].path' second.json >&2; fail "the second run changed files"; }
cmp prepared.raw twice.raw
cp first.json "${SLIPWAY_TEST_KEEP:-/dev/null}"
jq -r '.changes[] | "\(.change) \(.path)"' first.json
