# Into a sealed store as it is, into one that is in clear only when that was said; never by way of a plaintext file.
. "$CASE_LIB/build-case.sh"
need mke2fs strace jq
make_base
"$SLIPWAY" keygen aes -q -o lab.key
"$SLIPWAY" keygen aes -q -o other.key
"$SLIPWAY" convert -q -f raw base.raw -O vmdk base.vmdk.sealed --seal-to aes:lab.key
recipe_of web check.yml | sed 's/base.raw/base.vmdk.sealed/; /parentImageFormat/d' >recipe.yml
echo 'outputs: [{format: raw, seal: ["aes:lab.key"]}]' >>recipe.yml
write_check
refuse_build 2 "name the key that opens it with --key"
refuse_build 4 "--plain-scratch" --key aes:lab.key
refuse_build 5 "no key was given" --key aes:other.key --plain-scratch
mv base.vmdk.keys away
refuse_build 5 "needs its sidecar" --key aes:lab.key --plain-scratch
mv away base.vmdk.keys

# A plain disk in its place, with and without the key.
mkdir kept
mv base.vmdk.sealed kept
"$SLIPWAY" convert -q -f raw base.raw -O vmdk base.vmdk
mv base.vmdk base.vmdk.sealed
refuse_build 5 "it is no sealed message" --key aes:lab.key --plain-scratch
refuse_build 5 "it is no sealed message"
refuse_build 5 "it is no sealed message" --dry-run --key aes:lab.key
mv kept/base.vmdk.sealed .

# In place: what is opened for writing lies in the store (its folders are open already) and in the output's folder.
# LeakSanitizer cannot look under strace.
ASAN_OPTIONS=detect_leaks=0 strace -f -o trace -e trace=openat,open,creat,memfd_create \
    "$SLIPWAY" build --no-test recipe.yml --out out --store store --key aes:lab.key --plain-scratch
grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|creat\(|memfd' trace | grep -v '"/dev/\|"/proc/\|"[^"]*store\|"out/\|openat([0-9]' >written || true
[ ! -s written ] || { cat written >&2; fail "something else was written"; }
"$SLIPWAY" open -q out/web-1.0.0/web-1.0.0.raw.sealed -o built.raw --key aes:lab.key
cmp base.raw built.raw
# The same in clear: for its owner alone.
"$SLIPWAY" build --no-test recipe.yml --out clear --store store --key aes:lab.key --plain-scratch -O qcow2 -q
[ "$(stat -c %a clear/web-1.0.0/web-1.0.0.qcow2)" = 600 ] || fail "others may read what was sealed"
# The same file is known again, by the stamps of what is sealed.
rm -rf out
"$SLIPWAY" build --no-test recipe.yml --out out --store store --key aes:lab.key --plain-scratch 2>said
grep -q "base.vmdk.sealed': known" said || { cat said >&2; fail "it was read again"; }

# A sealed store takes it without a word.
"$SLIPWAY" store init --store vault --seal-to aes:lab.key
rm -rf out
"$SLIPWAY" build --no-test recipe.yml --out out --store vault --key aes:lab.key
"$SLIPWAY" open -q out/web-1.0.0/web-1.0.0.raw.sealed -o again.raw --key aes:lab.key
cmp base.raw again.raw
# A flipped bit in it is an error, and no layer.
cp -r vault before
python3 - <<'END'
import os
with open("base.vmdk.sealed", "r+b") as f:
    f.seek(os.stat("base.vmdk.sealed").st_size // 2)
    byte = f.read(1)[0]
    f.seek(-1, 1)
    f.write(bytes([byte ^ 1]))
END
status=0
"$SLIPWAY" build --no-test recipe.yml --out out --store vault --key aes:lab.key 2>said || status=$?
[ "$status" = 5 ] || { cat said >&2; fail "exit status $status"; }
[ "$(find vault/blobs -type f | wc -l)" = "$(find before/blobs -type f | wc -l)" ] || fail "a blob was left"
