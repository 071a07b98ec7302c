# One object a finding, with a state of three and a remedy where one is needed; the probe of KVM takes seconds at most.
command -v python3 >/dev/null || exit 77
SECONDS=0
"$SLIPWAY" doctor --json >said || true
[ "$SECONDS" -lt 5 ]
python3 - said <<'PY'
import json, sys
found = json.load(open(sys.argv[1]))
assert isinstance(found["ready"], bool)
names = [check["name"] for check in found["checks"]]
for wanted in ("KVM", "appliance", "appliance kernel", "qemu-system-x86_64", "supermin", "temporary files", "store"):
    assert wanted in names, wanted
for check in found["checks"]:
    assert check["state"] in ("ok", "warning", "missing"), check
    assert check["detail"], check
    assert (check["remedy"] is None) == (check["state"] == "ok"), check
assert found["ready"] == all(check["state"] != "missing" for check in found["checks"])
PY
