# --no-output leaves the layers in the store and the manifest beside the log; an image is taken out of the store later.
. "$CASE_LIB/build-case.sh"
make_base
write_check
recipe_of layers check.yml >recipe.yml
outputs_of vmdk >>recipe.yml
"$SLIPWAY" build recipe.yml --store store --out out --no-output --no-test --json >result.json
python3 - <<'EOF'
import json
result = json.load(open("result.json"))
assert result["outputs"] == [], result["outputs"]
assert len(result["layers"]) == 2
assert json.load(open("out/layers-1.0.0/manifest.json"))["outputs"] == []
EOF
[ -z "$(find out -name '*.vmdk')" ] || fail "an output was written"
"$SLIPWAY" store export --store store layers:1.0.0 disk.raw
cmp base.raw disk.raw
status=0
"$SLIPWAY" build recipe.yml --store store --out out --no-output -O raw 2>said || status=$?
[ "$status" = 2 ]
grep -qF -- '--no-output and --output-format exclude each other' said
