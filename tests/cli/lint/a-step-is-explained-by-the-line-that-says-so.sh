# lint --explain says for each step what it needs and why; --format json has the rules of the faults and the steps.
cat >doc.yml <<'YAML'
name: web
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Write
        action: CreateFile
        inputs: [{path: /etc/motd, content: hello}]
      - name: Install
        action: ExecuteBash
        inputs:
          commands:
            - |
              set -e
              sudo yum install -y nginx
              systemctl enable nginx
            - curl -fsS https://x.example/key > /etc/key
      - name: Start
        action: ExecuteBash
        inputs: {commands: ['systemctl start nginx']}
YAML
"$SLIPWAY" lint --explain -q doc.yml | tee said
cat >want <<'TEXT'
doc.yml:6:9: build/Write: runs offline
doc.yml:9:9: build/Install: needs network
    doc.yml:15:20: needs media: yum install: a package manager takes its packages from repositories: sudo yum install -y nginx
    doc.yml:17:15: needs network: curl: it transfers from or to a server: curl -fsS https://x.example/key > /etc/key
doc.yml:18:9: build/Start: needs a booted system
    doc.yml:20:30: needs a booted system: systemctl start: no service runs in an image that is not booted: systemctl start nginx
TEXT
diff want said
"$SLIPWAY" lint --explain --format json -q doc.yml >out.json
sed -i 's/action: CreateFile/action: CreateFil/; s/^name: web/title: web/' doc.yml
status=0
"$SLIPWAY" lint --format json -q doc.yml >bad.json || status=$?
[ "$status" = 3 ]
python3 - <<'PY'
import json
out = json.load(open("out.json"))
assert out["faults"] == [], out["faults"]
assert [s["need"] for s in out["steps"]] == ["runs offline", "needs network", "needs a booted system"]
assert out["steps"][1]["reasons"][0]["words"] == "yum install" and out["steps"][1]["reasons"][0]["line"] == 15
bad = json.load(open("bad.json"))
assert [(d["rule"], d["line"], d["severity"]) for d in bad] == [("unknown-field", 1, "error"), ("action", 7, "error")], bad
PY
status=0
"$SLIPWAY" lint --format sarif doc.yml 2>message || status=$?
[ "$status" = 2 ]
grep -q "text and json are" message
