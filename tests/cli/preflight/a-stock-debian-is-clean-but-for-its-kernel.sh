# Nothing fires on a Debian 12 as it is installed, with cloud-init, but what the list of kernels says; nor on one with host keys
# that cloud-init makes anew. One that asks for no datasource of EC2's is told of, and of nothing else. Only where the case
# of prepare has left its disk; SLIPWAY_TEST_MAKE_BASE=1 makes it.
# appliance: 1
. "$CASE_LIB/build-case.sh"
. "$CASE_LIB/vmware-debian.sh"
need_appliance
need debugfs jq sgdisk
debian_disk debian12-amd64 initramfs-tools,ifupdown,isc-dhcp-client
cp --sparse=always "$base" stock.raw
for name in keys lab; do cp --sparse=always stock.raw $name.raw; done
echo 'no key of anybody' >key
echo 'datasource_list: [ NoCloud, None ]' >list
debugfs -w -R 'write key /etc/ssh/ssh_host_rsa_key' "$(root_of keys.raw)" >/dev/null 2>&1
debugfs -w -R 'write list /etc/cloud/cloud.cfg.d/99_lab.cfg' "$(root_of lab.raw)" >/dev/null 2>&1
status=0
"$SLIPWAY" preflight --json -f raw stock.raw keys.raw lab.raw >v.json 2>err || status=$?
[ "$status" = 4 ] || { cat err >&2; fail "exit status $status"; }
jq -r '.images[] | [.name] + [.rules[] | select(.state != "passed" and .state != "not applicable") | "\(.state) \(.id)"] | join("|")' v.json >told
diff - told <<'END'
stock.raw|found linux.kernel.listed
keys.raw|found linux.kernel.listed
lab.raw|found linux.kernel.listed|found linux.cloud-init
END
jq -e 'all(.images[]; .evidence.guest.identity.host_keys == (.name == "keys.raw"))' v.json >/dev/null || fail "the key is not there"
