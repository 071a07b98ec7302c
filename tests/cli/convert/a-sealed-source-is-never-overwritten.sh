# Neither the message, nor its sidecar, nor the key that opens it becomes the target or the target's sidecar.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 5
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" convert -q -f raw disk.raw -O raw x.sealed --seal-to aes:aes.key
sha256sum x.sealed x.keys aes.key >sums
for dst in x.sealed x.keys ./x.sealed aes.key; do
    refused 2 slipway "$SLIPWAY" convert x.sealed --key aes:aes.key -O raw $dst
    refused 2 slipway "$SLIPWAY" convert x.sealed --key aes:aes.key -O raw $dst --seal-to aes:aes.key
done
# "x" would be beside "x.keys".
refused 2 "same file" "$SLIPWAY" convert x.sealed --key aes:aes.key -O raw x --seal-to aes:aes.key
ln x.keys y.keys
refused 2 "same file" "$SLIPWAY" convert x.sealed --key aes:aes.key -O raw y.sealed --seal-to aes:aes.key
sha256sum --quiet -c sums
"$SLIPWAY" convert -q x.sealed --key aes:aes.key -O raw x
cmp x disk.raw
sha256sum --quiet -c sums
