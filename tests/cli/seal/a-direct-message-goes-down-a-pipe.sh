# Sealed where it is read, opened where it arrives; what was cut on its way opens nowhere.
"$SLIPWAY" keygen aes -q -o key
head -c 300000 /dev/urandom >plain
"$SLIPWAY" seal -q plain -o - --direct --to aes:key | cat >arrived
"$SLIPWAY" open -q --direct arrived -o back --key aes:key
cmp plain back
head -c 200000 arrived >short
rc=0
"$SLIPWAY" open -q --direct short -o nothing --key aes:key 2>err || rc=$?
[ $rc -eq 5 ]
[ ! -e nothing ]

# A pipe that nobody reads is an error.
rc=0
"$SLIPWAY" seal -q plain -o - --direct --to aes:key 2>err >/dev/full || rc=$?
[ $rc -eq 1 ]
grep -q "standard output" err

refuse() {
    rc=0
    "$SLIPWAY" seal -q plain -o - "$@" --to aes:key >out 2>err || rc=$?
    [ $rc -eq 2 ] || { echo "exit $rc for $*"; exit 1; }
    [ ! -s out ]
    grep -q -- "-o -" err
}
refuse
refuse --direct --json
refuse --direct --resume-key aes:key
"$SLIPWAY" keygen ec -q -o signer
refuse --direct --sign signer
[ ! -e ./- ]
