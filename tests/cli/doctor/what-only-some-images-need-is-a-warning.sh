# Programs for Windows drives and for XFS are named with their remedy, and their lack keeps no other build from running.
"$SLIPWAY" doctor --json >before || true

python3 - <<'PY'
import json, os, shutil
checks = {check["name"]: check for check in json.load(open("before"))["checks"]}
for name, program, package in (("Windows images", "ntfs-3g", "ntfs-3g"), ("growing XFS", "xfs_growfs", "libguestfs-xfs")):
    check = checks[name]
    there = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    assert check["state"] in ("ok", "warning"), check
    if there is None:
        assert check["state"] == "warning" and program in check["detail"], check
    if check["state"] == "warning":
        assert f"apt-get install {package}" in check["remedy"], check
PY
# What boots by UEFI alone needs the firmware.
python3 - <<'PY'
import json, os
check = {check["name"]: check for check in json.load(open("before"))["checks"]}["UEFI firmware"]
if os.path.exists("/usr/share/OVMF/OVMF_CODE_4M.fd"):
    assert check["state"] == "ok" and check["detail"].startswith("/usr/share/OVMF/"), check
else:
    assert check["state"] == "warning" or "/edk2/" in check["detail"], check
PY
LIBGUESTFS_PATH=/nowhere "$SLIPWAY" doctor >said || true
grep -q '^ok  *Windows images  *as the fixed appliance has it' said
grep -q '^ok  *growing XFS  *as the fixed appliance has it' said
