# What lies on a layer that is gone is made again with it; what lies on another layer than this one is not used.
. "$CASE_LIB/build-case.sh"
need mke2fs
make_base
recipe_of checks first.yml second.yml >recipe.yml
outputs_of raw >>recipe.yml
# Components with test phases only leave the disk as it is: without those, a build needs no launch at all.
for name in first second; do component_of test Check "echo $name" >$name.yml; done
build() { LIBGUESTFS_HV=/bin/false "$SLIPWAY" build --no-test recipe.yml --store store "$@"; }
record() { grep -l "\"position\": $1" store/slipway/keys/*.json; }
states() { "$SLIPWAY" plan recipe.yml --store store | awk '$2 ~ /^[0-9]$/ { printf "%s ", $1 }'; }
same() { [ "$1" = "$2" ] || fail "'$1' is not '$2'"; }
build >/dev/null
same "$(states)" 'cached cached cached '
cp "$(record 2)" whole.json

rm "$(record 1)"
same "$(states)" 'cached run run '
build >/dev/null
same "$(states)" 'cached cached cached '

# The layer of the first component has gone: its record names a blob that is not there.
digest=$(sed -n 's/.*"digest": "\([0-9a-f]\{64\}\)".*/\1/p' "$(record 0)" | head -n 1)
sed -i "s/$digest/${digest:1}0/" "$(record 1)"
same "$(states)" 'cached run run '
build >/dev/null
same "$(states)" 'cached cached cached '
cmp whole.json "$(record 2)"

# Another disk's layer, whole as it is, does not belong on this one.
printf x | dd of=other.raw bs=1 seek=8000000 status=none
build --base other.raw --format raw --out other >/dev/null
other=$("$SLIPWAY" store ls --store store --json |
    sed -n 's/^ *"digest": "\([0-9a-f]*\)".*/\1/p' | grep -v "$digest" | head -n 1)
size=$(stat -c %s "store/blobs/sha256/$other")
for file in store/slipway/keys/*.json; do
    if ! grep -q "$digest" "$file" || ! grep -q '"position": 2' "$file"; then continue; fi
    sed -i "s/\"digest\": \"$digest\"/\"digest\": \"$other\"/; s/\"size_bytes\": [0-9]*/\"size_bytes\": $size/" "$file"
done
same "$(states)" 'cached cached run '
build >/dev/null
cmp base.raw out/checks-1.0.0/checks-1.0.0.raw
