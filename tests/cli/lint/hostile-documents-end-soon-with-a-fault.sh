python3 - <<'END'
def put(name, data):
    open(name, "wb").write(data)
laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
for i in range(1, 30):
    laughs += f"a{i}: &a{i} [{', '.join(['*a%d' % (i - 1)] * 10)}]\n"
put("laughs.yml", laughs.encode())
put("deep.yml", b"[" * 10000)
put("deep-map.yml", b"{a: " * 10000)
put("deep-block.yml", b"- " * 10000)
put("huge.yml", b"a: " + b"x" * (1 << 21))
put("large-text.yml", b"phases: " + b"x" * 900000)
put("twice.yml", b"phases: []\nphases: []\n")
put("nul.yml", b"phases: x\0y\n")
put("nul-escape.yml", b'phases: "x\\0y"\n')
put("not-utf8.yml", b"phases: \xff\xfe\n")
put("utf16.yml", "\ufeffphases: []\n".encode("utf-16-le"))
put("tabs.yml", b"phases:\n\t- name: build\n")
put("empty.yml", b"")
put("keys.yml", b"{" + b",".join(b"k%d: v" % i for i in range(50000)) + b"}")
put("commas.yml", b"{" + b"a" * 500000)
put("quotes.yml", b"phases: '" + b"''" * 400000)
put("cycle.yml", b"phases: &a [*a]\n")
head = "schemaVersion: 1.0\nparameters:\n" + "".join(f"  - Name{i:03}: {{type: string}}\n" for i in range(200))
step = "phases:\n  - name: build\n    steps:\n"
put("references.yml", (head + step + "      - {name: a, action: ExecuteBash, inputs: {commands: ['"
                       + "{{Nam199}}{{Name199}}" * 40000 + "']}}\n").encode())
put("repeated.yml", (step + "      - {name: a, action: ExecuteBash, inputs: {commands: &a ['" + "{{abc}}" * 5000 + "']}}\n"
                     + "".join(f"      - {{name: s{i}, action: ExecuteBash, inputs: {{commands: *a}}}}\n"
                               for i in range(110))).encode())
bash = "action: ExecuteBash, inputs: {commands: [x]}"
put("deep-if.yml", (step + "      - {name: a, " + bash + ", if: " + "{not: " * 55 + "{fileExists: /x}" + "}" * 55 + "}\n").encode())
put("patterns.yml", (step + "".join(
    f"      - {{name: s{i}, {bash}, if: {{patternMatches: '(a{{1,30}}){{1,30}}b{{1,1000}}', value: {'a' * 250}}}}}\n"
    for i in range(900)) + "      - {}\n").encode())
put("turns.yml", (step + f"      - {{name: a, {bash}, loop: {{for: {{start: 0, end: 2000000000, updateBy: 1}}}}}}\n").encode())
put("binary.yml", bytes(range(256)) * 64)
END
for file in *.yml; do
    status=0
    timeout 20 "$SLIPWAY" lint -q "$file" >out 2>err || status=$?
    # Too large to be read at all is no fault of the document: 1.
    want=3
    [ "$file" != huge.yml ] || want=1
    [ "$status" = "$want" ] || { echo "$file: exit status $status"; cat out err; exit 1; }
    [ -s out ] || [ "$want" = 1 ] || { echo "$file: nothing was said"; exit 1; }
    [ "$(wc -c <out)" -lt 200000 ] || { echo "$file: a very long answer"; exit 1; }
done
