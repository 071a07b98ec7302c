# Every format that is written, with 1, 2 and 8 jobs.
. "$CASE_LIB/disks.sh"
make_disk disk.raw 9
for target in raw qcow2 qcow2,subformat=plain qcow2,cluster_size=4K qcow2,cluster_size=2M,level=5 vhd \
    vhd,subformat=fixed vmdk vmdk,level=6; do
    echo "$target"
    options=()
    case $target in *,*) options=(-o "${target#*,}") ;; esac
    for jobs in 1 2 8; do
        "$SLIPWAY" convert -q -f raw -O "${target%%,*}" "${options[@]}" -j "$jobs" disk.raw "out.$jobs"
    done
    cmp out.1 out.2
    cmp out.1 out.8
    "$SLIPWAY" convert -q -f "${target%%,*}" -O raw out.8 back.raw
    cmp disk.raw back.raw
done
