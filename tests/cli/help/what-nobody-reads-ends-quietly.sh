# As with any program that SIGPIPE ends; a full disk is told of.
. "$CASE_LIB/case.sh"
exec 3> >(exit)
wait $!
status=0
"$SLIPWAY" help >&3 2>said || status=$?
[ "$status" = 141 ] || fail "exit status $status"
[ ! -s said ] || fail "$(cat said)"
status=0
"$SLIPWAY" help >/dev/full 2>said || status=$?
[ "$status" = 1 ] || fail "exit status $status"
grep -qx 'slipway help: cannot write to standard output: No space left on device' said
