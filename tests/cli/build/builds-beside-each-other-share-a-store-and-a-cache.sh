# Two at a time, one after the other: each result is its own, numbers that have to differ do, and nothing is left behind.
# appliance: 0
# timeout: 3600
. "$CASE_LIB/build-case.sh"
need_appliance
need qemu-img ssh-keygen
builds=${SLIPWAY_TEST_BUILDS:-6}
make_base
export LIBGUESTFS_CACHEDIR=${LIBGUESTFS_CACHEDIR:-$PWD/cache} TMPDIR=$PWD/tmp
mkdir -p tmp "$LIBGUESTFS_CACHEDIR" work
component_of build Own 'echo "{{ Number }}" > /etc/number' 'cat /proc/sys/kernel/random/uuid > /etc/uuid' \
    'head -c 32 /dev/urandom | md5sum > /etc/hostkey' \
    'cat /etc/number.before 2>/dev/null; echo "{{ Number }}" > /etc/number.before' >own.yml
echo 'parameters: [{Number: {type: string}}]' >>own.yml
recipe_of own own.yml >recipe.yml
outputs_of raw >>recipe.yml
# The result's own number, and the two that nobody else may have.
one() {
    local n=$1 disk=work/$1/own-1.0.0/own-1.0.0.raw
    "$SLIPWAY" build recipe.yml -p "Number=$n" --store store --out "work/$n" >"work/$n.out" 2>"work/$n.err" ||
        { cat "work/$n.err"; return 1; }
    [ "$(read_file "$disk" /etc/number)" = "$n" ] || { echo "build $n holds $(read_file "$disk" /etc/number)"; return 1; }
    { read_file "$disk" /etc/uuid; read_file "$disk" /etc/hostkey; } >>"work/numbers.$2"
    rm -rf "work/$n"
}
lane() {
    local n
    for ((n = $1; n <= builds; n += 2)); do one "$n" "$1" || exit 1; done
}
lane 1 & first=$!
lane 2 & second=$!
status=0
wait $first || status=1
wait $second || status=1
[ $status = 0 ]
[ "$(cat work/numbers.* | sort | uniq -d | wc -l)" = 0 ] || fail "two builds drew the same numbers"
[ "$(cat work/numbers.* | wc -l)" = $((builds * 2)) ]
"$SLIPWAY" store verify --store store >/dev/null
[ -z "$(ls -A tmp)" ] || { ls -lR tmp; fail "something is left in the folder for temporary files"; }
[ -z "$(find store/slipway/scratch -mindepth 1)" ] || { find store/slipway/scratch; fail "something is left in the store"; }
if pgrep -f "$PWD/" >/dev/null; then pgrep -af "$PWD/"; fail "a process is left"; fi
sed -n 's/.*launched in \(.*\)/\1/p' work/*.err | sort | uniq -c | sort -rn | head -3
