# The second launch goes on from the first one's saved start: with its disks in their order, the clock as it is and random
# numbers of its own. One that is damaged is saved again, and one that fails is passed over, once.
# appliance: 0
# timeout: 500
. "$CASE_LIB/build-case.sh"
need_appliance
need qemu-img python3
[ "$(uname -m)" = x86_64 ] || exit 77
make_base
"$CASE_LIB/deb-repository" repo flat thing=1.0 || exit $?
export LIBGUESTFS_CACHEDIR=$PWD/cache
unset LIBGUESTFS_PATH LIBGUESTFS_HV
mkdir cache
component_of build Look 'cat /proc/sys/kernel/random/uuid > /etc/uuid' 'head -c 16 /dev/urandom | md5sum > /etc/random' \
    'date +%s > /etc/now' 'ls /run/slipway/media/0 > /etc/medium' >look.yml
{
    recipe_of one look.yml
    outputs_of raw
    echo 'repositories: [repo]'
} >recipe.yml
build() {
    rm -rf out
    # A build's own moment is the clock that its steps see.
    SOURCE_DATE_EPOCH=$(date +%s) "$SLIPWAY" build recipe.yml --store store --out out --no-cache >stdout 2>stderr || { cat stderr; exit 1; }
    local disk=out/one-1.0.0/one-1.0.0.raw now
    read_file $disk /etc/uuid >"uuid.$1"
    read_file $disk /etc/random >"random.$1"
    now=$(read_file $disk /etc/now)
    # The kernel takes a clock of whole seconds to be half a second on.
    (($(date +%s) - now < 60 && now <= $(date +%s) + 2)) || fail "the guest's clock was $now"
    [ "$(read_file $disk /etc/medium)" = "$(ls repo)" ] || fail "the medium holds $(read_file $disk /etc/medium)"
}
used() { sed -n 's/.*the appliance was launched in [^(]*([^,)]*, \([^)]*\)).*/\1/p' stderr; }

build 1
[ "$(used)" = fast ]
grep -q "saving the appliance's start" stderr
build 2
[ "$(used)" = saved ]
touch -d '9 days ago' cache/fast-*/start-*[0-9a-f]
build 3
[ "$(used)" = saved ]
for what in uuid random; do
    [ "$(cat $what.[123] | sort -u | wc -l)" = 3 ] || { cat $what.*; fail "two machines drew the same numbers"; }
done
[ -n "$(find cache/fast-*/start-*[0-9a-f] -mtime -1)" ] || fail "it is not noted that it was used"
# A bit that has changed, which qemu would go on with, and one that is cut off: another one is saved.
damage() {
    python3 - "$@" <<'DAMAGE'
import os, sys
with open(sys.argv[2], 'r+b') as state:
    at = os.path.getsize(sys.argv[2]) // 2
    if sys.argv[1] == 'cut':
        state.truncate(at)
    else:
        state.seek(at)
        byte = state.read(1)[0]
        state.seek(at)
        state.write(bytes([byte ^ 4]))
DAMAGE
}
for how in flip cut; do
    damage $how cache/fast-*/start-????????????????
    build damaged
    [ "$(used)" = fast ] || fail "what was damaged ($how) was launched as $(used)"
    if grep 'did not go on' stderr; then exit 1; fi
    grep -q "saving the appliance's start" stderr || fail "no other one was saved ($how)"
done
build again
[ "$(used)" = saved ]
# Whole, and nothing that qemu could go on with.
useless() {
    python3 - "$@" <<'USELESS'
import struct, sys
ALL = (1 << 64) - 1
def mix(total, word):
    total = (total + word * 0xC2B2AE3D27D4EB4F) & ALL
    return (total << 31 | total >> 33) * 0x9E3779B185EBCA87 & ALL
for path in sys.argv[1:]:
    total = 0
    for word in list(range(4)) + [ord(digit) for digit in path[-16:]]:
        total = mix(total, word)
    open(path, 'wb').write(struct.pack('<Q', total))
USELESS
}
useless cache/fast-*/start-????????????????
build 4
[ "$(used)" = fast ] || fail "it was launched as $(used)"
grep -q 'did not go on from its saved start' stderr
build 5
[ "$(used)" = fast ]
if grep 'did not go on' stderr; then exit 1; fi
# A day later it is tried again.
touch -d '25 hours ago' cache/fast-*/start-*.failed
build 6
[ "$(used)" = fast ]
grep -q "saving the appliance's start" stderr
if compgen -G 'cache/fast-*/start-*.failed' >/dev/null; then fail "it is still given up"; fi
# What another process is writing aside is not taken for a start that failed.
for state in cache/fast-*/start-????????????????; do
    useless "$state"
    : >"$state.new"
done
build 7
grep -q 'did not go on from its saved start' stderr
compgen -G 'cache/fast-*/start-*.new' >/dev/null || fail "what is saved meanwhile was taken away"
# Of many those go that nobody went on with for the longest.
for age in 1 2 3 4 5 6; do
    for folder in cache/fast-*-*; do
        touch -d "$age days ago" "$folder/start-000000000000000$age" "$folder/start-000000000000000$age.key"
    done
done
build 8
(cd cache/fast-*-*/ && ls start-00000000*) >left
printf '%s\n' start-000000000000000{1,2,3,4}{,.key} | diff - left
