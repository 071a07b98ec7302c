# SIGKILL for the program in the middle of a step: the appliance goes with it, and what is left lies in the scratch
# folder; root's sockets, which are in /tmp, go with the next session. Then SIGINT: exit status 9 at once.
# appliance: 1
# timeout: 400
session=$SLIPWAY_BUILD/tests/guest/guest_session
[ -x "$session" ] || exit 77
"$CASE_LIB/tiny-guest" base.raw || exit $?

# Is there a qemu that has our overlay? The pattern is in a file, as grep would find itself.
echo "$PWD/over.qcow2" >pattern
ours() { grep -lsF -f pattern /proc/[0-9]*/cmdline || true; }
# The folders in /tmp that its arguments name.
folders() { ours | xargs cat | grep -aoE '/tmp/(libguestfs|slipway\.)[[:alnum:]]{6}' | sort -u; }

begin() {
    rm -rf scratch over.qcow2 said # or the last session's "ready" is read
    mkdir scratch
    qemu-img create -q -f qcow2 -b base.raw -F raw over.qcow2
    "$session" over.qcow2 scratch '0:echo ready; exec sleep 1000' >said 2>log &
    pid=$!
    for _ in $(seq 1 150); do
        grep -q ready said && return
        kill -0 "$pid" 2>/dev/null || { cat log; exit 1; }
        sleep 1
    done
    cat log
    exit 1
}

begin
[ -n "$(ours)" ]
left=$(folders)
if [ "$(id -u)" = 0 ]; then
    [ "$(wc -l <<<"$left")" = 2 ] || { echo "folders: $left"; exit 1; }
fi
kill -9 "$pid"
wait "$pid" || true
for _ in $(seq 1 20); do
    [ -z "$(ours)" ] && break
    sleep 0.5
done
[ -z "$(ours)" ] || { echo "still there: $(ours)"; exit 1; }
[ -z "$(ls -A "$TMPDIR")" ] || { ls -la "$TMPDIR"; exit 1; }

begin
for folder in $left; do
    [ ! -e "$folder" ] || { ls -la "$folder"; exit 1; }
done
left=$(folders)
kill -INT "$pid"
status=0
SECONDS=0
wait "$pid" || status=$?
[ "$status" = 9 ] || { echo "status $status"; cat log; exit 1; }
[ "$SECONDS" -lt 20 ]
[ -z "$(ours)" ]
[ -z "$(ls -A scratch)" ] || { ls -la scratch; exit 1; }
for folder in $left; do
    [ ! -e "$folder" ] || { ls -la "$folder"; exit 1; }
done
