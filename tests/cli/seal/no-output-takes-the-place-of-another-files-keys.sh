# A path where the keys of a sealed file lie is nobody's output: what is sealed would be lost. Nor is "-" a file.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o key
make_disk disk.raw 9
echo words >plain
"$SLIPWAY" seal -q plain -o notes.sealed --to aes:key
cp notes.keys before
refused 2 "'notes.keys' holds the key of a sealed file" "$SLIPWAY" seal plain -o notes.keys --to aes:key
refused 2 "'notes.keys' holds the key of a sealed file" "$SLIPWAY" seal --direct plain -o notes.keys --to aes:key
refused 2 "'notes.keys' holds the key of a sealed file" "$SLIPWAY" convert -f raw -O raw disk.raw notes.keys
refused 2 "'notes.keys' holds the key of a sealed file" \
    "$SLIPWAY" convert -f raw -O raw disk.raw notes.keys --seal-to aes:key
cmp notes.keys before
"$SLIPWAY" open -q notes.sealed -o back --key aes:key
cmp plain back
# One's own are replaced with what they open.
"$SLIPWAY" seal -q disk.raw -o notes.sealed --to aes:key
refused 2 "does not go down a pipe" "$SLIPWAY" convert -f raw -O raw disk.raw -
refused 2 "does not go down a pipe" "$SLIPWAY" bundle recipe.yml -o -
refused 2 "does not go down a pipe" "$SLIPWAY" preflight --no-launch disk.raw --junit -
[ ! -e ./- ]
"$SLIPWAY" convert -q -f raw -O raw disk.raw ./-
cmp disk.raw ./-
