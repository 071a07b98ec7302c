# A truncated VMDK, a VHD with a bad footer and a missing base: a clear message, exit status, and no layer.
. "$CASE_LIB/build-case.sh"
need mke2fs qemu-img
make_base
write_recipe
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized base.raw base.vmdk
qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on base.raw base.vhd
truncate -s -70000 base.vmdk
printf X | dd of=base.vhd bs=1 seek=$(($(stat -c %s base.vhd) - 400)) conv=notrunc status=none
refuse_build 5 "base.vmdk" --base base.vmdk
refuse_build 5 "base.vhd" --base base.vhd
refuse_build 1 "nowhere.raw" --base nowhere.raw -f raw
sed -i /parentImageFormat/d recipe.yml
refuse_build 2 "-f raw" --base base.raw
