# Wrong words, images that cannot be read, places that cannot be written to: no machine and no appliance is started.
refuse() { # STATUS PART ARG…
    local want=$1 part=$2 status=0
    shift 2
    "$SLIPWAY" test "$@" >stdout 2>stderr || status=$?
    [ "$status" = "$want" ] || { cat stdout stderr; echo "$*: exit status $status, not $want"; exit 1; }
    grep -qF -- "$part" stderr || { cat stderr; echo "$*: '$part' is not in the message"; exit 1; }
}
truncate -s 1M disk.raw
refuse 2 'IMAGE'
refuse 2 "'floppy' is none of auto, bios and uefi" disk.raw -f raw --firmware floppy
refuse 2 'slow' disk.raw -f raw --accel slow
refuse 2 'at most 86400' disk.raw -f raw --timeout 99999999
refuse 1 'missing.raw' missing.raw -f raw
refuse 2 '-f raw' disk.raw
refuse 2 '/dev/null' disk.raw -f raw --console /dev/null
refuse 1 'nowhere' disk.raw -f raw --console nowhere/console.txt
printf 'KDMV cut' >cut.vmdk
refuse 5 'cut.vmdk' cut.vmdk -f vmdk
printf '<domain/>' >text.xml
refuse 2 'text.xml' text.xml
[ ! -e nowhere ] && [ ! -s stdout ]
[ -z "$(find "$TMPDIR" -type f)" ]
