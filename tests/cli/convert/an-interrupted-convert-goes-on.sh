# SIGINT, SIGTERM and the end of a terminal: exit status 9, no target, and the same command ends with the same bytes.
. "$CASE_LIB/disks.sh"
mkdir work
cd work || exit
make_text disk.raw 3
convert=("$SLIPWAY" convert -f raw -o level=12)
"${convert[@]}" -q disk.raw whole.vmdk
# stopped SIGNAL PERCENT JOBS: a run that ends when its output has so much of the whole.
stopped() {
    local status=0
    # Now and then all is planned by then, and it comes to its end.
    while [ "$status" = 0 ]; do
        rm -f out.vmdk
        "$CASE_LIB/stop-when" "$1" .out.vmdk.partial $(($(stat -c %s whole.vmdk) * $2 / 100)) \
            "${convert[@]}" -q -j "$3" disk.raw out.vmdk 2>../said || status=$?
    done
    [ "$status" = 9 ] || { echo "exit status $status: $(cat ../said)"; exit 1; }
    grep -q 'interrupted at [1-9][0-9]* %: the same command goes on from there' ../said
    nothing_but disk.raw whole.vmdk .out.vmdk.partial .out.vmdk.journal
}
while read -r signal jobs; do
    stopped "$signal" 30 "$jobs"
    "${convert[@]}" -j $((5 - jobs)) disk.raw out.vmdk 2>../said
    grep -q "'out.vmdk' goes on at [1-9][0-9]* %" ../said || { cat ../said; exit 1; }
    cmp out.vmdk whole.vmdk
    rm out.vmdk
    nothing_but disk.raw whole.vmdk
done <<'END'
INT 1
INT 4
TERM 3
HUP 2
END

# Once more and once more: it goes on from where the last one stopped. Percentages count what was done before.
percent() { grep -o 'at [0-9]* %' ../said | tr -dc 0-9; }
stopped INT 20 1
first=$(percent)
stopped TERM 60 2
[ "$(percent)" -gt "$first" ]
"${convert[@]}" --json disk.raw out.vmdk >../result.json
cmp out.vmdk whole.vmdk
python3 - "$((3 << 20))" <<'END'
import json, sys
result = json.load(open("../result.json"))
assert result["read_bytes"] == result["data_bytes"] == int(sys.argv[1]), result
END
rm out.vmdk

# nohup: the end of the terminal is not an interruption.
(trap '' HUP; exec "$CASE_LIB/stop-when" HUP .out.vmdk.partial 200000 "${convert[@]}" -q disk.raw out.vmdk)
cmp out.vmdk whole.vmdk
nothing_but disk.raw whole.vmdk out.vmdk
