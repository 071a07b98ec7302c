cat >recipe.yml <<'END'
name: web
semanticVersion: 1.0.0
parentImage: base.raw
parentImageFormat: raw
outpts: []
components:
  - component: part.yml
    parameters:
      - {name: Prot, value: ['80']}
END
cat >part.yml <<'END'
schemaVersion: 1.0
parameters:
  - Port: {type: string}
phases:
  - name: build
    steps:
      - {name: One, action: ExecuteBash, inputs: {commands: ['echo {{ Port }}']}}
  - name: clean
    steps:
      - {name: One, action: ExecuteBash, inputs: {commands: [ls]}}
END
status=0
"$SLIPWAY" lint -q recipe.yml || status=$?
[ "$status" = 3 ]
sed -i -e '/^outpts/d' -e 's/Prot/Port/' recipe.yml
"$SLIPWAY" lint -q recipe.yml
