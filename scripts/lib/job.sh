# shellcheck shell=bash
# shellcheck disable=SC2154 # the variables are those of whoever sources this
# A small job on a guest, for scripts/bench: five files, ten commands, a user, a service, a local package; by slipway and
# by virt-customize. Uses $slipway, $image and $work. Both leave what was changed over the same base: a layer, an overlay.

job_make() {
    local n tree=$work/job/tree
    mkdir -p "$work/job/repo" "$tree/DEBIAN" "$tree/usr/share/slipdemo"
    for n in 1 2 3 4 5; do head -c $((n * 2000)) /dev/urandom | base64 >"$work/job/f$n.conf"; done
    head -c 150000 /dev/urandom >"$tree/usr/share/slipdemo/blob"
    printf '%s\n' 'Package: slipdemo' 'Version: 1.0' 'Architecture: all' 'Maintainer: Nobody <nobody@example.org>' \
        'Description: a package' >"$tree/DEBIAN/control"
    dpkg-deb -b "$tree" "$work/job/repo/slipdemo.deb" >/dev/null
    (cd "$work/job/repo" && printf 'Filename: ./slipdemo.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s slipdemo.deb)" \
        "$(sha256sum slipdemo.deb | cut -d' ' -f1)" | cat "$tree/DEBIAN/control" - >Packages)
    cat >"$work/job/commands" <<'EOF'
echo hello > /etc/motd
mkdir -p /opt/app
ln -sf /opt/app /srv/app
sed -i 's/^#*PermitRootLogin.*/PermitRootLogin no/' /etc/ssh/sshd_config
echo lab > /etc/hostname
chmod 0750 /opt/app
touch /var/lib/job
echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-job.conf
ls -R /etc > /var/lib/job.list
rm -f /var/lib/job
EOF
    # Both without KVM, where it does not work: virt-customize would not find that out.
    export LIBGUESTFS_BACKEND=direct
    if [[ $("$slipway" doctor) == *'TCG is used'* ]]; then export LIBGUESTFS_BACKEND_SETTINGS=force_tcg; fi
    job_recipe
    "$slipway" build "$work/job/recipe.yml" --store "$work/job/store" --out "$work/job/out" --no-output -q 2>/dev/null >&2
}

job_recipe() {
    local n
    {
        printf '%s\n' 'name: job' 'schemaVersion: 1.0' 'phases:' '- name: build' '  steps:' '  - name: Files' \
            '    action: CreateFile' '    inputs:'
        for n in 1 2 3 4 5; do
            printf '    - path: /etc/f%s.conf\n      overwrite: true\n      content: |\n' "$n"
            sed 's/^/        /' "$work/job/f$n.conf"
        done
        printf '%s\n' '  - name: Commands' '    action: ExecuteBash' '    inputs:' '      commands:'
        sed "s/'/''/g; s/.*/      - '&'/" "$work/job/commands"
        printf '%s\n' '  - name: User' '    action: ExecuteBash' '    inputs: {commands: [useradd -m -s /bin/bash builder]}' \
            '  - name: Service' '    action: ExecuteBash' '    inputs: {commands: [systemctl enable ssh.service]}' \
            '  - name: Package' '    action: ExecuteBash' '    inputs: {commands: [dpkg -i /run/slipway/media/0/slipdemo.deb]}'
    } >"$work/job/job.yml"
    printf '%s\n' 'name: job' 'semanticVersion: 1.0.0' "parentImage: $image" 'parentImageFormat: raw' 'repositories: [repo]' \
        'components: [{component: job.yml}]' >"$work/job/recipe.yml"
}

job_build() { "$slipway" build "$work/job/recipe.yml" --out "$work/job/out" --no-output -q "$@"; }

# The newest layer is what the job left.
job_layer() { cp "$(find "$work/job/store/blobs" -type f -size -64M -size +16k -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)" "$1"; }

ours_job() {
    job_build --store "$work/job/store" --no-cache
    job_layer "$1"
}
ours_job_whole_before() { rm -rf "$work/job/fresh"; }
ours_job_whole() { job_build --store "$work/job/fresh"; }
ours_job_cached() { job_build --store "$work/job/store"; }

customize_job() { customize_over "$image" raw "$1"; }
# With the base compressed first, as ours from nothing has it.
customize_job_whole() {
    qemu_layer_wide "$1.base"
    customize_over "$1.base" qcow2 "$1"
}
customize_job_whole_before() { rm -f "$work/b.base"; }

# customize_over BASE FORMAT OVERLAY
customize_over() {
    local args=(--format qcow2 -a "$3" --no-network -q) n line
    qemu-img create -q -f qcow2 -b "$1" -F "$2" "$3"
    for n in 1 2 3 4 5; do args+=(--upload "$work/job/f$n.conf:/etc/f$n.conf"); done
    while IFS= read -r line; do args+=(--run-command "$line"); done <"$work/job/commands"
    virt-customize "${args[@]}" --run-command 'useradd -m -s /bin/bash builder' \
        --run-command 'systemctl enable ssh.service' \
        --copy-in "$work/job/repo/slipdemo.deb:/tmp" --run-command 'dpkg -i /tmp/slipdemo.deb; rm /tmp/slipdemo.deb'
}
