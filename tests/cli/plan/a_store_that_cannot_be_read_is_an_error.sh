# No store yet means that all is to be made; a store that a build would refuse is refused by plan as well.
. "$CASE_LIB/build-case.sh"
truncate -s 1M base.raw
write_recipe
plan() { "$SLIPWAY" plan recipe.yml --store "$1" 2>stderr; }
refuse() { # CODE STORE PART
    local status=0
    plan "$2" >stdout || status=$?
    [ "$status" = "$1" ] || fail "$2: exit status $status, not $1"
    grep -qF -- "$3" stderr || { cat stderr >&2; fail "$2: '$3' is not in the message"; }
    [ ! -s stdout ] || fail "$2: a plan was printed"
}
plan nowhere | grep -q '^ingest   0'
mkdir empty
plan empty | grep -q '^ingest   0'
[ ! -e nowhere ] && [ -z "$(ls empty)" ] || fail "plan made something"

mkdir -p newer/slipway damaged full
printf '{"imageLayoutVersion":"1.0.0"}' >newer/oci-layout
echo 2 >newer/slipway/version
refuse 1 newer "is of a version that this slipway does not know"
echo '[' >damaged/oci-layout
refuse 5 damaged "oci-layout"
touch full/precious
refuse 1 full "is not a store"
