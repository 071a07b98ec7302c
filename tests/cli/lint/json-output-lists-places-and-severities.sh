cat >doc.json <<'END'
{"schemaVersion": "1.0", "phases": [{"name": "test", "steps": []}, {"name": "later", "steps": [{}]}]}
END
status=0
"$SLIPWAY" lint --json doc.json >out.json || status=$?
[ "$status" = 3 ]
python3 - <<'END'
import json
found = [(d["file"], d["line"], d["column"], d["severity"]) for d in json.load(open("out.json"))]
assert found == [("doc.json", 1, 63, "warning"), ("doc.json", 1, 77, "warning"),
                 ("doc.json", 1, 96, "error"), ("doc.json", 1, 96, "error")], found
END
printf 'schemaVersion: 1.0\nphases: [{name: test, steps: [{name: a, action: DeleteFile, inputs: [{path: /x}]}]}]\n' >good.yml
[ "$("$SLIPWAY" lint --json -q good.yml)" = '[]' ]
