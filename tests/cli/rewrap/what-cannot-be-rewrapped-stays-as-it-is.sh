# A direct message, a wrong key, another file's sidecar, damage: exit 4, 5 or 2, and the sidecar that was there stays.
. "$CASE_LIB/disks.sh"
printf 'hello' >plain
"$SLIPWAY" keygen aes -q -o a.key
"$SLIPWAY" keygen aes -q -o b.key
"$SLIPWAY" seal plain -q -o direct.sealed --direct --to aes:a.key
"$SLIPWAY" seal plain -q -o p.sealed --to aes:a.key --context image=web
"$SLIPWAY" seal plain -q -o q.sealed --to aes:a.key
sha256sum ./* >"$TMPDIR/sums"
no() { # CODE PART OPTION…
    local want=$1 part=$2
    shift 2
    refused "$want" "$part" "$SLIPWAY" rewrap "$@"
    sha256sum --quiet -c "$TMPDIR/sums"
}
no 4 "open it and seal it anew" direct.sealed --key aes:a.key --to aes:b.key
[ ! -e direct.keys ]
no 5 "no key was given" p.sealed --key aes:b.key --to aes:b.key
no 5 "another message" p.sealed --keys q.keys --key aes:a.key --to aes:b.key
no 5 "was expected" p.sealed --key aes:a.key --to aes:b.key --expect image=db
no 5 "no Encryption SDK message" plain --key aes:a.key --to aes:b.key
no 5 "carries no artifact key" p.sealed --keys direct.sealed --key aes:a.key --to aes:b.key
no 2 "--key KEY is missing" p.sealed --to aes:b.key
no 2 "--to RECIPIENT is missing" p.sealed --key aes:a.key
no 1 "cannot open" p.sealed --keys missing --key aes:a.key --to aes:b.key
no 5 "" p.sealed --key aes:a.key --to aes:missing
# The key that opens it lies where the sidecar is looked for.
cp a.key r.keys
chmod 600 r.keys
cp p.sealed r.sealed
sha256sum ./* >"$TMPDIR/sums"
no 2 "would be lost" r.sealed --key aes:r.keys --to aes:b.key
no 2 "would be lost" r.sealed --key aes:a.key --to aes:r.keys
# A folder and a link are not replaced.
mkdir folder
ln -s p.keys link
refused 2 "not a regular file" "$SLIPWAY" rewrap p.sealed --keys folder --key aes:a.key --to aes:b.key
refused 2 "not a regular file" "$SLIPWAY" rewrap p.sealed --keys link --key aes:a.key --to aes:b.key
# A body that is cut, or whose last frame is not right, is not worth a new sidecar.
head -c -1 p.sealed >cut.sealed
cp p.keys cut.keys
cp p.keys cut.copy
refused 5 "cannot open" "$SLIPWAY" rewrap cut.sealed --key aes:a.key --to aes:b.key
cmp cut.keys cut.copy
# Killed at any moment, the sidecar is the old one or the new one.
for _ in 1 2 3 4 5 6 7 8; do
    "$SLIPWAY" rewrap p.sealed -q --key aes:a.key --key aes:b.key --to aes:b.key &
    pid=$!
    sleep "0.00$((RANDOM % 9))"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    "$SLIPWAY" open p.sealed -q -o opened --key aes:a.key --key aes:b.key
    cmp plain opened
done
