# The disk grows and ten components run in one launch, each leaves a layer, the outputs hold the same disk; then only
# what changed runs.
# appliance: 1
# timeout: 600
. "$CASE_LIB/build-case.sh"
need_appliance
need qemu-img debugfs dumpe2fs sgdisk
make_base
write_recipe
for i in 3 4 5 6 7 8 9; do
    printf '%s\n' "name: no-$i" 'schemaVersion: 1.0' 'phases:' '  - name: build' '    steps:' \
        "      - {name: Mark, action: CreateFile, inputs: [{path: /etc/no-$i, content: made}]}" >no-$i.yml
    sed -i "s/^  - component: third.yml/  - component: no-$i.yml\n&/" recipe.yml
done
# The second downloads, from a local file in a server's place, and uploads to a folder in a bucket's.
head -c 5000000 /dev/urandom >tool.bin
cat >>second.yml <<'YAML'
      - name: Get
        action: WebDownload
        inputs:
          - {source: 'https://example.com/v1/tool.bin', destination: /opt/tools/}
      - name: Put
        action: S3Upload
        inputs:
          - {source: '{{ build.Get.outputs.destination }}', destination: 's3://lab/kept/'}
YAML
printf '%s\n' 'inputs: {"https://example.com/v1/": .}' 'uploads: {"s3://lab": uploaded}' >>recipe.yml
printf 'blockDeviceMappings:\n  - {deviceName: /dev/xvda, ebs: {volumeSize: 1}}\n' >>recipe.yml
# The first component sees the media; the guest has a kernel by its files alone.
mkdir repository
echo 'Package: none' >repository/Packages
printf 'repositories:\n  - repository\n' >>recipe.yml
cat >>first.yml <<'YAML'
            - cp /run/slipway/media/0/Packages /etc/media
            - 'touch /run/slipway/media/0/x && exit 1'
            - mkdir -p /lib/modules/6.1.0-13-tiny
            - true
YAML
sed -i 's/echo run .*/&\n            - uname -r >\/etc\/second.kernel/' second.yml
build() { "$SLIPWAY" build recipe.yml --out out --store store "$@"; }

"$SLIPWAY" plan recipe.yml --store store | tee plan.first
grep -q '^one launch' plan.first
[ ! -e store ] || fail "plan made a store"
build --json >first.json 2>first.log
grep -q '"launched": true' first.json
disk=out/three-1.0.0/three-1.0.0
for format in vmdk vhd; do
    [ "$format" = vhd ] && name=vpc || name=$format
    qemu-img compare -f raw -F "$name" "$disk.raw" "$disk.$format"
done
for name in first:one second:two no-3:made no-9:made third:three; do
    [ "$(read_file "$disk.raw" "/etc/${name%:*}")" = "${name#*:}" ] || fail "/etc/${name%:*} is not what the component wrote"
done
[ "$(read_file "$disk.raw" /etc/media)" = 'Package: none' ] || fail "the media were not seen"
[ "$(read_file "$disk.raw" /etc/second.kernel)" = 6.1.0-13-tiny ] || fail "uname does not tell of the guest's kernel"
e2fsck -fn "$(root_of "$disk.raw")" >fsck.log 2>&1 || { cat fsck.log >&2; fail "the file system is not clean"; }
[ "$(stat -c %s "$disk.raw")" = 1073741824 ] || fail "the disk did not grow"
sgdisk -v "$disk.raw" | grep -q 'No problems found' || fail "the partition table is not whole"
blocks=$(dumpe2fs -h "$(root_of "$disk.raw")" 2>/dev/null | sed -n 's/^Block count: *//p')
[ "$blocks" -gt 250000 ] || fail "the file system has $blocks blocks"
[ "$(sha256sum <base.raw)" = "$("$CASE_LIB/tiny-guest" again.raw >/dev/null; sha256sum <again.raw)" ] || fail "the base was written to"
cmp uploaded/kept/tool.bin tool.bin
read_file "$disk.raw" /opt/tools/tool.bin | cmp - tool.bin
[ -s out/three-1.0.0/log/console.log ] && [ -s out/three-1.0.0/log/detailedoutput.json ] || fail "no run log"

# Again: nothing runs, nothing is launched.
"$SLIPWAY" plan recipe.yml --store store | tee plan.second
[ "$(grep -c '^cached' plan.second)" = 12 ]
grep -q '^no launch' plan.second
SECONDS=0
LIBGUESTFS_HV=/bin/false build --json >second.json 2>second.log
[ "$SECONDS" -lt 60 ] || fail "a cached build took $SECONDS s"
grep -q '"launched": false' second.json
qemu-img compare -f raw -F vmdk "$disk.raw" "$disk.vmdk"

# A file that is downloaded changes: plan names it.
cp tool.bin tool.kept
echo more >>tool.bin
"$SLIPWAY" plan recipe.yml --store store | tee plan.file
grep -q '^run .*second.*(changed: files.https://example.com/v1/tool.bin)$' plan.file
mv tool.kept tool.bin

# The last of ten components changes: it alone runs, and plan names the input. Its reboot is a boundary within its layer.
write_component third changed
step_of Trigger 'if [ -e /etc/third.boot ]; then test ! -e /tmp/mark; exit; fi' 'touch /etc/third.boot /tmp/mark' 'exit 194' >>third.yml
"$SLIPWAY" plan recipe.yml --store store | tee plan.third
[ "$(grep -c '^cached' plan.third)" = 11 ]
[ "$(grep -c '^run' plan.third)" = 1 ]
grep -q "^run .*third.*changed: component" plan.third
build >/dev/null 2>third.log
[ "$(read_file "$disk.raw" /etc/third)" = changed ] || fail "the changed component did not run"
[ "$(read_file "$disk.raw" /etc/third.runs)" = run ] || fail "the changed component ran on top of the old layer"
grep -q 'run again after a reboot' out/three-1.0.0/log/console.log || fail "there was no reboot"
[ "$(grep -c "component '.*': build" third.log)" = 1 ] || fail "more than the changed component ran"
[ "$(grep -c 'the appliance was launched' third.log)" = 1 ] || fail "there was more than one launch, or none"

"$SLIPWAY" store verify --store store
for blob in store/blobs/sha256/*; do
    [ "$(head -c 3 "$blob")" = QFI ] || continue
    qemu-img check -q "$blob"
    qemu-img info --backing-chain "$blob" >/dev/null
done
[ -z "$(ls -A store/slipway/scratch)" ] || fail "scratch is not empty: $(ls -A store/slipway/scratch)"

# Other media are another input of every component.
echo 'Package: other' >repository/Packages
"$SLIPWAY" plan recipe.yml --store store | tee plan.media
grep -q "^run .*first.*changed: repositories" plan.media
