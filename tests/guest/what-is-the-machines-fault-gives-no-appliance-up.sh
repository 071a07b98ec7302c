# A launch that the machine has no memory for fails at once and is tried with nothing else; the saved start is there afterwards.
# appliance: 0
# timeout: 300
. "$CASE_LIB/session-case.sh"
[ -z "${SLIPWAY_SANITIZED:-}" ] || { echo "skipped: the sanitizer takes more room than there is"; exit 77; }
need_fast_session
unset LIBGUESTFS_MEMSIZE
mkdir -m 700 cache
export LIBGUESTFS_CACHEDIR=$PWD/cache
starts() { (cd cache && ls -i fast-*-*/start-*); }
try_session 'echo ran' || { cat log; exit 1; }
starts >before
# Enough for qemu and the 1 GiB in which TCG translates, but not for the guest's memory beside them.
if (ulimit -v 1900000 && try_session 'echo ran'); then fail "there was memory enough"; fi
grep 'this machine has no 1280 MiB of memory left' log || { cat log; exit 1; }
if grep -q 'the fast appliance did not' log; then cat log >&2; fail "another appliance was tried"; fi
starts | diff before -
