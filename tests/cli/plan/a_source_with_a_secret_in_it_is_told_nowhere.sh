# A token in a URL: neither the plan, nor what is missing, nor a bundle, nor what is kept of an earlier fetch tells it.
. "$CASE_LIB/build-case.sh"
need mke2fs
make_base
printf content >tool
echo hunter2-Tr0ub4dor >token
recipe_of got get.yml >recipe.yml
echo '    parameters: [{name: Token, secret: true}]' >>recipe.yml
document() { # PHASE
    cat >get.yml <<YAML
schemaVersion: 1.0
parameters: [{Token: {type: string}}]
phases:
  - name: $1
    steps:
      - name: Get
        action: WebDownload
        inputs: [{source: 'https://example.com/{{ Token }}/tool', destination: /opt/tool}]
YAML
}
run() { "$SLIPWAY" "$@" --secret Token=token >said 2>&1; }
document test
run build --no-test recipe.yml --store store -O raw || { cat said >&2; fail "no base"; }
document build
status=0
run plan recipe.yml --store store || status=$?
[ "$status" = 7 ] || { cat said >&2; fail "exit status $status, not 7"; }
! grep ub4dor said || fail "what is missing tells it"
echo 'inputs: {"https://example.com/": files}' >>recipe.yml
mkdir -p files/hunter2-Tr0ub4dor
cp tool files/hunter2-Tr0ub4dor/
run plan recipe.yml --store store --json
grep -q '"key"' said && ! grep ub4dor said || fail "the plan tells it"
status=0
"$SLIPWAY" bundle recipe.yml -p Token=hunter2-Tr0ub4dor -o got.tar >said 2>&1 || status=$?
[ "$status" = 4 ] || { cat said >&2; fail "a bundle was made of it: $status"; }
[ ! -e got.tar ] || fail "a bundle was left"
! grep ub4dor said || fail "the refusal tells it"
! grep -r ub4dor store "$XDG_CACHE_HOME" 2>/dev/null || fail "it is kept"
