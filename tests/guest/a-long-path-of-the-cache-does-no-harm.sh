# libguestfs has a buffer for a command line that a long path of qemu overflows, which malloc tells when it is damaged.
# appliance: 0
# timeout: 300
. "$CASE_LIB/session-case.sh"
need_fast_session
for length in 90 150; do
    # /fast-16 digits-16 digits/qemu
    pad=$((length - ${#PWD} - 1 - 44))
    ((pad > 0)) || continue
    cache=$PWD/$(printf "%0${pad}d" 0)
    mkdir -m 700 "$cache"
    LIBGUESTFS_CACHEDIR=$cache try_session 'echo ran' || { cat log; fail "it ended, the path being of $length bytes"; }
    grep -q '^ran' said || { cat said log; exit 1; }
    found=$(compgen -G "$cache/fast-*-*/qemu")
    [ "${#found}" = "$length" ] || fail "'$found' is of ${#found} bytes"
    rm -r "$cache"
done
