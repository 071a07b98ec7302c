# Killed or interrupted again and again, at any moment, with any number of jobs: the bytes are those of an undisturbed run.
. "$CASE_LIB/disks.sh"
mkdir work
cd work || exit
make_disk disk.raw 12
export SLIPWAY_CHECKPOINT_MS=0
RANDOM=7
for target in raw qcow2 qcow2,subformat=plain vhd vhd,subformat=fixed vmdk; do
    options=(-q -f raw -O "${target%%,*}")
    case $target in *,*) options+=(-o "${target#*,}") ;; esac
    "$SLIPWAY" convert "${options[@]}" --restart disk.raw whole
    size=$(stat -c %s whole) stopped=0
    for ((kill = 0; kill < 5; kill++)); do
        signal=KILL status=0
        [ $((RANDOM % 3)) -gt 0 ] || signal=INT
        "$CASE_LIB/stop-when" $signal .out.partial $((RANDOM * (size / 4096) / 8)) \
            "$SLIPWAY" convert "${options[@]}" -j $((1 + RANDOM % 4)) disk.raw out 2>../said || status=$?
        case $status in
        0)
            cmp out whole
            nothing_but disk.raw out whole
            rm out
            ;;
        9 | 130 | 137) stopped=$((stopped + 1)) ;; # 130: before it listens to signals
        *) echo "exit status $status: $(cat ../said)"; exit 1 ;;
        esac
    done
    "$SLIPWAY" convert "${options[@]}" -j 2 disk.raw out
    cmp out whole
    nothing_but disk.raw out whole
    rm out whole
    echo "$target: stopped $stopped times"
    total=$((${total:-0} + stopped))
done
[ "$total" -ge 10 ]
