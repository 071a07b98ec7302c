# The second launch takes what the first has made; what is made of other packages is made anew, and the old one goes.
# appliance: 0
# timeout: 300
. "$CASE_LIB/session-case.sh"
need_fast_session
export LIBGUESTFS_CACHEDIR=$PWD/cache
mkdir cache
launch() { run_session 'ls /dev/disk/by-path >/dev/null 2>&1; echo ran'; }
inode() { stat -c %i cache/fast-*/root; }

launch
grep -q 'the appliance was made' log
first=$(inode)
launch
if grep 'the appliance was made' log; then exit 1; fi
[ "$(inode)" = "$first" ]
# A package database that has changed, but not in what went in.
for stamp in cache/fast-*/stamp; do echo other >"$stamp"; done
launch
[ "$(inode)" = "$first" ]
if grep -q '^other$' cache/fast-*/stamp; then fail "the packages were not asked for"; fi
# Now in what went in.
if command -v dpkg-query >/dev/null; then
    for stamp in cache/fast-*/stamp; do echo other >"$stamp"; done
    sed -i '1s/_.*_/_0.0.1_/' cache/fast-*/packages
    launch
    grep -q 'the appliance was made' log
    [ "$(inode)" != "$first" ]
    [ "$(find cache -maxdepth 1 -name 'fast-*' -type d | wc -l)" = 1 ]
fi
# What a killed process has left goes with the next that is made.
mkdir cache/fast-new.1 && touch cache/fast-new.1/root
mv cache/fast-*-* cache/fast-0000000000000000-0000000000000000
# Another slipway's is left alone, unless nobody used it for long.
for other in 1111111111111111 2222222222222222; do
    mkdir "cache/fast-$other-$other"
    printf 'layout 0\ninit another\n' >"cache/fast-$other-$other/sources"
    touch "cache/fast-$other-$other/in-use"
done
touch -d '8 days ago' cache/fast-2222222222222222-2222222222222222/in-use
launch
[ "$(find cache -maxdepth 1 -name 'fast-*' -type d | wc -l)" = 2 ]
[ -d cache/fast-1111111111111111-1111111111111111 ]
# Nor is that of another machine with the same home; of this one's the one that was made before goes.
for folder in cache/fast-*; do
    if [ -e "$folder/made-on" ]; then mv "$folder" cache/fast-3333333333333333-3333333333333333; fi
done
cp -r cache/fast-3333333333333333-3333333333333333 cache/fast-4444444444444444-4444444444444444
echo elsewhere >cache/fast-4444444444444444-4444444444444444/made-on
launch
[ ! -d cache/fast-3333333333333333-3333333333333333 ]
[ -d cache/fast-4444444444444444-4444444444444444 ]
