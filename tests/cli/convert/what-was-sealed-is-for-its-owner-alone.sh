# Plaintext of a sealed image is written as open writes it, 0600; what is sealed again, or never was, as the umask says.
. "$CASE_LIB/disks.sh"
umask 022
"$SLIPWAY" keygen aes -q -o aes.key
make_disk disk.raw 6
"$SLIPWAY" convert -q -f raw disk.raw -O raw x.raw.sealed --seal-to aes:aes.key
mode_is() { # MODE FILE
    [ "$(stat -c %a "$2")" = "$1" ] || { echo "$2: mode $(stat -c %a "$2"), not $1"; return 1; }
}
for format in raw vmdk qcow2 vhd vhdx; do
    touch "out.$format"
    chmod 666 "out.$format"
    "$SLIPWAY" convert -q x.raw.sealed --key aes:aes.key -O $format "out.$format"
    mode_is 600 "out.$format"
    "$SLIPWAY" convert -q -f raw disk.raw -O $format "plain.$format"
    mode_is 644 "plain.$format"
done
"$SLIPWAY" convert -q x.raw.sealed --key aes:aes.key -O raw again.sealed --seal-to aes:aes.key
mode_is 644 again.sealed
# What an interrupted convert of something else left has the mode of that.
rm out.raw
printf 'left' >.out.raw.partial
chmod 644 .out.raw.partial
"$SLIPWAY" convert -q x.raw.sealed --key aes:aes.key -O raw out.raw
mode_is 600 out.raw
cmp disk.raw out.raw
