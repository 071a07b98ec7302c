# A real Debian 12 with the ordinary kernel, whose nvme is a module, made what VMware leaves: it does not start from NVMe.
# Prepared it does, from SeaBIOS and from OVMF; a second prepare gives the same disk; and the original outlives kill -9. A quarter of an
# hour without KVM, so only with SLIPWAY_TEST_PREPARE=1. SLIPWAY_TEST_MAKE_BASE=1 makes the disk when it is not there.
# appliance: 1
# timeout: 7200
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/vmware-debian.sh"
[ -n "${SLIPWAY_TEST_PREPARE:-}" ] || { echo "skipped: SLIPWAY_TEST_PREPARE is not set"; exit 77; }
need_appliance
need jq qemu-system-x86_64
debian_disk debian12-amd64 initramfs-tools,ifupdown,isc-dhcp-client
of_vmware "sed -i 's/^MODULES=.*/MODULES=list/' /etc/initramfs-tools/initramfs.conf" \
    "printf '%s\n' ext4 sd_mod vmw_pvscsi mptspi >>/etc/initramfs-tools/modules" \
    'update-initramfs -u -k all'
stops 'ALERT! .*does not exist|\(initramfs\)'

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

prepared_starts
