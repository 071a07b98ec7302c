# 404, endless bytes, redirects without end, a certificate that nobody vouches for, a key that leads out of its folder.
. "$CASE_LIB/build-case.sh"
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
need openssl
mkdir web safe
printf content >web/file
cp web/file safe/
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=nobody 2>/dev/null
cat key.pem cert.pem >both.pem
rig_start "$PWD/rig"
web_start "$PWD/web"
plain=$WEB_URL
web_start "$PWD/safe" --certificate "$PWD/both.pem"
export AWS_ENDPOINT_URL=$RIG_URL SLIPWAY_FETCH_MAX=1M
rig_put 'bad/../../../etc/x' web/file
recipe_of got get.yml >recipe.yml
get() { # ACTION SOURCE [FIELD…]
    printf '%s\n' 'schemaVersion: 1.0' 'phases:' '  - name: build' '    steps:' '      - name: Get' \
        "        action: $1" '        inputs:' "          - source: '$2'" '            destination: /opt/' >get.yml
    shift 2
    (($# == 0)) || printf '            %s\n' "$@" >>get.yml
}
refuse() { # CODE PART
    local status=0
    "$SLIPWAY" bundle recipe.yml -o got.tar >stdout 2>stderr || status=$?
    [ "$status" = "$1" ] || { cat stderr >&2; fail "exit status $status, not $1"; }
    grep -qF -- "$2" stderr || { cat stderr >&2; fail "'$2' is not in the message"; }
    [ ! -e got.tar ] || fail "a bundle was left"
}
get WebDownload "http://$plain/nowhere"
refuse 1 'the server answered HTTP 404'
grep -q '^get.yml:8:21: ' stderr
get WebDownload "http://$plain/status/206"
refuse 1 'the server answered HTTP 206'
get WebDownload "http://$plain/endless"
refuse 1 'it is larger than 1048576 bytes'
get WebDownload "http://$plain/loop"
refuse 1 'redirects'
get WebDownload "https://$WEB_URL/file"
refuse 1 'certificate'
get S3Download 's3://lab/bad/*'
refuse 4 "a key that is no path beneath 's3://lab/bad/*'"
get S3Download 's3://lab/none/*'
refuse 1 'there are no objects'
get S3Download s3://lab/bad/x 'expectedBucketOwner: "999922223333"'
refuse 1 'AccessDenied'

get WebDownload "https://$WEB_URL/file" 'ignoreCertificateErrors: true'
"$SLIPWAY" bundle recipe.yml -o got.tar >stdout 2>stderr
# What came without a look at the certificate is not for those who want one.
get WebDownload "https://$WEB_URL/file"
refuse_offline=0
"$SLIPWAY" bundle recipe.yml --bundle got.tar -o other.tar >stdout 2>stderr || refuse_offline=$?
[ "$refuse_offline" = 1 ] || fail "a file of an unknown server was taken: $refuse_offline"
[ -z "$(find "$XDG_CACHE_HOME" -name '.new-*')" ] || fail "half a file was left"
