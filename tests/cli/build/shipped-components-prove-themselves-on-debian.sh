# All components that ship, on a real Debian 12 disk in one launch: each runs, each validates itself, the cleaning comes
# last, and the secret that one of them is given is in no file of the result. SLIPWAY_TEST_MAKE_BASE=1 makes the disk first.
# appliance: 1
# timeout: 900
. "$CASE_LIB/build-case.sh"
[ -z "${SLIPWAY_SANITIZED:-}" ] || { echo "skipped: once is enough"; exit 77; }
need_appliance
need debugfs openssl ssh-keygen dpkg-deb python3
made_disk debian12-cloud --cloud-init --include sudo

# A package on media, a machine's traces, and marks for the cleaning, before everything else.
cat >traces.yml <<'YAML'
name: traces
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Package
        action: ExecuteBash
        inputs:
          commands:
            - |
              set -e
              mkdir -p /opt/media /tmp/p/DEBIAN /tmp/p/usr/share/from-media
              printf 'Package: from-media\nVersion: 1.0\nArchitecture: all\nMaintainer: lab <lab@lab>\nDescription: x\n' >/tmp/p/DEBIAN/control
              echo yes >/tmp/p/usr/share/from-media/here
              dpkg-deb --build /tmp/p /opt/media/from-media_1.0_all.deb
              echo 'export TOKEN=left-behind' >/root/.bash_history
              echo lease >/var/lib/misc/postfix.aliasesdb-stamp
              mkdir -p /var/tmp/rubbish; echo x >/var/tmp/rubbish/file
              echo 0123456789abcdef0123456789abcdef >/etc/machine-id
              ssh-keygen -A
              touch "$WORKING_DIRECTORY/skip_cleanup_mail_spools" "$WORKING_DIRECTORY/perform_cleanup"
              mkdir -p /var/mail; echo mail >/var/mail/lab
YAML
{
    sed "s|\.\./components|$SLIPWAY_SOURCE/recipes/components|" "$SLIPWAY_SOURCE/recipes/ec2-debian/recipe.yml" |
        sed 's|^components:|components:\n  - component: traces.yml|; s|subformat:.*||; s|format: vmdk|format: raw|'
} >recipe.yml
ssh-keygen -q -t ed25519 -N '' -C lab@lab -f key
hash=$(openssl passwd -6 -salt saltsalt 'a good password')
printf '%s\n' "$hash" >hash.txt

began=$SECONDS
"$SLIPWAY" build recipe.yml --base "$base" --format raw --out out --store store -p install-packages.Folder=/opt/media \
    -p users-and-keys.PublicKey="$(cat key.pub)" --secret users-and-keys.PasswordHash=hash.txt --json >built.json 2>log ||
    { cat log >&2; fail "the build failed"; }
echo "the build took $((SECONDS - began)) s"

result=out/ec2-debian-1.0.0
disk=$result/ec2-debian-1.0.0.raw
in_image() { read_file "$disk" "$1"; }
there() { has_file "$disk" "$1"; }
gone() { if there "$1"; then fail "$1 is still in the image"; fi; }
[ "$(in_image /usr/share/from-media/here)" = yes ] || fail "the package from media is not installed"
[ "$(in_image /home/lab/.ssh/authorized_keys)" = "$(cat key.pub)" ] || fail "the key is not in the image"
in_image /etc/shadow | grep -qF "lab:$hash:" || fail "the password is not what the secret says"
in_image /etc/ssh/sshd_config.d/00-hardening.conf | grep -qx 'PasswordAuthentication no'
in_image /etc/cloud/cloud.cfg.d/95_ec2.cfg | grep -q '^datasource_list: \[Ec2, None\]'
there /etc/machine-id || fail "/etc/machine-id is gone"
[ -z "$(in_image /etc/machine-id)" ] || fail "/etc/machine-id still names a machine"
for path in /root/.bash_history /var/tmp/rubbish /etc/hostname /var/lib/misc/postfix.aliasesdb-stamp \
    /etc/ssh/ssh_host_ed25519_key; do
    gone "$path"
done
[ "$(in_image /var/mail/lab)" = mail ] || fail "a section that was to be kept was cleaned"
if LC_ALL=C grep -qa left-behind "$disk"; then fail "what the history held is still on the disk"; fi

# Every name that went is told.
for line in 'removed: /root/.bash_history' 'removed: /var/tmp/rubbish/file' 'kept: mail_spools (skip_cleanup_mail_spools)' \
    'kept: ssh_files' 'removed: /etc/hostname'; do
    grep -qF ": $line" "$result/log/console.log" || fail "'$line' is not in the log"
done
# The secret is in the image, and nowhere else.
if grep -rqF "$hash" "$result/log" "$result/manifest.json" store/slipway store/index.json built.json log; then
    fail "the secret is in $(grep -rlF "$hash" "$result/log" store/slipway built.json log)"
fi
python3 "$CASE_LIB/check-schema" "$SLIPWAY_SOURCE/docs/detailedoutput.schema.json" "$result/log/detailedoutput.json" || [ $? = 77 ]
python3 "$CASE_LIB/check-schema" "$SLIPWAY_SOURCE/docs/events.schema.json" "$result/log/events.jsonl" || [ $? = 77 ]

# The same again: all of it is in the store. Another secret: its component and what lies on it.
again() { "$SLIPWAY" plan recipe.yml --base "$base" --format raw --store store -p install-packages.Folder=/opt/media \
    -p users-and-keys.PublicKey="$(cat key.pub)" --secret users-and-keys.PasswordHash="$1"; }
again hash.txt >plan
grep -qx 'no launch of the appliance' plan || { cat plan >&2; fail "it would run again"; }
openssl passwd -6 -salt saltsalt 'a better password' >other.txt
again other.txt >plan
grep -q '^run .*users-and-keys.*(changed: component.parameters.PasswordHash.secret)' plan || { cat plan >&2; fail "the secret's change is not seen"; }
