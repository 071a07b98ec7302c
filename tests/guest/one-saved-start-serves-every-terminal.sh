# libguestfs tells the appliance of the user's terminal, which is nothing to it: each would have a start of 110 MB saved. And
# what plugs the disks in leaves no dead process behind it.
# appliance: 0
# timeout: 300
. "$CASE_LIB/session-case.sh"
need ps
need_fast_session
mkdir -m 700 cache
export LIBGUESTFS_CACHEDIR=$PWD/cache
starts() { compgen -G 'cache/fast-*/start-????????????????' | wc -l; }
TERM=xterm run_session 'echo ran'
[ "$(starts)" = 1 ]
TERM=screen-256color run_session 'echo ran'
(unset TERM && run_session 'echo ran')
[ "$(starts)" = 1 ] || fail "there are $(starts) saved starts"

rm said
run_session 'echo ran; sleep 5' &
running=$!
for _ in {1..100}; do
    grep -q '^ran' said 2>/dev/null && break
    sleep 0.1
done
# Of this case's alone: its cache is in qemu's arguments.
qemu=$(ps -eo pid,args | awk -v at="$PWD/cache/" 'index($0, at) && /-incoming/ && !/awk/ {print $1; exit}')
[ -n "$qemu" ] || fail "no qemu goes on from a saved start"
ps -o stat=,args= --ppid "$qemu" >children || true
wait "$running"
if grep '^Z' children; then fail "qemu has a dead child that it will not collect"; fi
