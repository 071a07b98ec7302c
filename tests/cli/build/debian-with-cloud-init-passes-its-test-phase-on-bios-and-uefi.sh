# A Debian whose cloud-init runs, and finds no cloud: its test phase passes on BIOS, and on UEFI where there is no boot code.
# appliance: 1
# timeout: 1800
# shellcheck disable=SC2016 # the variables are those of the guest's shell
. "$CASE_LIB/build-case.sh"
[ -n "${SLIPWAY_TEST_BOOT-}" ] || { echo "skipped: SLIPWAY_TEST_BOOT=1 boots copies of a Debian, some minutes each"; exit 77; }
need_appliance
need jq
lab=${SLIPWAY_TEST_DEBIAN:-}
[ -r "$lab" ] || { echo "skipped: SLIPWAY_TEST_DEBIAN names no Debian disk"; exit 77; }
recipe_of cloudy cloudy.yml >recipe.yml
echo '    parameters: [{name: Firmware, value: [bios]}]' >>recipe.yml
# What cloud-init would do of itself needs data that a small image leaves out.
{
    component_of build Configure \
        'printf "locale: false\ndatasource_list: [ NoCloud, None ]\n" >/etc/cloud/cloud.cfg.d/99-lab.cfg' \
        '[ ! -e /etc/cloud/cloud-init.disabled ]'
    phase_of test Firmware 'if [ -d /sys/firmware/efi ]; then echo uefi; else echo bios; fi | tee /run/firmware' \
        '[ "$(cat /run/firmware)" = {{ Firmware }} ]'
    step_of CloudInit 'cloud-init status --wait --long' '[ -e /run/cloud-init/result.json ]' \
        '[ "$(systemctl is-system-running)" = running ]'
    echo 'parameters: [{Firmware: {type: string, description: what the clone is started by}}]'
} >cloudy.yml
build() { # FIRMWARE DISK
    sed -i "s/value: \[[a-z]*\]/value: [$1]/" recipe.yml
    "$SLIPWAY" build recipe.yml -a "$2" -f raw --out "$1" --store store --no-output --json >result ||
        { tail -n 40 "$1/cloudy-1.0.0/log/console.log"; fail "on $1"; }
    jq -e '[.. | objects | select(.name? == "test") | .status] == ["success"]' \
        "$1/cloudy-1.0.0/log/detailedoutput.json" >/dev/null
    grep -q 'Cloud-init v' "$1/cloudy-1.0.0/log/boot-console.log"
}
build bios "$lab"
cp --sparse=always "$lab" uefi.raw
dd if=/dev/zero of=uefi.raw bs=440 count=1 conv=notrunc status=none
build uefi uefi.raw
grep -q 'UEFI\|EFI stub\|efi:' uefi/cloudy-1.0.0/log/boot-console.log

# The same phase fails the build where it does not hold, and what it said is told.
status=0
sed -i 's/value: \[[a-z]*\]/value: [bios]/' recipe.yml
"$SLIPWAY" build recipe.yml -a uefi.raw -f raw --out wrong --store store --no-output >stdout 2>stderr || status=$?
[ "$status" = 8 ] || { cat stderr; fail "exit status $status"; }
grep -q Firmware stderr
