# appliance: 1
# What one component leaves and a later one deletes lies in the first one's layer, and nowhere in the disk that the result is.
. "$CASE_LIB/build-case.sh"
need_appliance
need e2fsck
make_base
# shellcheck disable=SC2016 # the variable is the guest's
component_of build Leave 'for i in $(seq 3000); do echo "TOKEN=left-behind $i"; done >/root/history' \
    'echo "TOKEN=left-behind too" >/etc/wiped' >leave.yml
component_of build Clean 'rm /root/history' 'head -c 4096 /dev/zero | dd of=/etc/wiped conv=notrunc,fsync 2>/dev/null; rm /etc/wiped' \
    'dd if=/dev/zero of=/etc/kept bs=1k count=8 2>/dev/null; echo kept >>/etc/kept' >clean.yml
recipe_of deleted leave.yml clean.yml >recipe.yml
# In one launch, and beginning at the first one's layer: the layers are the same.
"$SLIPWAY" build recipe.yml --out out --store store -O raw --json >one.json
recipe_of deleted leave.yml >first.yml
"$SLIPWAY" build first.yml --out other --store other.store -O raw --json >first.json
grep -qa left-behind other/deleted-1.0.0/deleted-1.0.0.raw || fail "it was never there"
"$SLIPWAY" build recipe.yml --out other --store other.store -O raw --json >two.json
cmp <(layers one.json) <(layers two.json)
disk=out/deleted-1.0.0/deleted-1.0.0.raw
cmp $disk other/deleted-1.0.0/deleted-1.0.0.raw
if grep -qa left-behind $disk; then fail "it is still on the disk"; fi
[ "$(read_file $disk /etc/kept | tail -c 5)" = kept ]
dd if=$disk of=root.img bs=1M skip=1 conv=sparse status=none
e2fsck -fn root.img >said 2>&1 || { cat said; fail "e2fsck complains"; }
