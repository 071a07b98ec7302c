# The digest of what a step downloads is part of its layer's key; the file's times are not.
. "$CASE_LIB/build-case.sh"
need mke2fs
make_base
write_recipe
printf one >tool
sed -i 's/name: build/name: test/' first.yml second.yml third.yml
"$SLIPWAY" build --no-test recipe.yml --out out --store store -O raw >/dev/null
printf '%s\n' 'inputs:' '  https://example.com/tool: tool' >>recipe.yml
cat >second.yml <<'YAML'
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Get
        action: WebDownload
        inputs:
          - {source: 'https://example.com/tool', destination: /opt/tool}
YAML
keys() { "$SLIPWAY" plan recipe.yml --store store --json | grep '"key"' | cut -d '"' -f 4; }
keys >before
[ "$(wc -l <before)" = 4 ] || fail "not every layer has a key"
touch -d @1000 tool
keys | cmp - before
printf two >tool
keys >after
[ "$(head -n 2 before)" = "$(head -n 2 after)" ] || fail "layers beneath the download have other keys"
[ "$(tail -n 2 before)" != "$(tail -n 2 after)" ] && [ "$(sed -n 3p before)" != "$(sed -n 3p after)" ] ||
    fail "another file has the same key"

# What would have to be fetched has no key yet, nor has what lies on it; nobody is asked.
sed -i '/^inputs/,$d' recipe.yml
echo 'network: allow' >>recipe.yml
"$SLIPWAY" plan recipe.yml --store store >stdout
grep -q '^fetch  *https://example.com/tool$' stdout
[ "$(keys | wc -l)" = 2 ] || { cat stdout; fail "a layer whose files are unknown has a key"; }
