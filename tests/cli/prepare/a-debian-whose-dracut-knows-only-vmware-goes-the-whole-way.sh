# A real Debian 12 whose initramfs is made by dracut for its own machine alone, as Red Hat's are: it does not start from NVMe;
# prepared it does, from SeaBIOS and from OVMF, and a second prepare finds all of it done. Half an hour without KVM, so only
# with SLIPWAY_TEST_PREPARE=1. SLIPWAY_TEST_MAKE_BASE=1 makes the disk when it is not there.
# appliance: 1
# timeout: 7200
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/vmware-debian.sh"
[ -n "${SLIPWAY_TEST_PREPARE:-}" ] || { echo "skipped: SLIPWAY_TEST_PREPARE is not set"; exit 77; }
need_appliance
need jq qemu-system-x86_64
debian_disk debian12-dracut dracut,ifupdown,isc-dhcp-client
# shellcheck disable=SC2016 # what is in the commands is for the guest
of_vmware "printf '%s\n' 'hostonly=\"yes\"' 'hostonly_cmdline=\"no\"' 'add_drivers+=\" vmw_pvscsi mptspi \"' >/etc/dracut.conf.d/10-vmware.conf" \
    'for modules in /lib/modules/*; do dracut --force "/boot/initrd.img-${modules##*/}" "${modules##*/}"; done'
stops 'dev-sda3.device/start running \([1-9][0-9]*min|dracut-initqueue.*timeout|Warning: /dev/sda3 does not exist'
prepared_starts
jq -e '.changes[] | select(.path == "/etc/dracut.conf.d/50-ec2-ready.conf") | .change == "added"' first.json >/dev/null
