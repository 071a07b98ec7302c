# A terabyte with three pieces of data takes the time and the room of the data.
. "$CASE_LIB/disks.sh"
truncate -s 1T huge.raw
for at in 0 500000000000 1099511620000; do
    printf 'here' | dd of=huge.raw bs=1 seek=$at conv=notrunc status=none
done
for format in qcow2 vmdk; do
    timeout 20 "$SLIPWAY" convert -q -f raw -O "$format" huge.raw "huge.$format"
    timeout 20 "$SLIPWAY" convert -q -f "$format" -O raw "huge.$format" back.raw
    [ "$(stat -c %s back.raw)" = "$(stat -c %s huge.raw)" ]
    [ "$(du -k back.raw | cut -f1)" -le 64 ]
    for at in 0 500000000000 1099511620000; do
        [ "$(dd if=back.raw bs=1 skip=$at count=4 status=none)" = here ]
    done
done
