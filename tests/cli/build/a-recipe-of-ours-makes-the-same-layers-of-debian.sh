# Packages by apt, a user, services: two builds of them, with one job and with eight, on a Debian disk make the same layers.
# The disk is one that scripts/make-base-image makes, in a minute, or what SLIPWAY_TEST_DEBIAN names (raw). The digests of the
# base and of each layer are left in layers-of-debian, for whoever has two machines; SLIPWAY_TEST_LAYERS names another's.
# appliance: 1
# timeout: 900
. "$CASE_LIB/build-case.sh"
need_appliance
need debugfs sgdisk python3
if [ -n "${SLIPWAY_TEST_DEBIAN:-}" ]; then base=$SLIPWAY_TEST_DEBIAN; else SLIPWAY_TEST_MAKE_BASE=1 made_disk debian12-sudo --include sudo; fi
SOURCE_DATE_EPOCH=1700000000 "$CASE_LIB/deb-repository" repo flat thing=1.0 other=2.0=thing || exit $?
component_of build Enable \
    "printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/mine.service" \
    'systemctl enable mine.service' 'systemctl mask systemd-networkd-wait-online.service' >services.yml
cat >recipe.yml <<YAML
name: same
semanticVersion: 1.0.0
parentImage: $base
parentImageFormat: raw
repositories: [repo]
serviceStarts: skip
components:
  - component: $SLIPWAY_SOURCE/recipes/components/install-packages.yml
    parameters: [{name: Packages, value: ['other']}]
  - component: $SLIPWAY_SOURCE/recipes/components/users-and-keys.yml
    parameters: [{name: UserName, value: [lab]}, {name: Groups, value: ['adm,builders']}, {name: Sudo, value: [nopasswd]}]
  - component: services.yml
outputs:
  - format: raw
YAML
"$SLIPWAY" build recipe.yml --store one --out out --jobs 1 --json >1.json
sleep 2
"$SLIPWAY" build recipe.yml --store two --out out --jobs 8 --no-output --json >2.json
layers 1.json >1.layers
layers 2.json >2.layers
cat 1.layers
[ "$(wc -l <1.layers)" = 4 ]
cmp 1.layers 2.layers
cp 1.layers "$SLIPWAY_BUILD/layers-of-debian"
if [ -n "${SLIPWAY_TEST_LAYERS:-}" ]; then
    if [ -e "$SLIPWAY_TEST_LAYERS" ]; then cmp 1.layers "$SLIPWAY_TEST_LAYERS"; else cp 1.layers "$SLIPWAY_TEST_LAYERS"; fi
fi
# The packages are there, and no line in a log tells of the second at which they came.
disk=out/same-1.0.0/same-1.0.0.raw
[ "$(read_file $disk /opt/other)" = 2.0 ]
read_file $disk /etc/passwd | grep -q '^lab:'
read_file $disk /var/log/dpkg.log >after.log
{ read_file "$base" /var/log/dpkg.log || true; } >before.log
cmp before.log after.log
