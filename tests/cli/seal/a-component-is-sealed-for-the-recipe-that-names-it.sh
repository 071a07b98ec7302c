# seal says in the context which component it is; plan, lint and build take that one only, and no word of it comes out.
. "$CASE_LIB/build-case.sh"
canary=canary-$RANDOM$RANDOM
{
    printf '%s\n' 'name: hello' "description: $canary"
    component_of test Say "apt-get install $canary"
} >hello.yml
sed s/hello/other/ hello.yml >other.yml
recipe_of web hello.yml.sealed >recipe.yml
outputs_of raw >>recipe.yml
truncate -s 1M base.raw
"$SLIPWAY" keygen rsa -o lab.pem 2>/dev/null
"$SLIPWAY" seal hello.yml -o hello.yml.sealed --to pem:lab.pem.pub --component-version 1.2.0
"$SLIPWAY" seal other.yml -o other.yml.sealed --to pem:lab.pem.pub
"$SLIPWAY" open hello.yml.sealed -o again.yml --key pem:lab.pem --expect slipway:component=hello/1.2.0
cmp hello.yml again.yml
rm hello.yml other.yml again.yml

# Shown as sealed, built, and nowhere to be found.
{
    "$SLIPWAY" plan recipe.yml --store store --key pem:lab.pem
    "$SLIPWAY" lint --explain recipe.yml hello.yml.sealed --key pem:lab.pem
    "$SLIPWAY" build --no-test -v recipe.yml --store store --out out --key pem:lab.pem
    "$SLIPWAY" plan --json recipe.yml --store store --key pem:lab.pem
} >said 2>&1 || { cat said >&2; fail "it failed"; }
grep -q 'hello.*sealed as hello/1.2.0' said
grep -q 'test/Say: needs a booted system (sealed)' said
grep -q '"sealed": "hello/1.2.0"' said
! grep -r "$canary" . >&2 || fail "the document's text is in a file or was said"

refused() { # PART COMMAND…
    local status=0 part=$1
    shift
    "$@" >refused 2>&1 || status=$?
    cat refused
    [ "$status" = 5 ] || fail "exit status $status: $*"
    grep -q "$part" refused || fail "not said: $part"
    ! grep -q "$canary" refused || fail "the document's text was said"
}
refused 'name its key with --key' "$SLIPWAY" plan recipe.yml --store store
refused 'name its key with --key' "$SLIPWAY" lint hello.yml.sealed
"$SLIPWAY" keygen rsa -o wrong.pem 2>/dev/null
refused 'no key was given' "$SLIPWAY" build --no-test recipe.yml --store store --out no --key pem:wrong.pem
# Another component under its name.
mv other.yml.sealed hello.yml.sealed
mv other.yml.keys hello.yml.keys
for verb in plan lint build bundle; do
    case $verb in
    bundle) more=(-o bundle) ;;
    build) more=(--store store --out no) ;;
    *) more=() ;;
    esac
    refused "was sealed as 'other.yml' (other/1.0.0)" "$SLIPWAY" "$verb" recipe.yml --key pem:lab.pem "${more[@]}"
done
[ ! -e no ] && [ ! -e bundle ] || fail "something was made"
