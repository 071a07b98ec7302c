# SARIF against the members that its schema requires, JUnit and HTML as parsers see them; a policy changes the verdict.
. "$CASE_LIB/disks.sh"
need sfdisk mke2fs qemu-img jq python3
mkdir work
"$CASE_LIB/broken-disk" inactive "$PWD/work" >/dev/null 2>&1
qemu-img convert -f raw -O vmdk work/inactive.raw bad.vmdk
status=0
"$SLIPWAY" preflight --no-launch bad.vmdk --junit j.xml --sarif s.json --html h.html >said || status=$?
[ "$status" = 4 ]
"$CASE_LIB/check-schema" "$SLIPWAY_SOURCE/tests/cli/preflight/sarif-required.schema.json" s.json || [ $? = 77 ]
jq -e '[.runs[0].results[].ruleId] == ["disk.format.vmdk", "boot.partition"]' s.json >/dev/null
python3 - <<'PY'
import xml.etree.ElementTree as tree
root = tree.parse("j.xml").getroot()
assert root.tag == "testsuites" and len(root) == 3, root
for suite in root:
    cases = suite.findall("testcase")
    failures = [case.get("name") for case in cases if case.find("failure") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    assert int(suite.get("tests")) == len(cases) and int(suite.get("failures")) == len(failures), suite.attrib
    assert int(suite.get("skipped")) == len(skipped) > 20, suite.attrib
assert failures == [], failures
assert [case.get("name") for case in root[0] if case.find("failure") is not None] == ["disk.format.vmdk", "boot.partition"]
page = open("h.html").read()
for outside in ("http:", "https:", "src=", "<link", "<script", "url(", "@import"):
    assert outside not in page, outside
assert "boot.partition" in page and "sfdisk --activate" in page
PY
cat >policy.json <<'JSON'
{"date": "2027-01-01", "rules": {"disk.format.vmdk": {"import-image": "note", "import-snapshot": "off"}, "boot.partition": {"import-image": "off"}}}
JSON
"$SLIPWAY" preflight --no-launch bad.vmdk --policy policy.json --json >v.json
jq -e '.images[0].lanes["import-image"] | .refused == 0 and .notes == 1' v.json >/dev/null
jq -e '.images[0].policy == "policy.json"' v.json >/dev/null
echo '{"rules": {"no.such": {}}}' >policy.json
refused 3 "no.such" "$SLIPWAY" preflight --no-launch bad.vmdk --policy policy.json
mkdir there
refused 2 "not a regular file" "$SLIPWAY" preflight --no-launch bad.vmdk --html there
