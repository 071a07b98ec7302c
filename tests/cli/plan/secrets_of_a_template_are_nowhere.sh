# A CloudFormation template's parameter with NoEcho becomes part of a document: its value decides what is cached, and is in
# no record of the store, no plan, no manifest, no message.
. "$CASE_LIB/build-case.sh"
need mke2fs
make_base
cat >recipe.yml <<'YAML'
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Word: {Type: String, NoEcho: true}
Resources:
  Hello:
    Type: AWS::ImageBuilder::Component
    Properties:
      Name: hello
      Platform: Linux
      Version: 1.0.0
      Data: !Sub |
        schemaVersion: 1.0
        phases:
          - name: test
            steps:
              - {name: Say, action: ExecuteBash, inputs: {commands: ['curl -u "lab:${Word}" https://example.com/']}}
  Recipe:
    Type: AWS::ImageBuilder::ImageRecipe
    Properties:
      Name: checks
      Version: 1.0.0
      ParentImage: ami-0123456789abcdef0
      Components: [{ComponentArn: !Ref Hello}]
      Tags: {Login: !Sub 'lab:${Word}'}
YAML
run() { LIBGUESTFS_HV=/bin/false "$SLIPWAY" "$@" --base base.raw --format raw >said 2>&1; }
nowhere() {
    if grep -rq 'Tr0ub4dor' said store/slipway store/index.json out; then
        fail "the secret is in $(grep -rl 'Tr0ub4dor' said store/slipway store/index.json out)"
    fi
}
run build --no-test recipe.yml --store store -O qcow2 -p Word=Tr0ub4dor-1
nowhere
grep -q '"Login": *"lab:\*\*\*"' out/checks-1.0.0/manifest.json
run plan recipe.yml --store store -p Word=Tr0ub4dor-1
nowhere
grep -q 'curl -u "lab:\*\*\*"' said || { cat said >&2; fail "the line that needs a network is not shown"; }
[ "$(grep -c '^cached' said)" = 2 ] || { cat said >&2; fail "the same secret is another one"; }
echo Tr0ub4dor-2 >word
run plan recipe.yml --store store --secret Word=word
nowhere
grep -q '^run .*hello.*(changed: component.digest' said || { cat said >&2; fail "the change is not seen"; }
# The digest of the document with the secret in it would be quick to guess from.
grep -rA1 '"digest": {' store/slipway/keys | grep -qE '"secret": "[0-9a-f]{64}"' || fail "the document's digest is not covered"
