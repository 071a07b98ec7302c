# An object that is not what it is said to be, is cut, empty or not there: refused in one clear line, and no file.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
head -c 2000384 /dev/urandom >noise
"$SLIPWAY" convert -q -f raw noise noise.vmdk
qcow=$PWD/noise.qcow2
"$SLIPWAY" convert -q -f raw noise "$qcow"
refused() { # NAME TEXT ARGUMENT…
    local name=$1 text=$2 status=0
    shift 2
    rig_export "$@" -q -o out.raw 2>err || status=$?
    [ $status != 0 ] && [ $status -lt 128 ] || fail "$name: exit status $status"
    [ "$(wc -l <err)" = 1 ] || fail "$name: more than one line: $(cat err)"
    grep -qFe "$text" err || fail "$name: '$text' is not in: $(cat err)"
    [ ! -e out.raw ] || fail "$name: there is a file"
}
rig_exports vmdk noise
refused 'noise as VMDK' "s3://lab/export-ami-" ami-01 --bucket lab
rig_exports vhd noise.vmdk
refused 'VMDK as VHD' "s3://lab/export-ami-" ami-02 --bucket lab --disk-image-format VHD
head -c 1000000 noise.vmdk >short
rig_exports vmdk short
refused 'a cut VMDK' "s3://lab/export-ami-" ami-03 --bucket lab
rig_put noise "$PWD/noise"
refused 'raw is not guessed' '-f raw' --object s3://lab/noise
: >empty
rig_put empty "$PWD/empty"
refused 'empty' "'s3://lab/empty' is empty" --object s3://lab/empty -f raw
refused 'not there' "there is no 's3://lab/nowhere'" --object s3://lab/nowhere -f raw
# A parent that the object names is no reason to open a file here.
qemu-img create -q -f qcow2 -b "$qcow" -F qcow2 child.qcow2
rig_put child "$PWD/child.qcow2"
refused 'a child' "s3://lab/child" --object s3://lab/child
