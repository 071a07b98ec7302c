# A VMDK: commands on standard input, then one with words of its own; a changed disk is written to a new file only.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the guest expands it
. "$CASE_LIB/build-case.sh"
need_appliance
need_terminal
need debugfs
make_base
"$SLIPWAY" convert -q -f raw -O vmdk -o subformat=streamOptimized base.raw disk.vmdk
sha256sum disk.vmdk >before

status=0
printf 'cat /etc/os-release\necho changed >/etc/os-release\nexit 3\n' | "$SLIPWAY" shell disk.vmdk >said 2>told || status=$?
[ "$status" = 8 ] || fail "exit status $status: $(cat told)"
grep -qx 'ID=tiny' said
grep -q "a shell in 'disk.vmdk': changes are dropped" told
grep -q 'exit status 3' told
sha256sum -c --quiet before
[ -z "$(find "$TMPDIR" ! -type d)" ] || fail "left: $(find "$TMPDIR")"

# A command that fails writes nothing; one that succeeds writes what it changed, and the source is the source still.
status=0
"$SLIPWAY" shell disk.vmdk --commit -o new.raw -- sh -c 'echo no >/etc/no; exit 1' </dev/null >said 2>told || status=$?
[ "$status" = 8 ] || fail "exit status $status"
grep -q "'new.raw' is not written: exit status 1" told
[ ! -e new.raw ]
"$SLIPWAY" shell disk.vmdk --commit -o new.raw -- sh -c 'printf "%s|" "$@" >/etc/new; echo out; echo err >&2' sh 'a b' '' '$HOME' \
    </dev/null >said 2>told
[ "$(cat said)" = out ]
grep -qx err told
[ "$(read_file new.raw /etc/new)" = 'a b||$HOME|' ]
e2fsck -fn "$(root_of new.raw)" >fsck 2>&1 || fail "$(cat fsck)"
sha256sum -c --quiet before
"$SLIPWAY" shell -f raw new.raw -- cat /etc/new </dev/null >said 2>/dev/null
[ "$(cat said)" = 'a b||$HOME|' ]

# A reader that goes away is no fault of the appliance's.
status=0
"$SLIPWAY" shell disk.vmdk -- yes </dev/null 2>told | head -1 >said || status=$?
[ "$status" = 141 ] || fail "exit status $status: $(cat told)"
[ "$(cat said)" = y ]
if grep -E 'appliance:|last words|cannot' told; then fail "it is told of"; fi
status=0
"$SLIPWAY" shell disk.vmdk --commit -o lost.raw -- yes </dev/null >/dev/full 2>told || status=$?
[ "$status" = 1 ] || fail "exit status $status: $(cat told)"
grep -qx 'slipway shell: cannot write to standard output: No space left on device' told || fail "$(cat told)"
if grep -E 'appliance:|last words' told; then fail "the appliance is told of"; fi
[ ! -e lost.raw ]
[ -z "$(find "$TMPDIR" ! -type d)" ] || fail "left: $(find "$TMPDIR")"

# What the guest says to a terminal that it does not have is not obeyed.
cat >orders <<'ORDERS'
await one\r\n
ORDERS
"$CASE_LIB/at-terminal" orders bash -c \
    'echo "printf \"\\033]0;evil\\007one\\n\"" | "$SLIPWAY" shell -q disk.vmdk' >shown
grep -qF '\x1b]0;evil\x07one' shown
