# Whatever is wrong with it, libguestfs's own does the work, and the log says so. --appliance stock does not even try.
# appliance: 0
# timeout: 400
. "$CASE_LIB/build-case.sh"
need_appliance
[ "$(uname -m)" = x86_64 ] || exit 77
make_base
export LIBGUESTFS_CACHEDIR=$PWD/cache
unset LIBGUESTFS_PATH
mkdir cache
write_component first one
recipe_of one first.yml >recipe.yml
outputs_of raw >>recipe.yml
build() {
    rm -rf out
    "$SLIPWAY" build recipe.yml --store store --out out --no-cache "$@" >stdout 2>stderr || { cat stderr; exit 1; }
    [ "$(read_file out/one-1.0.0/one-1.0.0.raw /etc/first)" = one ]
}
build
grep -q 'launched in .* fast)' stderr
# Its first process is gone, and there is no start that was saved while it was there.
rm cache/fast-*/start-*
for initrd in cache/fast-*/initrd; do : >"$initrd"; done
build
grep -q 'the fast appliance did not start' stderr
grep -q 'launched in .* stock)' stderr
build --appliance stock
grep -q 'launched in .* stock)' stderr
if grep 'did not start' stderr; then exit 1; fi
status=0
"$SLIPWAY" build recipe.yml --store store --out out --appliance fastest 2>stderr || status=$?
[ "$status" = 2 ]
grep -qF -- "--appliance is auto or stock, not 'fastest'" stderr
