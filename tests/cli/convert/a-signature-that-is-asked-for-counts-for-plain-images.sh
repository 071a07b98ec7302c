# --trust and --manifest are never without effect: of a plain image they demand the same as of a sealed one, of every verb.
. "$CASE_LIB/disks.sh"
need qemu-img
"$SLIPWAY" keygen sign-ec -q -o signer
"$SLIPWAY" keygen sign-ec -q -o stranger
"$SLIPWAY" keygen aes -q -o aes.key
make_disk disk.raw 8
"$SLIPWAY" convert -q -f raw disk.raw disk.vmdk --sign pem:signer
each() { # STATUS PART FILE OPTION…
    local want=$1 part=$2 file=$3
    shift 3
    for verb in "convert $file back.raw" "inspect $file" "inspect --digest $file" "verify $file"; do
        rm -f back.raw
        if [ "$want" = 0 ]; then
            # shellcheck disable=SC2086 # words on purpose
            "$SLIPWAY" $verb "$@" >said 2>&1 || { cat said; echo "failed: $verb $*"; return 1; }
        else
            # shellcheck disable=SC2086 # words on purpose
            refused "$want" "$part" "$SLIPWAY" $verb "$@"
            [ ! -e back.raw ]
        fi
    done
}
each 0 '' disk.vmdk --trust signer.pub
each 0 '' disk.vmdk --trust signer.pub --manifest disk.vmdk.manifest.json
"$SLIPWAY" convert -q disk.vmdk back.raw --trust signer.pub
cmp disk.raw back.raw
each 5 'no trusted key made the signature' disk.vmdk --trust stranger.pub
each 5 'is not vouched for' disk.raw -f raw --trust signer.pub
each 2 'say --trust' disk.vmdk --manifest disk.vmdk.manifest.json
each 2 'exclude each other' disk.vmdk --trust signer.pub --allow-unsigned
# Never onto itself, also by way of what vouches for it.
refused 2 'are the same file' "$SLIPWAY" convert disk.vmdk disk.vmdk -O vmdk --trust signer.pub
# Keys that are only configured demand nothing of a plain image.
SLIPWAY_TRUST=$PWD/stranger.pub each 0 '' disk.vmdk
SLIPWAY_TRUST=$PWD/signer.pub each 0 '' disk.vmdk --manifest disk.vmdk.manifest.json
# One byte of what is read, and nothing is left.
cp disk.vmdk kept.vmdk
size=$(stat -c %s disk.vmdk)
printf '\xa5\x5a\xa5' | dd of=disk.vmdk bs=1 seek=$((size / 2)) conv=notrunc status=none
refused 5 'are not those that' "$SLIPWAY" convert disk.vmdk back.raw --trust signer.pub
[ ! -e back.raw ]
cp kept.vmdk disk.vmdk

# Nobody has signed a parent.
mkdir parents
qemu-img convert -q -f raw -O qcow2 disk.raw parents/base.qcow2
qemu-img create -q -u -f qcow2 -b base.qcow2 -F qcow2 over.qcow2 8M
"$SLIPWAY" seal over.qcow2 -q -o over.qcow2.sealed --to aes:aes.key --sign pem:signer
each 4 'nobody has signed what the file names' over.qcow2.sealed -f qcow2 --key aes:aes.key --trust signer.pub --allow-parent parents
refused 4 'nobody has signed' "$SLIPWAY" inspect over.qcow2.sealed --key aes:aes.key --trust signer.pub --allow-parent parents
SLIPWAY_TRUST=$PWD/signer.pub each 4 'nobody has signed' over.qcow2.sealed -f qcow2 --key aes:aes.key --allow-parent parents
SLIPWAY_TRUST=$PWD/signer.pub each 0 '' over.qcow2.sealed -f qcow2 --key aes:aes.key --allow-parent parents --allow-unsigned

# inspect says "verified" of what was demanded, and of nothing less.
refused 2 'say --trust' "$SLIPWAY" inspect over.qcow2.sealed --key aes:aes.key --manifest over.qcow2.manifest.json
refused 2 'exclude each other' "$SLIPWAY" inspect over.qcow2.sealed --key aes:aes.key --trust signer.pub --allow-unsigned
refused 5 'no trusted key made the signature' "$SLIPWAY" inspect over.qcow2.sealed --key aes:aes.key --trust stranger.pub
refused 2 'name the key' "$SLIPWAY" inspect over.qcow2.sealed --trust signer.pub
# What is no image is described only when it is vouched for.
echo 'name: web' >doc.yml
"$SLIPWAY" seal doc.yml -q -o doc.yml.sealed --to aes:aes.key
refused 5 'is not vouched for' "$SLIPWAY" inspect doc.yml.sealed --key aes:aes.key --trust signer.pub
"$SLIPWAY" seal doc.yml -q -o doc.yml.sealed --to aes:aes.key --sign pem:signer
"$SLIPWAY" inspect doc.yml.sealed --key aes:aes.key --trust signer.pub | grep -q 'verified: *yes'
