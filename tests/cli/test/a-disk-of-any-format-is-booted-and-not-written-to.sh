# A guest in a VMDK boots by BIOS and by UEFI; its runner is in the clone alone, and nothing is left behind.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
need_appliance
need qemu-img jq debugfs
[ -r /usr/share/OVMF/OVMF_CODE_4M.fd ] || { echo "skipped: no OVMF"; exit 77; }
"$CASE_LIB/tiny-guest" tiny.raw --bootable
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized tiny.raw tiny.vmdk
before=$(sha256sum tiny.vmdk)

boot() { # FIRMWARE
    "$SLIPWAY" test tiny.vmdk --firmware "$1" --accel tcg --console "$1.txt" --screen "$1.png" --json >"$1.json"
    jq -e --arg firmware "$1" '.passed and .poweredOff and .init == "inittab" and .firmware == $firmware and .accel == "tcg"
        and .bootMs > 0 and (.kernel | length) > 0 and (has("fault") or has("why") | not)' "$1.json" >/dev/null || { cat "$1.json"; exit 1; }
    grep -q 'tiny guest is up' "$1.txt" || { tail "$1.txt"; echo "the console has not all"; exit 1; }
    # No terminal sequence of the guest's is in the file.
    if grep -q $'\x1b' "$1.txt"; then echo "an escape is in the console's file"; exit 1; fi
    [ ! -e "$1.png" ] || { echo "a picture without a failure"; exit 1; }
}
boot bios
boot uefi
grep -q 'BdsDxe: starting Boot' uefi.txt
grep -q 'SeaBIOS' bios.txt
[ "$(sha256sum tiny.vmdk)" = "$before" ] || { echo "the image was written to"; exit 1; }
[ -z "$(find "$TMPDIR" -type f)" ] || { find "$TMPDIR" -type f; echo "something is left"; exit 1; }
