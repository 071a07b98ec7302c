# Nothing to start, a boot loader that hangs, a kernel's panic: each is told as what it is, with exit status 8 and a picture.
# appliance: 1
# timeout: 900
. "$CASE_LIB/build-case.sh"
need_appliance
need jq debugfs

refuse() { # IMAGE FAULT PATTERN
    local status=0
    "$SLIPWAY" test -f raw "$1" --accel tcg --console console.txt --screen screen.png --json >result 2>stderr || status=$?
    [ "$status" = 8 ] || { cat result stderr; echo "$1: exit status $status"; exit 1; }
    jq -e --arg fault "$2" --arg why "$3" '(.passed | not) and .fault == $fault and (.why | test($why))' result >/dev/null ||
        { cat result stderr; echo "$1: not $2"; exit 1; }
    [ "$(head -c 4 screen.png | tail -c 3)" = PNG ] || { echo "$1: no picture"; exit 1; }
    rm -f screen.png
    [ -z "$(find "$TMPDIR" -type f)" ] || { find "$TMPDIR" -type f; echo "something is left"; exit 1; }
}

# No signature: the firmware says so at once.
truncate -s 4M empty.raw
printf 'x' | dd of=empty.raw conv=notrunc status=none
refuse empty.raw no-boot-device 'No bootable device'

# Boot code that turns in a circle.
truncate -s 4M loop.raw
printf '\xeb\xfe' | dd of=loop.raw conv=notrunc status=none
printf '\x55\xaa' | dd of=loop.raw bs=1 seek=510 conv=notrunc status=none
refuse loop.raw boot-loader 'hangs in the firmware or the boot loader.*Booting from Hard Disk'

# GRUB without the file system that it was made for.
"$CASE_LIB/tiny-guest" tiny.raw --bootable
cp --sparse=always tiny.raw lost.raw
dd if=/dev/zero of=lost.raw bs=512 count=8 seek=$(($(root_offset lost.raw) / 512)) conv=notrunc status=none
refuse lost.raw boot-loader 'the boot loader gave up'

# A kernel whose first program is not there.
debugfs -w -R 'rm /usr/sbin/init' "$(root_of tiny.raw)" 2>/dev/null
refuse tiny.raw kernel-panic 'Kernel panic - not syncing: Attempted to kill init'
grep -q 'end Kernel panic' console.txt || { tail console.txt; echo "the lines behind the panic are missing"; exit 1; }
