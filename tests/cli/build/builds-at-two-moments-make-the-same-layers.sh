# appliance: 1
# The layers of a build do not tell when it was made, with how many jobs, or whether the layer beneath was there already.
. "$CASE_LIB/build-case.sh"
need_appliance
need e2fsck
make_base
for name in one two; do
    component_of build Write "mkdir -p /opt; date -u +%F >/opt/date-$name" \
        "mkdir -p /opt/$name/deep; for i in 1 2 3 4 5 6 7 8; do echo \$i >/opt/$name/\$i; done" \
        "dd if=/dev/urandom of=/opt/junk bs=1k count=900 2>/dev/null; rm /opt/junk /opt/$name/3" \
        "sleep \$((RANDOM % 3)); echo $name >>/etc/hostname; ln -s /opt/$name/4 /opt/$name/deep/link" \
        "cat /etc/hostname /opt/$name/[4-8] >/dev/null" >$name.yml
done
recipe_of moments one.yml two.yml >recipe.yml
recipe_of moments one.yml >first.yml
for recipe in recipe first; do outputs_of raw >>$recipe.yml; done

"$SLIPWAY" build recipe.yml --store store-1 --out out-1 --jobs 1 --json >1.json
sleep 2
"$SLIPWAY" build first.yml --store store-2 --out out-2 --no-output --json >2-first.json
"$SLIPWAY" build recipe.yml --store store-2 --out out-2 --jobs 8 --json >2.json
layers 1.json >1.layers
layers 2.json >2.layers
[ "$(wc -l <1.layers)" = 3 ]
cmp 1.layers 2.layers
[ "$(layers 2-first.json | tail -n 1)" = "$(sed -n 2p 1.layers)" ]
cmp out-1/moments-1.0.0/*.raw out-2/moments-1.0.0/*.raw

disk=$(echo out-1/moments-1.0.0/*.raw)
[ "$(read_file "$disk" /opt/date-one)" = 2025-01-01 ]
[ "$(read_file "$disk" /opt/one/4)" = 4 ]
e2fsck -fn "$(root_of "$disk")" >said 2>&1 || { cat said; fail "e2fsck complains"; }

# Another moment is another input of the layers, and their digests differ.
SOURCE_DATE_EPOCH=1760000000 "$SLIPWAY" build first.yml --store store-1 --out out-3 --no-output --json >3.json
[ "$(layers 3.json | tail -n 1)" != "$(sed -n 2p 1.layers)" ]
"$SLIPWAY" store export --store store-1 moments:1.0.0 third.raw
[ "$(read_file third.raw /opt/date-one)" = 2025-10-09 ]
