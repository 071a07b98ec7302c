# --on-error: a shell in the guest just as the step left it, or its disk beside the log, over the last whole layer; the build
# fails as it would have.
# appliance: 1
# timeout: 900
# shellcheck disable=SC2016 # the guest expands it
. "$CASE_LIB/build-case.sh"
need_appliance
need_terminal
need python3 qemu-img jq
make_base
write_recipe
sed -i 's|^outputs:|workingDirectory: /srv/work\noutputs:|' recipe.yml
component_of build Half 'echo half >/etc/half; echo left >/tmp/left; sleep 1000 & exit 5' >second.yml
build() { "$SLIPWAY" build recipe.yml --out out --store store "$@"; }

cat >orders <<'ORDERS'
await step 'Half' (ExecuteBash): exit status 5
await a shell in the guest as the failed step left it
await # 
type cat /etc/first /etc/half /tmp/left; pwd; echo $WORKING_DIRECTORY; ps | grep -c '[s]leep 1000'\r
await one\r\nhalf\r\nleft\r\n/srv/work\r\n/srv/work\r\n0\r\n
await # 
type exit 0\r
ORDERS
status=0
"$CASE_LIB/at-terminal" orders "$SLIPWAY" build recipe.yml --out out --store store --on-error shell \
    >shown || status=$?
[ "$status" = 8 ] || fail "exit status $status: $(cat shown)"
tail -n 1 shown | grep -q "slipway build: recipe 'recipe.yml': component 'second': .*step 'Half': exit status 5"
[ ! -e out/three-1.0.0/log/failed.qcow2 ]
[ -z "$(find store/slipway/scratch -type f 2>/dev/null)" ] || fail "scratch is left"

# Without a terminal there is none; what was asked for is said.
status=0
build --on-error shell </dev/null >stdout 2>stderr || status=$?
[ "$status" = 8 ]
grep -q 'no terminal to open one on' stderr

status=0
build --on-error keep >stdout 2>stderr || status=$?
[ "$status" = 8 ] || fail "exit status $status: $(cat stderr)"
kept=out/three-1.0.0/log/failed.qcow2
grep -qF "slipway shell '$kept' --allow-parent '$PWD/store/blobs/sha256'" stderr || fail "$(cat stderr)"
[ "$(stat -c %a "$kept")" = 600 ]
first=$("$SLIPWAY" plan recipe.yml --store store --json | jq -r '.layers[1].digest')
[ "$(qemu-img info -U --output json "$kept" | jq -r '."backing-filename", ."backing-filename-format"' | tr '\n' ' ')" = "$first qcow2 " ]
"$SLIPWAY" shell "$kept" --allow-parent store/blobs/sha256 -- sh -c 'cat /etc/first /etc/half; ls /tmp/left' \
    </dev/null >said 2>told && fail "/tmp is on the disk"
[ "$(cat said)" = $'one\nhalf' ] || fail "$(cat said told)"

# What a later build makes, it does not leave beside its own log; a validate phase fails over the last layer.
write_component second two
component_of validate Look 'echo seen >/etc/seen' 'test -e /etc/none' >third.yml
status=0
build --on-error keep >stdout 2>stderr || status=$?
[ "$status" = 8 ]
second=$("$SLIPWAY" plan recipe.yml --store store --json | jq -r '.layers[2].digest')
[ "$(qemu-img info -U --output json "$kept" | jq -r '."backing-filename"')" = "$second" ]
"$SLIPWAY" convert -q --allow-parent store/blobs/sha256 "$kept" kept.raw
[ "$(read_file kept.raw /etc/seen)" = seen ]
[ "$(read_file kept.raw /etc/second)" = two ]
write_component third three
build >stdout 2>stderr
[ ! -e "$kept" ]

status=0
build --on-error none >stdout 2>stderr || status=$?
[ "$status" = 2 ]
grep -q "'none' is none of fail, shell and keep" stderr

# A sealed store holds nothing in clear, and the disk would be: refused before anything is read.
"$SLIPWAY" keygen aes -o key 2>/dev/null
"$SLIPWAY" store init --store sealed --seal-to aes:key >/dev/null 2>&1
status=0
"$SLIPWAY" build recipe.yml --out out --store sealed --key aes:key --scratch /dev/shm --on-error keep >stdout 2>stderr || status=$?
[ "$status" = 4 ] || fail "exit status $status: $(cat stderr)"
grep -q 'the store is sealed, and the disk would lie beside the log in clear' stderr
