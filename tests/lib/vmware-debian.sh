# Sourced by the cases that take a real Debian 12 from VMware to EC2: its disk, what makes it a machine of VMware, and its start
# from NVMe. SLIPWAY_TEST_PREPARE=1 runs them, SLIPWAY_TEST_MAKE_BASE=1 makes disks that are not there.
# shellcheck shell=bash

# debian_disk NAME PACKAGE,…: $base is a Debian of that name, with the ordinary kernel whose nvme is a module
debian_disk() {
    made_disk "$1" --size 3G --cloud-init --include "linux-image-amd64,$2"
}

# of_vmware COMMAND…: $vm is that Debian as a machine of VMware, a VMDK. The commands make its initramfs.
of_vmware() {
    {
        cat <<'YAML'
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
        printf '              %s\n' "$@"
    } >vmware.yml
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
}

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

# stops PATTERN: as it came from VMware it does not start from NVMe
stops() {
    "$SLIPWAY" convert -q "$vm" before.raw
    boot before.raw "$1"
    rm before.raw
}

# prepared_starts: prepare repairs it in prepared.raw, which starts with both firmwares; a second time there is nothing to do
prepared_starts() {
    local status=0 began=$SECONDS
    "$SLIPWAY" prepare --all "$vm" -o prepared.raw --store store --json >first.json 2>log || status=$?
    [ "$status" = 0 ] || [ "$status" = 4 ] || { tail log >&2; fail "exit status $status"; }
    echo "prepared in $((SECONDS - began)) s"
    jq -r '.after.rules[] | select(.state == "found") | .id' first.json >left
    if grep -vE '^(disk\.|linux\.kernel\.listed|os\.)' left; then fail "found after it was prepared: $(cat left)"; fi
    untouched
    boot prepared.raw 'login:'
    boot prepared.raw 'login:' -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
        -drive if=pflash,format=raw,snapshot=on,file=/usr/share/OVMF/OVMF_VARS_4M.fd
    status=0
    "$SLIPWAY" prepare --all -f raw prepared.raw -o twice.raw --store store --json >second.json 2>log || status=$?
    [ "$status" = 0 ] || [ "$status" = 4 ] || { tail log >&2; fail "exit status $status"; }
    [ "$(jq '.changes | length' second.json)" = 0 ] || { jq -r '.changes[].path' second.json >&2; fail "the second run changed files"; }
    cmp prepared.raw twice.raw
    jq -r '.changes[] | "\(.change) \(.path)"' first.json
}
