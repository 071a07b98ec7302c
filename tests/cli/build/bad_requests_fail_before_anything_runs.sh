# Whatever is wrong with the request is said before a store or a folder is made.
. "$CASE_LIB/build-case.sh"
need mke2fs
make_base
write_recipe
refuse() { # CODE PART ARG…
    refused "$1" "$2" "$SLIPWAY" build --out out --store store "${@:3}"
    [ ! -e out ] && [ ! -e store ] || fail "$*: something was made"
}
refuse 2 "unknown format 'floppy'" -O floppy recipe.yml
refuse 2 "unknown subformat 'thick'" -O vmdk,subformat=thick recipe.yml
refuse 2 "asked for twice" -O raw -O raw recipe.yml
refuse 2 "cannot be sealed as it is written" -O qcow2 --seal-to aes:key recipe.yml
refuse 4 "this command opens no connections" --seal-to kms:alias/lab recipe.yml
refuse 2 "surplus argument" recipe.yml other.yml
refuse 2 "accel" --accel fast recipe.yml
refuse 2 "is not UTF-8" --out $'out\xff' recipe.yml
echo 'surprise: 1' >>recipe.yml
refuse 3 "recipe.yml:13:1: " recipe.yml
refuse 3 "'recipe.yml' has 1 fault" recipe.yml
sed -i '/surprise/d' recipe.yml
cp recipe.yml with.yml
echo 'repositories: [debs]' >>with.yml
refuse 7 "repository 'debs': No such file" with.yml
mkdir debs
refuse 3 "repository 'debs': it holds no package repository" with.yml
sed -i 's/second.yml/missing.yml/' recipe.yml
refuse 3 "missing.yml" recipe.yml
