# appliance: 1
# --twice builds again: nothing to say of a recipe that reproduces, the files and what of them of one that does not.
. "$CASE_LIB/build-case.sh"
need_appliance
make_base
write_component first one
component_of build Write 'head -c 16 /dev/urandom | od -An -tx1 >/etc/random' 'echo always >/etc/always' >second.yml
recipe_of twice first.yml >same.yml
recipe_of twice first.yml second.yml >recipe.yml
for recipe in same recipe; do outputs_of raw >>$recipe.yml; done

"$SLIPWAY" build same.yml --store store --out out --twice >said
grep -qx "twice: layer 'base': the same" said
grep -qx "twice: layer 'first': the same" said
[ -e out/twice-1.0.0/twice/twice-1.0.0/log/console.log ]

status=0
"$SLIPWAY" build recipe.yml --store store --out out --no-output --twice --json >result.json || status=$?
[ "$status" = 10 ] || fail "exit status $status, not 10"
python3 - <<'PY'
import json
twice = json.load(open("result.json"))["twice"]
assert twice["same"] is False
assert [l["same"] for l in twice["layers"]] == ["bytes", "bytes", "no"], twice
files = twice["layers"][2]["diff"]["files"]
assert [f["path"] for f in files] == ["/etc/random"], files
assert "content" in files[0]["changes"], files
assert "diff" not in twice["layers"][1]
PY
# The first build's layers are those that count: the second left no record.
"$SLIPWAY" build recipe.yml --store store --out out --no-output --json >again.json
python3 - <<'PY'
import json
first, again = (json.load(open(name)) for name in ("result.json", "again.json"))
assert again["launched"] is False
assert [l["digest"] for l in again["layers"]] == [l["digest"] for l in first["layers"]]
PY

# Files that lie elsewhere, as their blocks were taken in another order, are the same content.
# shellcheck disable=SC2016 # the variable is the guest's
component_of build Write 'for i in $(seq 9); do : >/etc/$i; done; sync' \
    'for i in $(seq 9 | shuf); do echo "the file $i" >/etc/$i; sync; done' >second.yml
"$SLIPWAY" build recipe.yml --store store --out out --no-output --twice >said
grep -qx "twice: layer 'second': the same content, in other bytes of its file systems" said || { cat said; fail "they lie elsewhere"; }

status=0
"$SLIPWAY" build recipe.yml --store store --twice --dry-run 2>said || status=$?
[ "$status" = 2 ]
grep -qF -- '--twice builds' said
