# What replaces a sealed file replaces its keys: the old one may only go once the new one is on the disk.
# A sanitizer does not work under a tracer.
[ -z "${SLIPWAY_SANITIZED:-}" ] || exit 77
command -v strace >/dev/null || exit 77
head -c 300000 /dev/urandom >plain
"$SLIPWAY" keygen aes -q -o key

# syncs LOG ARGUMENT…: seals with them, and says how many files and folders were waited for.
syncs() {
    local log=$1
    shift
    strace -f -o "$log" -e trace=fsync,fdatasync,sync_file_range "$SLIPWAY" seal -q --direct plain --to aes:key "$@"
    grep -c 'sync[a-z_]*(' "$log" || true
}
[ "$(syncs lazy -o a.sealed)" -eq 0 ]
[ "$(syncs sync -o b.sealed --sync)" -ge 2 ] # the file and its folder
[ "$(syncs over -o a.sealed)" -ge 2 ]
for file in a b; do
    "$SLIPWAY" open -q --direct $file.sealed -o $file --key aes:key
    cmp plain $file
done

# The sidecar is small, and what is sealed is lost without it.
strace -f -o pair -e trace=fsync "$SLIPWAY" seal -q plain -o c.sealed --to aes:key
[ "$(grep -c 'fsync(' pair)" -ge 2 ]
