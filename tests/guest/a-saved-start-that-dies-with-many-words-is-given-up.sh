# What a kernel says as it dies is more than the lines that are kept of its console: it is still known what was started.
# appliance: 0
# timeout: 300
. "$CASE_LIB/session-case.sh"
need_fast_session
mkdir -m 700 cache
export LIBGUESTFS_CACHEDIR=$PWD/cache
run_session 'echo ran'
# A machine that goes on, and then ends in the way of one that panics.
for program in cache/fast-*/qemu; do
    cp "$program" "$program.own"
    cat >"$program.new" <<PROGRAM
#!/bin/bash
case " \$* " in
*' -kernel '*)
    echo 'slipway: going on from a saved start'
    sleep 1
    for i in {1..60}; do echo "Call Trace: \$i"; done
    exit 1
    ;;
esac
exec $PWD/$program.own "\$@"
PROGRAM
    chmod 700 "$program.new"
    mv "$program.new" "$program"
done
run_session 'echo ran'
grep -q 'did not go on from its saved start' log || { cat log; exit 1; }
if compgen -G 'cache/fast-*/start-????????????????'; then fail "the start that died would be taken again"; fi
