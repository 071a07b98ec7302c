# A secret parameter decides what is cached, and is itself in no record of the store, no plan, no message.
. "$CASE_LIB/build-case.sh"
need mke2fs
make_base
secret='hunter2 "Tr0ub4dor"'
recipe_of checks first.yml >recipe.yml
echo '    parameters: [{name: Password, secret: true}]' >>recipe.yml
# A component with test phases only leaves the disk as it is: without those, a build needs no launch at all.
component_of test Check 'echo {{ Password }}' >first.yml
cat >>first.yml <<'YAML'
parameters:
  - Password: {type: string}
  - Token: {type: string, default: '', noEcho: true, allowedValues: ['', good-token]}
YAML
run() { LIBGUESTFS_HV=/bin/false "$SLIPWAY" "$@" >said 2>&1; }
nowhere() {
    if grep -rq 'ub4dor\|VHIwdWI0ZG9y' said store/slipway store/index.json out 2>/dev/null; then
        fail "the secret is in $(grep -rl 'ub4dor\|VHIwdWI0ZG9y' said store/slipway out)"
    fi
}
refused() { # STATUS PART ARGUMENT…
    local status=0 want=$1 part=$2
    shift 2
    run "$@" || status=$?
    [ "$status" = "$want" ] || { cat said >&2; fail "exit status $status, not $want, of: $*"; }
    grep -qF -- "$part" said || { cat said >&2; fail "'$part' is not in the message of: $*"; }
    nowhere
}
printf '%s\n' "$secret" >pass
run build --no-test recipe.yml --store store -O qcow2 --secret Password=pass
nowhere
grep -rq '"secret"' store/slipway/keys || fail "no record knows of the secret"
run plan recipe.yml --store store --secret Password=pass
[ "$(grep -c '^cached' said)" = 2 ] || { cat said >&2; fail "the same secret is another one"; }
printf 'other-%s' "$secret" >other
run plan recipe.yml --store store --secret first.Password=other
grep -q '^run .*first.*(changed: component.parameters.Password.secret)' said || { cat said >&2; fail "the change is not seen"; }
nowhere

# Lint knows that it may come later; a build does not go without it.
run lint recipe.yml
grep -q "warning: the secret 'Password' of component 'first' has no value here: --secret Password=FILE" said
refused 3 "give it a value (--secret NAME=FILE)" build recipe.yml --store store
refused 2 "no component of the recipe has the parameter of 'Passwort'" plan recipe.yml --secret Password=pass -p "Passwort=$secret"
refused 2 "parameter 'Password' is not NAME=VALUE" plan recipe.yml --secret Password=pass -p Password=
refused 3 "does not allow the value '***'" plan recipe.yml --secret Password=pass -p "Token=$secret"
refused 1 "secret 'Password': cannot open 'none'" plan recipe.yml --secret Password=none
: >empty
printf 'a\0b' >nul
printf 'a\377b' >latin
head -c 70000 /dev/zero | tr '\0' x >long
refused 2 "the file 'empty' is empty" plan recipe.yml --secret Password=empty
refused 2 "the file 'nul' is not UTF-8 text" plan recipe.yml --secret Password=nul
refused 2 "the file 'latin' is not UTF-8 text" plan recipe.yml --secret Password=latin
refused 1 "larger than 65536 bytes" plan recipe.yml --secret Password=long
echo abc >short
run plan recipe.yml --store store --secret Password=short
grep -q "warning: the secret 'Password' of component 'first' has fewer than 4 bytes: logs will show it" said
