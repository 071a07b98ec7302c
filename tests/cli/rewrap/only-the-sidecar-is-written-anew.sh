# The body stays byte for byte, the old recipient opens no more, the new ones do; ids and keys of the sidecar are fresh.
. "$CASE_LIB/disks.sh"
need openssl
head -c 300000 /dev/urandom >plain
for key in old.key new.key stranger.key; do
    "$SLIPWAY" keygen aes -q -o $key
done
"$SLIPWAY" keygen rsa -q -o lab.pem
"$SLIPWAY" seal plain -q -o p.sealed --to aes:old.key --context image=web
chmod 600 p.keys
sha256sum p.sealed >body.sum
stat -c %i.%Y.%Z p.sealed >body.stat
cp p.keys first.keys
"$SLIPWAY" rewrap p.sealed --key aes:old.key --to aes:new.key --to pem:lab.pem.pub --expect image=web 2>said
grep -q 'revokes nothing' said
sha256sum --quiet -c body.sum
stat -c %i.%Y.%Z p.sealed | cmp - body.stat
[ "$(stat -c %a p.keys)" = 600 ]
id() { od -An -tx1 -j3 -N32 "$1" | tr -d ' \n'; }
[ "$(id p.keys)" != "$(id first.keys)" ]
for key in aes:new.key pem:lab.pem; do
    "$SLIPWAY" open p.sealed -q -o opened --key $key
    cmp plain opened
    rm opened
done
refused 5 "no key was given" "$SLIPWAY" open p.sealed -o opened --key aes:old.key
[ ! -e opened ]
# It does not revoke, and says so: the old sidecar still opens.
"$SLIPWAY" open p.sealed -q -o opened --keys first.keys --key aes:old.key
cmp plain opened

# Again and again, the id never comes twice; JSON; another sidecar's name.
"$SLIPWAY" rewrap p.sealed --json --key pem:lab.pem --to aes:old.key >json
jq -e '.keys == "p.keys" and (.recipients | length) == 1 and .revokes == false' json >/dev/null
[ "$(jq -r .artifact json)" = "$("$SLIPWAY" inspect p.sealed --json | jq -r '.sealed.message.context.artifact')" ]
cp p.keys elsewhere
for i in 1 2 3 4 5; do
    "$SLIPWAY" rewrap p.sealed -q --keys elsewhere --key aes:old.key --to aes:old.key
    id elsewhere >>ids
    echo >>ids
done
[ "$(sort -u ids | wc -l)" = 5 ]
"$SLIPWAY" open p.sealed -q -o opened --keys elsewhere --key aes:old.key
"$SLIPWAY" open p.sealed -q -o opened --key aes:old.key
sha256sum --quiet -c body.sum
[ -z "$(find . -name '.*.tmp-*')" ]
