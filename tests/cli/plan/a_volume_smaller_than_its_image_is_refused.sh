# A disk grows and never shrinks; one of the image's own size changes nothing, and needs no launch.
. "$CASE_LIB/build-case.sh"
truncate -s 1025M base.raw
cat >recipe.yml <<'YAML'
name: volume
semanticVersion: 1.0.0
parentImage: base.raw
parentImageFormat: raw
blockDeviceMappings:
  - {deviceName: /dev/xvda, ebs: {volumeSize: 1}}
YAML
status=0
LIBGUESTFS_HV=/bin/false "$SLIPWAY" build recipe.yml --store store -O qcow2 2>message || status=$?
cat message
[ "$status" = 3 ] || fail "exit status $status"
grep -q 'recipe.yml:6:47: volumeSize is 1 GiB, and the base image has 1074790400 bytes' message
[ ! -e out/volume-1.0.0/volume-1.0.0.qcow2 ] || fail "a refused build left an output"
truncate -s 1024M base.raw
LIBGUESTFS_HV=/bin/false "$SLIPWAY" build recipe.yml --store store -O qcow2 >/dev/null
"$SLIPWAY" plan recipe.yml --store store | tee plan
[ "$(grep -c '^cached' plan)" = 2 ]
sed -i 's/volumeSize: 1/volumeSize: 3/' recipe.yml
"$SLIPWAY" plan recipe.yml --store store | tee plan
grep -q '^run .*volume.*(changed: volumeBytes)' plan
grep -q '^one launch' plan
