# The same bytes under a new time stamp, or options that were tried before: a task of its own, not the failure of then.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 6000000 /dev/urandom >disk.img

fails() { # ARGUMENT…
    echo server-error >"$RIG_DIR/scenario"
    status=0
    rig_import -f raw disk.img -q "$@" 2>err || status=$?
    [ $status = 6 ] || fail "exit status $status: $(cat err)"
    echo success-at-once >"$RIG_DIR/scenario"
}
fails
touch disk.img
rig_import -f raw disk.img -q | grep -q '^ami-' || fail "a touched image brings the old failure back"
[ "$(rig_tasks)" = 2 ] || fail "two attempts made $(rig_tasks) tasks"

fails --prefix x
fails --prefix x --description other
rig_import -f raw disk.img -q --prefix x | grep -q '^ami-' || fail "the first options bring the old failure back"
[ "$(rig_tasks)" = 5 ] || fail "three more attempts made $(rig_tasks) tasks in all"

# A task that completed and has no image to name yet is asked again, and not made a second time.
echo image-named-late >"$RIG_DIR/scenario"
status=0
rig_import -f raw disk.img -q --prefix y 2>err || status=$?
[[ $status = 6 && "$(cat err)" = *"names no image yet"* ]] || fail "exit status $status: $(cat err)"
rig_import -f raw disk.img -q --prefix y | grep -q '^ami-' || fail "no image the second time"
[ "$(rig_tasks)" = 6 ] || fail "the completed task was made again"
