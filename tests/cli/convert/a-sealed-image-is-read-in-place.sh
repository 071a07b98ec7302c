# Every verb that reads an image reads a sealed one, of any format, as it reads the plain one; nothing plain is written but
# what was asked for, and nothing at all where the target is sealed too.
. "$CASE_LIB/disks.sh"
need strace
# LeakSanitizer cannot look under strace.
under_strace() {
    ASAN_OPTIONS=detect_leaks=0 strace -f -o "$@"
}
make_disk disk.raw 6
canary="canary of the plaintext, nowhere to be found"
printf '%s' "$canary" | dd of=disk.raw bs=1 seek=3000 conv=notrunc status=none
"$SLIPWAY" keygen aes -q -o aes.key
"$SLIPWAY" keygen rsa -q -o lab.pem
"$SLIPWAY" inspect -f raw --digest disk.raw | tail -1 >digest

for target in raw vmdk qcow2 qcow2,subformat=zlib vhd vhdx; do
    format=${target%%,*} options=()
    case $target in *,*) options+=(-o "${target#*,}") ;; esac
    "$SLIPWAY" convert -q -f raw -O "$format" "${options[@]}" disk.raw plain
    rm -f x.sealed x.keys
    "$SLIPWAY" seal plain -q -o x.sealed --to pem:lab.pem.pub --context image-format="$format"
    "$SLIPWAY" inspect --digest x.sealed --key pem:lab.pem | tail -1 | cmp - digest
    "$SLIPWAY" verify -q x.sealed --key pem:lab.pem | grep -q "whole: $format"
    under_strace trace -e trace=openat,open,creat,memfd_create,mknod,mkdir \
        "$SLIPWAY" convert -q x.sealed --key pem:lab.pem -O raw back
    cmp back disk.raw
    # The target's own file is the only one that is opened for writing.
    grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|creat\(|memfd|mknod|mkdir' trace | grep -v '"/dev/\|"/proc/' >written || true
    [ "$(wc -l <written)" = 1 ] && grep -q 'O_TMPFILE' written || { cat written; exit 1; }
    rm back
done

# Without image-format the magic decides, and raw is named.
"$SLIPWAY" seal disk.raw -q -o raw.sealed --to aes:aes.key
refused 2 "-f raw" "$SLIPWAY" convert raw.sealed --key aes:aes.key out.vmdk
"$SLIPWAY" convert -q -f raw raw.sealed --key aes:aes.key out.vmdk
"$SLIPWAY" inspect --digest out.vmdk | tail -1 | cmp - digest

# From sealed to sealed: the canary is in no file, and only the two outputs are written.
"$SLIPWAY" convert -q -f raw disk.raw in.raw.sealed -O raw --seal-to aes:aes.key
mkdir empty
cd empty || exit
under_strace ../trace -e trace=openat,open,creat,memfd_create,mknod,mkdir \
    "$SLIPWAY" convert -q ../in.raw.sealed --key aes:../aes.key -O raw out.raw.sealed --seal-to pem:../lab.pem.pub
nothing_but out.raw.keys out.raw.sealed
cd .. || exit
grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|creat\(|memfd|mknod|mkdir' trace | grep -v '"/dev/\|"/proc/' >written || true
# Beside them there is what undoes the first rename until the second one: the sidecar's artifact id.
grep -q '"[./]*\.out\.raw\.keys\.before"' written
sed -i '/\.out\.raw\.keys\.before"/d' written
[ "$(grep -c O_TMPFILE written)" = 2 ] && [ "$(wc -l <written)" = 2 ] || { cat written; exit 1; }
if grep -rqaF "$canary" empty "$TMPDIR" "$HOME"; then exit 1; fi
"$SLIPWAY" open empty/out.raw.sealed -q -o opened --key pem:lab.pem
cmp opened disk.raw
grep -qaF "$canary" opened
"$SLIPWAY" inspect empty/out.raw.sealed | grep -q 'image-format=raw'

# Without a key it is asked for; with one nothing but a sealed file is taken.
refused 2 "name the key that opens it with --key" "$SLIPWAY" convert in.raw.sealed out.raw
refused 2 "name the key that opens it with --key" "$SLIPWAY" verify in.raw.sealed
refused 5 "no key was given" "$SLIPWAY" convert in.raw.sealed --key pem:lab.pem out2.raw
refused 5 "no Encryption SDK message" "$SLIPWAY" convert out.vmdk --key aes:aes.key out2.raw
refused 5 "no Encryption SDK message" "$SLIPWAY" verify out.vmdk --key aes:aes.key
[ ! -e out2.raw ] && [ ! -e out.raw ]
