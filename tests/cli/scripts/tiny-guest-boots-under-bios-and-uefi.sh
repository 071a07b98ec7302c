# timeout: 420
# GRUB is placed by hand and the initramfs is our own: only a boot shows that they are right.
command -v qemu-system-x86_64 >/dev/null || exit 77
[ -r /usr/share/OVMF/OVMF_CODE_4M.fd ] || exit 77
"$CASE_LIB/tiny-guest" tiny.raw --bootable

boot() { # NAME QEMU_OPTION…
    local name=$1 tries=0 pid
    shift
    qemu-system-x86_64 -machine pc,accel=tcg -cpu max -m 256 -display none -nic none -no-reboot -snapshot \
        -serial "file:$name.log" -drive if=none,id=disk,file=tiny.raw,format=raw "$@" &
    pid=$!
    until grep -qa 'tiny login:' "$name.log" 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries -gt 360 ] || ! kill -0 $pid 2>/dev/null; then
            echo "$name: no login prompt"
            tail -n 20 "$name.log"
            kill $pid 2>/dev/null
            return 1
        fi
        sleep 0.5
    done
    kill $pid
    wait $pid || true
}

boot bios -device nvme,drive=disk,serial=tiny,bootindex=0
cp /usr/share/OVMF/OVMF_VARS_4M.fd vars.fd
boot uefi -device virtio-blk-pci,drive=disk,bootindex=0 \
    -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
    -drive if=pflash,format=raw,file=vars.fd
grep -qa 'tiny guest is up' bios.log
grep -qa 'tiny guest is up' uefi.log
