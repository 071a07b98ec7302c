# Without a finding there is no launch and OUT holds the same disk, in any format, sealed too; wrong words, an image in the
# way, several disks and damaged files are refused before anything is written.
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/disks.sh"
need jq cmp
"$CASE_LIB/tiny-guest" base.raw --table mbr >/dev/null
digest=$(sha256sum <base.raw)

status=0
"$SLIPWAY" prepare --no-launch -f raw base.raw -o out.vmdk --lane ebs-direct --json >result.json 2>log || status=$?
[ "$status" = 0 ] || [ "$status" = 4 ] || { cat log >&2; fail "exit status $status"; }
[ "$(jq -c '[.launched, .components, .changes]' result.json)" = '[false,[],[]]' ] || { cat result.json >&2; fail "something was done"; }
"$SLIPWAY" convert -q out.vmdk -O raw back.raw
cmp base.raw back.raw
grep -q 'were not looked at' log || { cat log >&2; fail "what was not looked at is not told"; }
[ "$(jq -S . <result.json)" = "$(jq -S . <out.vmdk.prepare/report.json)" ] || fail "the report is another"

# Sealed, and from a sealed image: whoever has the key gets the same disk, and the report says nothing of files.
"$SLIPWAY" keygen aes -o key >/dev/null
"$SLIPWAY" prepare --no-launch -q -f raw base.raw -o out.raw.sealed -O raw --lane ebs-direct --seal-to aes:key >/dev/null 2>log || [ $? = 4 ] ||
    { cat log >&2; fail "not sealed"; }
"$SLIPWAY" open out.raw.sealed -o opened.raw --key aes:key 2>/dev/null
cmp base.raw opened.raw
"$SLIPWAY" prepare --no-launch -q out.raw.sealed -k aes:key -o again.raw --lane ebs-direct >/dev/null 2>log || [ $? = 4 ] || { cat log >&2; fail "not opened"; }
cmp base.raw again.raw
[ "$(stat -c %a again.raw)" = 600 ] || fail "what was sealed is for everybody to read"

refused 2 'name the image that is written' "$SLIPWAY" prepare -f raw base.raw
refused 2 'there is no such component: filesystem-check' "$SLIPWAY" prepare -f raw base.raw -o x.raw --only fstabs
refused 2 'there is no such component' "$SLIPWAY" prepare -f raw base.raw -o x.raw --skip lib
refused 2 'one or the other' "$SLIPWAY" prepare -f raw base.raw -o x.raw --all --only fstab
refused 2 'guest, report and none are known' "$SLIPWAY" prepare -f raw base.raw -o x.raw --keep-originals all
refused 2 'holds no file' "$SLIPWAY" prepare -f raw base.raw -o x.raw --keep-originals report --seal-to aes:key
refused 2 "lane" "$SLIPWAY" prepare -f raw base.raw -o x.raw --lane import
refused 2 'base.raw' "$SLIPWAY" prepare base.raw -o x.raw
refused 2 'same file' "$SLIPWAY" prepare -f raw base.raw -o base.raw
refused 1 'nowhere.vmdk' "$SLIPWAY" prepare nowhere.vmdk -o x.raw
refused 2 'cannot be sealed' "$SLIPWAY" prepare -f raw base.raw -o x.vhdx -O vhdx --seal-to aes:key
ln -s base.raw link.raw
refused 2 'not a regular file' "$SLIPWAY" prepare -f raw base.raw -o link.raw
mkfifo pipe.raw
refused 2 'pipe.raw' "$SLIPWAY" prepare -f raw base.raw -o pipe.raw
head -c 100000 out.vmdk >cut.vmdk
refused 5 'cut.vmdk' "$SLIPWAY" prepare cut.vmdk -o x.raw
[ ! -e x.raw ] && [ ! -e x.raw.prepare ] || fail "something was left"
[ "$(sha256sum <base.raw)" = "$digest" ] || fail "the original was written to"
