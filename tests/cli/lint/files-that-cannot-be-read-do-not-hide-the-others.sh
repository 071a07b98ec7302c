printf 'schemaVersion: 1.0\nphases: {}\n' >bad.yml
status=0
"$SLIPWAY" lint none.yml bad.yml . >out 2>err || status=$?
[ "$status" = 1 ]
grep -q "^bad.yml:2:9: 'phases' is a map here, and must be a list$" out
grep -q "none.yml" err
status=0
"$SLIPWAY" lint >out 2>&1 || status=$?
[ "$status" = 2 ]
