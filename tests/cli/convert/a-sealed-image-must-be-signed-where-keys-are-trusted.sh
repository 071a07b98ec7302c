# Read in place by its key, a sealed image is first of all one that a trusted key signed, as open has it.
. "$CASE_LIB/disks.sh"
need qemu-img
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen sign-ec -q -o signer
make_disk disk.raw 8
"$SLIPWAY" convert -f raw disk.raw disk.vmdk.sealed -O vmdk --seal-to aes:aes.key --sign pem:signer --digest -q
jq -e '.outputs[0] | .format == "vmdk" and .virtualBytes == 8388608 and .context."image-format" == "vmdk" and (.fsverity | startswith("sha256:"))' \
    disk.vmdk.manifest.json
export SLIPWAY_TRUST=$PWD/signer.pub
"$SLIPWAY" convert disk.vmdk.sealed back.raw --key aes:aes.key -q
cmp disk.raw back.raw
"$SLIPWAY" inspect disk.vmdk.sealed --key aes:aes.key >said
"$SLIPWAY" verify disk.vmdk.sealed --key aes:aes.key | grep -q whole
rm disk.vmdk.manifest.sig back.raw
for verb in "convert disk.vmdk.sealed back.raw" "inspect disk.vmdk.sealed" "verify disk.vmdk.sealed"; do
    # shellcheck disable=SC2086 # words on purpose
    refused 5 'is not signed' "$SLIPWAY" $verb --key aes:aes.key
done
[ ! -e back.raw ]
"$SLIPWAY" convert disk.vmdk.sealed back.raw --key aes:aes.key -q --allow-unsigned
cmp disk.raw back.raw
