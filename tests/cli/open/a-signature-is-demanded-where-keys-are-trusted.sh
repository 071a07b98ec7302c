# The folder of trusted keys demands a manifest, its signature, and the very bytes; --allow-unsigned is the way round.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen rsa-2048 -q -o lab
"$SLIPWAY" keygen sign-ec -q -o signer
"$SLIPWAY" keygen sign-ed25519 -q -o stranger
head -c 70000000 /dev/urandom >plain
"$SLIPWAY" seal plain -o good.sealed --to pem:lab.pub --sign pem:signer -q
# Anybody can seal to the public key, under the same name and with the same context.
head -c 1000 /dev/zero >forged
mkdir forger
cp forged forger/good
(cd forger && "$SLIPWAY" seal good -o good.sealed --to pem:../lab.pub --sign pem:../stranger -q)
mkdir trust
cp signer.pub trust
export SLIPWAY_TRUST=$PWD/trust

"$SLIPWAY" open good.sealed -o opened --key pem:lab 2>said
grep -q "signed by p256-.* (.*trust/signer.pub), made 20" said
cmp plain opened
rm opened
refused 5 'no trusted key made the signature' "$SLIPWAY" open forger/good.sealed -o opened --key pem:lab
refused 5 'is not vouched for' "$SLIPWAY" open forger/good.sealed -o opened --key pem:lab
cp forger/good.sealed forger/good.keys .         # under the good manifest
refused 5 "vouches for" "$SLIPWAY" open good.sealed -o opened --key pem:lab
[ ! -e opened ]
"$SLIPWAY" open good.sealed -o opened --key pem:lab -q --allow-unsigned # which is what a key alone proves
cmp forged opened
rm opened
"$SLIPWAY" seal plain -o good.sealed --to pem:lab.pub --sign pem:signer -q

# One bit in a later chunk: the first one is opened and nothing of it stays.
cp good.sealed changed.sealed
cp good.keys changed.keys
cp good.manifest.json changed.manifest.json
cp good.manifest.sig changed.manifest.sig
refused 5 'does not list it' "$SLIPWAY" open changed.sealed -o opened --key pem:lab
mkdir sub
cp good.* sub
printf '\001' | dd of=sub/good.sealed bs=1 seek=69000000 conv=notrunc status=none
cmp -s good.sealed sub/good.sealed && printf '\002' | dd of=sub/good.sealed bs=1 seek=69000000 conv=notrunc status=none
refused 5 "at 67108864 are not those that 'sub/good.manifest.json' vouches for" "$SLIPWAY" open sub/good.sealed -o opened --key pem:lab
printf '\001' | dd of=sub/good.sealed bs=1 seek=3 conv=notrunc status=none
refused 5 'at 0 are not those' "$SLIPWAY" open sub/good.sealed -o opened --key pem:lab
[ ! -e opened ]

# Where it lies may be said; without a signature, or with one of other bytes, nothing is opened.
"$SLIPWAY" open changed.sealed --manifest good.manifest.json -o opened --key pem:lab -q
cmp plain opened
rm opened
cp good.manifest.json kept
sed -i 's/"created":"2/"created":"1/' good.manifest.json
refused 5 'no trusted key made the signature' "$SLIPWAY" open good.sealed -o opened --key pem:lab
cp kept good.manifest.json
rm good.manifest.sig
refused 5 "is not signed: there is no 'good.manifest.sig'" "$SLIPWAY" open good.sealed -o opened --key pem:lab
rm good.manifest.json
refused 5 "neither 'good.manifest.json' nor './manifest.json' is there" "$SLIPWAY" open good.sealed -o opened --key pem:lab
refused 5 "neither" "$SLIPWAY" open good.sealed -o opened --key pem:lab --trust stranger.pub
rm trust/signer.pub
refused 5 'nothing is trusted' "$SLIPWAY" open good.sealed -o opened --key pem:lab
refused 2 'exclude each other' "$SLIPWAY" open good.sealed -o opened --key pem:lab --trust signer.pub --allow-unsigned
[ ! -e opened ]
unset SLIPWAY_TRUST
"$SLIPWAY" open good.sealed -o opened --key pem:lab -q # nobody is trusted, nothing is demanded
refused 2 'say --trust' "$SLIPWAY" open good.sealed -o opened2 --key pem:lab --manifest kept
