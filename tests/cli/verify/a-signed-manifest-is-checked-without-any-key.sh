# Signature, then every file; what openssl and sha256sum say is the same. What is wrong is named, with its place.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
for type in sign-ed25519 sign-ec; do
    size=70000000
    [ $type = sign-ec ] || size=1000
    head -c $size /dev/urandom >disk.raw
    rm -rf lab lab.pub out
    mkdir out
    "$SLIPWAY" keygen $type -q -o lab
    SOURCE_DATE_EPOCH=1700000000 "$SLIPWAY" seal disk.raw -o out/disk.raw.sealed --to aes:aes.key --sign pem:lab -q
    mv aes.key elsewhere # nobody needs it
    (
        cd out || exit 1
        if [ $type = sign-ec ]; then
            openssl dgst -sha256 -verify ../lab.pub -signature disk.raw.manifest.sig disk.raw.manifest.json
        else
            openssl pkeyutl -verify -pubin -inkey ../lab.pub -rawin -sigfile disk.raw.manifest.sig -in disk.raw.manifest.json
        fi
        jq -r '.outputs[] | "\(.sha256)  \(.file)"' disk.raw.manifest.json | sha256sum -c
        jq -e '.created == "2023-11-14T22:13:20Z" and .outputs[0].keys == "disk.raw.keys" and (.outputs[0].chunks | length) == (.outputs[0].bytes / 67108864 | ceil) and
            .outputs[0].artifact == .outputs[0].context.artifact' disk.raw.manifest.json
        jq -cjS . disk.raw.manifest.json | cmp - disk.raw.manifest.json # canonical
    )
    "$SLIPWAY" verify out/disk.raw.manifest.json --trust lab.pub >said
    grep -qE '^disk.raw.sealed: right: (1 of 1|2 of 2) chunks' said
    grep -q 'made 2023-11-14T22:13:20Z' said
    grep -q "^signed by: .*lab.pub" said
    mv elsewhere aes.key
done
cd out || exit 1
m=disk.raw.manifest.json
"$SLIPWAY" keygen sign-ec -q -o ../other
refused 5 'no trusted key made the signature' "$SLIPWAY" verify $m --trust ../other.pub
refused 2 'whose signature counts' "$SLIPWAY" verify $m
SLIPWAY_TRUST=../lab.pub "$SLIPWAY" verify $m | grep -q right
mkdir -p "$XDG_CONFIG_HOME/slipway/trust"
refused 5 'nothing is trusted' "$SLIPWAY" verify $m
cp ../lab.pub ../other.pub "$XDG_CONFIG_HOME/slipway/trust"
"$SLIPWAY" verify $m | grep -q right

# The sidecar may be another one, or somewhere else: that is said, and is no fault.
mv disk.raw.keys ..
"$SLIPWAY" verify $m | grep -q '^keys: disk.raw.keys: not here'
cp disk.raw.sealed kept
printf 'another byte' | dd of=disk.raw.sealed bs=1 seek=67108865 conv=notrunc status=none
status=0
"$SLIPWAY" verify $m >said || status=$?
[ $status = 5 ]
grep -q "^changed: .* bytes at 67108864 (chunk 2 of 2)" said
"$SLIPWAY" verify $m --range 0:64M | grep -q 'right: 1 of 2'
status=0
"$SLIPWAY" verify $m --range 64M:1 --json >said || status=$?
[ $status = 5 ]
jq -e '.manifests[0] | .right == false and .files[0].verdict == "changed" and .files[0].changed == [1]' said
status=0
"$SLIPWAY" verify --allow-unsigned $m >said || status=$?
[ $status = 5 ]
grep -q 'signed by: nobody' said

# What has arrived so far.
truncate -s 69000000 disk.raw.sealed
"$SLIPWAY" verify $m --partial | grep -q 'go on at: 67108864'
status=0
"$SLIPWAY" verify $m >said || status=$?
[ $status = 5 ]
grep -q ': short: 69000000 bytes' said
for what in missing link fifo folder; do
    rm -rf disk.raw.sealed
    case $what in
    link) ln -s kept disk.raw.sealed ;;
    fifo) mkfifo disk.raw.sealed ;;
    folder) mkdir disk.raw.sealed ;;
    esac
    status=0
    timeout 60 "$SLIPWAY" verify $m >said || status=$?
    [ $status = 5 ]
    if [ $what = missing ]; then grep -q ': missing$' said; else grep -q 'not a regular file' said; fi
done
