# From a web server and an S3 into a bundle; then the servers are gone, and a plan has every digest.
. "$CASE_LIB/build-case.sh"
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
need mke2fs
make_base
mkdir web
head -c 3000000 /dev/urandom >web/tool.tar
printf one >one
printf two >two
rig_start "$PWD/rig" --page 1
web_start "$PWD/web"
rig_put "tools/a b" one
rig_put tools/sub/two two
rig_put tools/folder/ /dev/null
rig_put toolset two
export AWS_ENDPOINT_URL=$RIG_URL
cat >get.yml <<YAML
schemaVersion: 1.0
parameters:
  - server: {type: string}
phases:
  - name: build
    steps:
      - name: Web
        action: WebDownload
        inputs:
          - source: 'http://{{ server }}/to/3/tool.tar'
            destination: /opt/
            algorithm: SHA256
            checksum: $(sha256sum <web/tool.tar | cut -d ' ' -f 1)
          - source: 'http://{{ server }}/busy/1/tool.tar'
            destination: /opt/
          - source: 'http://{{ server }}/cut/1/tool.tar'
            destination: /opt/
      - name: S3
        action: S3Download
        inputs:
          - source: s3://lab/tools/*
            destination: /opt/tools
            expectedBucketOwner: '111122223333'
YAML
recipe_of got get.yml >recipe.yml
echo "    parameters: [{name: server, value: ['$WEB_URL']}]" >>recipe.yml
plan() { "$SLIPWAY" plan recipe.yml --store store "$@"; }

# Without a network a plan tells all that is missing, in one list, and asks nobody.
status=0
plan >stdout 2>stderr || status=$?
[ "$status" = 7 ] || { cat stderr; fail "exit status $status, not 7"; }
[ "$(grep -c '^get.yml:[0-9]*:[0-9]*: ' stderr)" = 4 ] || { cat stderr; fail "not every source is listed"; }
grep -q '4 sources are missing: ' stderr
[ ! -s web.log ] || fail "somebody was asked"

"$SLIPWAY" bundle recipe.yml -o got.tar >listed 2>log || { cat log; fail "no bundle"; }
[ "$(wc -l <listed)" = 5 ]
grep -q 's3://lab/tools/\* sub/two$' listed
[ "$(grep -c '^302' web.log)" = 3 ] && [ "$(grep -c '^503' web.log)" = 1 ] || { cat web.log; fail "not asked as expected"; }
"$SLIPWAY" bundle recipe.yml -o got >listed.folder 2>log
cmp listed listed.folder
asked=$(wc -l <web.log)
"$SLIPWAY" bundle recipe.yml -o again.tar >/dev/null 2>&1
cmp got.tar again.tar
[ "$(wc -l <web.log)" = "$asked" ] || fail "what was fetched before was asked for again"
"$SLIPWAY" bundle recipe.yml --refetch -o again.tar >/dev/null 2>&1
[ "$(wc -l <web.log)" -gt "$asked" ] || fail "--refetch asked nobody"
cmp got.tar again.tar

web_stop
rig_stop
plan >stdout
grep -q '^run .* got$\|^run ' stdout && ! grep -q '^fetch' stdout || fail "the cache is not used"
rm -rf "$XDG_CACHE_HOME"
plan --bundle got.tar >/dev/null
plan --bundle got >/dev/null
sed -i 's/checksum: ....../checksum: 000000/' get.yml
status=0
plan --bundle got >stdout 2>stderr || status=$?
[ "$status" = 5 ] || fail "a wrong checksum: exit status $status, not 5"
grep -q "^get.yml:10:21: .*its SHA256 is .*, and the step wants 000000" stderr
skopeo --version >/dev/null 2>&1 || exit 0
skopeo inspect --raw oci:got >raw.json 2>/dev/null || skopeo inspect --raw oci:"$PWD/got" >raw.json
grep -q 'application/vnd.slipway.bundle.v1' raw.json
