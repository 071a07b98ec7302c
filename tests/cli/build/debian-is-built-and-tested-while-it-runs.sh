# A Debian: a component starts a service and installs a package of the recipe's repository in the booted image, and the test
# phase finds both, also after a restart.
# appliance: 1
# timeout: 1800
# shellcheck disable=SC2016 # the variables are those of the guest's shell
. "$CASE_LIB/build-case.sh"
[ -n "${SLIPWAY_TEST_BOOT-}" ] || { echo "skipped: SLIPWAY_TEST_BOOT=1 boots copies of a Debian, some minutes each"; exit 77; }
need_appliance
need jq
lab=${SLIPWAY_TEST_DEBIAN:-}
[ -r "$lab" ] || { echo "skipped: SLIPWAY_TEST_DEBIAN names no Debian disk"; exit 77; }
"$CASE_LIB/deb-repository" repo flat thing=1.0 other=2.0=thing || exit $?
recipe_of lively quiet.yml lively.yml >recipe.yml
printf '%s\n' '    engine: boot' 'repositories: [repo]' >>recipe.yml
# Without a cloud cloud-init only takes time.
component_of build Quiet 'touch /etc/cloud/cloud-init.disabled' >quiet.yml
{
    component_of build Start 'set -eu' '[ "$(systemctl is-system-running)" = running ]' \
        'printf "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n" >/etc/systemd/system/lively.service' \
        'systemctl daemon-reload' 'systemctl enable --now lively' 'systemctl is-active lively' \
        '//usr/bin/apt-get -qq update' '/usr/bin/apt-get install -y other'
    phase_of test Look 'set -eu' 'systemctl is-active lively' '[ "$(cat /opt/other /opt/thing)" = "$(printf "2.0\\n1.0")" ]' \
        'apt-get install -y --reinstall thing' '[ "$(findmnt -no SOURCE / | cut -c1-9)" = /dev/nvme ]' \
        '[ ! -e /sys/class/net/eth0 ] && [ "$(ls /sys/class/net)" = lo ]' 'journalctl -b -u lively --no-pager'
    printf '      - {name: Restart, action: Reboot}\n'
    step_of Again 'set -eu' 'systemctl is-active lively' '[ "$(systemctl is-system-running)" = running ]'
} >lively.yml
"$SLIPWAY" build recipe.yml -a "$lab" -f raw --out out --store store --no-output --json >result || { tail -n 40 out/lively-1.0.0/log/console.log; exit 1; }
log=out/lively-1.0.0/log
[ "$(grep -c 'Linux version' $log/boot-console-2.log)" = 1 ]
[ "$(grep -c 'Linux version' $log/boot-console.log)" = 2 ]
jq -e '[.. | objects | select(.name? == "test") | .status] == ["success"]' $log/detailedoutput.json >/dev/null
# The runner is not in what the component left.
"$SLIPWAY" diff --store store "$(jq -r '.layers[-1].digest' result)" --name-only >changed || [ $? = 10 ]
grep -q '/etc/systemd/system/multi-user.target.wants/lively.service' changed || { cat changed; exit 1; }
if grep -E '^. /(run|var/lib/apt/lists)/' changed; then echo "what was shown of the repository is in the layer"; exit 1; fi
if grep slipway-runner changed; then echo "the runner is in the layer"; exit 1; fi
