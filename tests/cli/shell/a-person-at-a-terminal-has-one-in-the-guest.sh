# Size, kind, keys and changes of size; the terminal is given back at the end, also when slipway is ended by a signal, and no
# appliance is left then.
# appliance: 1
# timeout: 900
. "$CASE_LIB/build-case.sh"
need_appliance
need_terminal
need python3
make_base
export TERM=xterm-256color
cat >orders <<'ORDERS'
await a shell in 'base.raw': changes are dropped
await # 
type stty size; echo $TERM $((6*7)); tty\r
await 30 100\r\nxterm-256color 42\r\n/dev/pts/0\r\n
await # 
size 133 44
type stty size\r
await 44 133\r\n
await # 
type sh -c 'echo started; exec sleep 1000'\r
await started\r\n
type \x03
await # 
type echo after=$?\r
await after=130\r\n
await # 
type false\r
await # 
type \x04
ORDERS
"$CASE_LIB/at-terminal" orders "$SLIPWAY" shell -f raw base.raw >shown || fail "exit status $?: $(cat shown)"

# Three ^] end what does not listen.
cat >orders <<'ORDERS'
await a command in
await ready
type \x1d\x1d\x1d
ORDERS
status=0
"$CASE_LIB/at-terminal" orders "$SLIPWAY" shell -f raw base.raw -- sh -c \
    'trap "" INT TERM HUP; stty raw; echo ready; sleep 1000' >shown || status=$?
[ "$status" = 8 ] || fail "exit status $status: $(cat shown)"
grep -q 'killed by signal 9' shown

cat >orders <<'ORDERS'
await # 
type sh -c 'echo started; exec sleep 1000'\r
await started\r\n
signal TERM
ORDERS
status=0
"$CASE_LIB/at-terminal" orders "$SLIPWAY" shell -f raw base.raw >shown || status=$?
[ "$status" = 9 ] || fail "exit status $status: $(cat shown)"
printf '%s' "$TMPDIR" >pattern
if grep -lsF -f pattern /proc/[0-9]*/cmdline; then fail "an appliance is left"; fi
[ -z "$(find "$TMPDIR" ! -type d)" ] || fail "left: $(find "$TMPDIR")"
