# docs/preflight-rules.md has every rule, each on images of the tests; what the script prints is what lies there, and a list of
# images that names no rule is refused.
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
"$SLIPWAY_SOURCE/scripts/preflight-table" >page
diff "$SLIPWAY_SOURCE/docs/preflight-rules.md" page || { echo "scripts/preflight-table >docs/preflight-rules.md makes it anew"; exit 1; }
# shellcheck disable=SC2016 # a mark of the page
rows=$(grep -c '^| `[a-z]*\.' page)
rules=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["rules"]))' "$SLIPWAY_SOURCE/src/preflight/data/rules.json")
[ "$rows" = "$rules" ] || { echo "$rows rows of $rules rules"; exit 1; }

mkdir -p copy/scripts copy/src/preflight copy/tests
cp "$SLIPWAY_SOURCE/scripts/preflight-table" copy/scripts
cp -r "$SLIPWAY_SOURCE/src/preflight/data" copy/src/preflight
cp -r "$SLIPWAY_SOURCE/tests/lib" copy/tests
sed -i 's/"linux.tmp", lambda/"linux.tmpfile", lambda/' copy/tests/lib/broken-tree
status=0
copy/scripts/preflight-table >/dev/null 2>said || status=$?
[ "$status" = 1 ] || { echo "a rule that there is not: exit status $status"; exit 1; }
grep -q 'no rule is called linux.tmpfile' said
