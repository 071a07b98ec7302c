# A Windows that nobody can reach on EC2: its registry is set offline, each value is in the report as it was and is, what only
# Windows itself can do waits for its first boot, and a second prepare finds all of it done. Two launches: only with
# SLIPWAY_TEST_PREPARE=1.
# appliance: 1
. "$CASE_LIB/build-case.sh"
[ -n "${SLIPWAY_TEST_PREPARE:-}" ] || { echo "skipped: SLIPWAY_TEST_PREPARE is not set"; exit 77; }
need_appliance
need hivexget ntfscat jq
"$CASE_LIB/tiny-windows" base.raw || exit $?
digest=$(sha256sum <base.raw)
status=0
"$SLIPWAY" prepare --all -f raw base.raw -o out.raw --store store --json >first.json 2>log || status=$?
[ "$status" = 0 ] || [ "$status" = 4 ] || { cat log >&2; fail "exit status $status"; }
[ "$(sha256sum <base.raw)" = "$digest" ] || fail "the original was written to"
value() { jq -r --arg name "$1" '.changes[] | select(.name == $name) | '"$2" first.json; }
[ "$(value fDenyTSConnections .after)" = 'DWORD: 0' ] || { jq .changes first.json >&2; fail "Remote Desktop is not on"; }
[ "$(value AutoAdminLogon .after)" = 'SZ: 0' ]
[ "$(value PagingFiles .after)" = 'MULTI_SZ: C:\pagefile.sys 4096 4096' ]
[ "$(value RealTimeIsUniversal .change)" = added ]
grep -q 'waits for' log || grep -q 'first boot' log || { cat log >&2; fail "nothing says what waits for the first boot"; }
status=0
"$SLIPWAY" prepare --all -f raw out.raw -o twice.raw --store store --json \
    >second.json 2>log || status=$?
[ "$status" = 0 ] || [ "$status" = 4 ] || { cat log >&2; fail "exit status $status"; }
[ "$(jq '.changes | length' second.json)" = 0 ] || { jq .changes second.json >&2; fail "the second run changed values"; }
cmp out.raw twice.raw
