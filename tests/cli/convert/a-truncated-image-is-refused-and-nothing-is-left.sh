# Cut anywhere, every format says so; never zeros in place of data.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
mkdir work
for format in qcow2 vmdk vhd; do
    "$SLIPWAY" convert -q -f raw -O "$format" disk.raw whole
    size=$(stat -c %s whole)
    for cut in 1 511 512 513 4096 70000 $((size / 2)) $((size - 600)); do
        head -c $((size - cut)) whole >work/cut
        status=0
        "$SLIPWAY" convert -q -f "$format" -O raw work/cut work/out.raw 2>said || status=$?
        echo "$format cut by $cut: $status: $(cat said)"
        if [ "$status" = 0 ]; then
            cmp disk.raw work/out.raw
            rm work/out.raw
        else
            [ "$status" = 5 ]
        fi
        [ "$(ls -A work)" = cut ]
    done
done
