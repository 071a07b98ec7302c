# A CA of one's own, from the environment and from the profile; who is not vouched for is refused; a proxy's password is not told.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_need openssl
rig_certificate "$PWD/lab"
rig_start "$PWD/rig" --certificate "$PWD/lab.pem"
head -c 1000 /dev/urandom >disk.img
under=()
ask() { AWS_MAX_ATTEMPTS=1 "${under[@]}" "$SLIPWAY" import --bucket lab --endpoint-url "$RIG_URL" --dry-run -f raw disk.img -v >out 2>err; }
if ask; then fail "a certificate that nobody vouches for is taken"; fi
grep -qi 'certificate' err || fail "the certificate is not named: $(cat err)"
grep -q "$RIG_URL" err || fail "the host is not named: $(cat err)"
grep -q 'AWS_CA_BUNDLE names a file' err || fail "the remedy is not named: $(cat err)"
AWS_CA_BUNDLE=lab.ca.pem ask || fail "AWS_CA_BUNDLE: $(cat err)"
printf '[profile lab]\nca_bundle = %s\n' "$PWD/lab.ca.pem" >config
AWS_CONFIG_FILE=config AWS_PROFILE=lab ask || fail "ca_bundle: $(cat err)"
if AWS_CA_BUNDLE=none.pem ask; then fail "a bundle that is not there is passed over"; fi
mkdir folder roots
cp lab.ca.pem folder/
openssl rehash folder
AWS_CA_BUNDLE=folder ask || fail "a folder of CAs: $(cat err)"

# A bundle stands in for the machine's roots and does not join them: seen where another folder can lie in their place.
if unshare -m true 2>/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout other.ca.key -out other.ca.pem -days 2 -subj '/CN=another CA' 2>/dev/null
    cp lab.ca.pem roots/
    cp other.ca.pem roots/ca-certificates.crt
    openssl rehash roots
    under=(unshare -m sh -ec 'mount --bind roots /etc/ssl/certs; exec "$@"' sh)
    ask || fail "the machine's roots: $(cat err)"
    if AWS_CA_BUNDLE=other.ca.pem ask; then fail "the machine's roots count beside the bundle"; fi
    grep -qi 'certificate' err || fail "it failed for another reason: $(cat err)"
    under=()
fi

# The name counts too: localhost is in the certificate, this one is not.
export AWS_CA_BUNDLE=lab.ca.pem
port=${RIG_URL##*:}
RIG_URL=https://localhost:$port no_proxy=localhost ask || fail "another name of the certificate: $(cat err)"
if RIG_URL=https://127.0.0.2:$port no_proxy=127.0.0.2 ask; then fail "a name that is not in the certificate is taken"; fi

for proxy in http://user:sekrit@127.0.0.1:1 strange://user:sekrit@127.0.0.1:1 'http://user:sekrit@no host'; do
    if HTTPS_PROXY=$proxy NO_PROXY='' no_proxy='' ask; then fail "the proxy $proxy is passed over"; fi
    if grep -q 'sekrit' out err; then fail "the password of $proxy is told: $(cat err)"; fi
    HTTPS_PROXY=$proxy NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 ask || fail "NO_PROXY does not count: $(cat err)"
done
