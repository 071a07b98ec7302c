# Sizes around a frame, with and without the sidecar, any number of jobs, each recipient by itself.
. "$CASE_LIB/disks.sh"
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen rsa -q -o rsa.key
"$SLIPWAY" keygen aes -q -o other.key
openssl rand 1000000 >random
for size in 0 1 4095 4096 4097 40960 1000000; do
    head -c $size random >plain
    for direct in "" --direct; do
        for jobs in 1 8; do
            "$SLIPWAY" seal plain -o out.sealed --to aes:aes.key --to pem:rsa.key.pub,ns=lab,name=one \
                --frame-size 4K -j $jobs -q $direct
            if [ -n "$direct" ]; then [ ! -e out.keys ]; else [ -e out.keys ]; fi
            "$SLIPWAY" open out.sealed -o got1 --key aes:aes.key -j 8 -q
            cmp plain got1
            "$SLIPWAY" open out.sealed -o got2 --key aes:other.key --key pem:rsa.key,ns=lab,name=one -j 1 -q
            cmp plain got2
            # The RSA key has another name in the message than the one it would have by itself.
            refused 5 'no key was given' "$SLIPWAY" open out.sealed -o got3 --key pem:rsa.key -q
            [ ! -e got3 ]
            rm -f out.keys
        done
    done
done
[ "$(stat -c %a got1)" = 600 ]
# Nothing else was left behind, hidden files included.
nothing_but aes.key got1 got2 other.key out.sealed plain random rsa.key rsa.key.pub
