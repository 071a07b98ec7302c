# Where memory cannot be locked, sealing and opening say so once each, and do what they do.
. "$CASE_LIB/disks.sh"
# The sanitizers lock nothing, whatever is asked for.
[[ -z ${SLIPWAY_SANITIZED:-} ]] || exit 77
# Root may lock whatever the limit says, unless the capability is taken away.
low=(prlimit --memlock=4096:4096)
if [ "$(id -u)" = 0 ]; then low=(setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock "${low[@]}"); fi
"${low[@]}" true || exit 77
"$SLIPWAY" keygen ec -q -o ec.pem 2>said
[ ! -s said ]
echo secret >plain
"${low[@]}" "$SLIPWAY" seal plain -o p.sealed --to pem:ec.pem.pub --to pem:ec.pem.pub 2>said && exit 1
"${low[@]}" "$SLIPWAY" seal plain -o p.sealed --to pem:ec.pem.pub -q 2>said
[ "$(grep -c 'keys cannot be locked into memory' said)" = 1 ]
[ "$(wc -l <said)" = 1 ]
"${low[@]}" "$SLIPWAY" open p.sealed -o opened --key pem:ec.pem -q 2>said
[ "$(grep -c 'ulimit -l' said)" = 1 ]
cmp plain opened
"$SLIPWAY" open p.sealed -o again --key pem:ec.pem -q 2>said
[ ! -s said ]
