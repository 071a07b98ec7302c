# Copies have the same names inside, which one kernel cannot tell apart: each gets an appliance of its own. What differs is found,
# by the names that the guest has for its subvolume. Two more launches, so only with SLIPWAY_TEST_DIFF=1.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
[ -n "${SLIPWAY_TEST_DIFF:-}" ] || { echo "skipped: SLIPWAY_TEST_DIFF is not set"; exit 77; }
need_appliance
need sgdisk mkfs.btrfs python3
mkdir -p tree/root/etc tree/root/usr
printf 'ID=tiny\n' >tree/root/etc/os-release
printf 'one\ntwo\nthree\n' >tree/root/etc/text
find tree -exec touch -h -d @1700000000 {} +
truncate -s 130M a.raw
sgdisk -n 1:2048:0 a.raw >/dev/null
truncate -s 120M part
mkfs.btrfs -q -U 7195ca57-0000-4000-8000-0000000000b1 --rootdir tree part
dd if=part of=a.raw bs=1M seek=1 conv=notrunc,sparse status=none
cp --sparse=always a.raw b.raw
printf 'one\nTWO\nthree\n' >tree/root/etc/text
touch -d @1700000000 tree/root/etc/text
rm part
truncate -s 120M part
mkfs.btrfs -q -U 7195ca57-0000-4000-8000-0000000000b1 --rootdir tree part
truncate -s 0 b.raw
truncate -s 130M b.raw
dd if=a.raw of=b.raw bs=512 count=2048 conv=notrunc status=none
dd if=a.raw of=b.raw bs=512 skip=$((130 * 2048 - 33)) seek=$((130 * 2048 - 33)) conv=notrunc status=none
dd if=part of=b.raw bs=1M seek=1 conv=notrunc,sparse status=none
status=0
"$SLIPWAY" diff -f raw --unified a.raw b.raw >said || status=$?
cat said
[ "$status" = 10 ] || { echo "exit status $status"; exit 1; }
grep -qx '  ~ /etc/text  content .*' said
grep -qx '      -two' said
grep -qx '      +TWO' said
grep -qx '1 file differs: 1 changed' said
