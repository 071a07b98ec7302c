# What a step needs, beside what somebody who read the public documents wrote: does it need a network, as it stands?
folder=${SLIPWAY_TEST_DATA:-}/components
[ -f "$folder/INDEX.tsv" ] || { echo "skipped: no public data"; exit 77; }
export folder
python3 - <<'PY'
import csv, json, os, subprocess
folder, right, wrong = os.environ["folder"], 0, []
for row in csv.DictReader(open(os.path.join(folder, "INDEX.tsv")), delimiter="\t"):
    path = os.path.join(folder, row["path"])
    if row["needs_network"] == "-" or not os.path.exists(path):
        continue
    done = subprocess.run([os.environ["SLIPWAY"], "lint", "--explain", "--json", "-q", path], capture_output=True)
    assert done.returncode in (0, 3), (path, done)
    steps = json.loads(done.stdout)["steps"]
    if not steps:
        continue  # it has faults, or words that this version lacks
    needs = any(r["need"] in ("needs media", "needs network") for s in steps for r in s["reasons"])
    if needs == row["needs_network"].startswith("yes"):
        right += 1
    else:
        wrong.append((row["path"], row["needs_network"]))
print("%d agree, %d differ" % (right, len(wrong)), *wrong, sep="\n  ")
assert right >= 13 and right >= 9 * len(wrong)
PY
