# A build over a sealed base: the appliance reads it through a socket, and a canary in base, component and layers is in no
# file of the store, the results or the folders for temporary files; nor after kill -9 while it runs.
# appliance: 1
# timeout: 900
. "$CASE_LIB/build-case.sh"
need_appliance
need debugfs qemu-img
[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || { echo "skipped: /dev/shm is no tmpfs"; exit 77; }
canary=canary-$RANDOM$RANDOM$RANDOM
make_base
printf '%s\n' "$canary" >canary
debugfs -w -R "write canary /etc/canary" "$(root_of base.raw)" >/dev/null 2>&1
[ "$(read_file base.raw /etc/canary)" = "$canary" ] || fail "the canary is not in the base"
mkdir -p sources
{
    echo 'name: hello'
    component_of build Write 'cp /etc/canary /etc/copy' "echo $canary >/etc/hello"
    step_of Wait 'echo waiting >/dev/stderr' 'sleep 3'
} >sources/hello.yml
recipe_of sealed hello.yml.sealed >recipe.yml
echo 'outputs: [{format: raw, seal: ["aes:k"]}]' >>recipe.yml
"$SLIPWAY" keygen aes -o k 2>/dev/null
"$SLIPWAY" seal sources/hello.yml -o hello.yml.sealed --to aes:k 2>/dev/null
scratch=$(mktemp -d /dev/shm/slipway-case.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
"$SLIPWAY" store init --seal-to aes:k --store store 2>/dev/null
build() { "$SLIPWAY" build -v recipe.yml --store store --out out --key aes:k --scratch "$scratch"; }

nowhere() { # WHEN
    local where=(store "$TMPDIR" "$HOME")
    [ ! -d out ] || where+=(out)
    ! grep -ral "$canary" "${where[@]}" >&2 || fail "$1: the canary is in a file"
    ! grep -a "$canary" ./*.log >&2 || fail "$1: the canary was said"
}

# On a plain disk it does not even start (where this folder is one).
if [ "$(stat -f -c %T .)" != tmpfs ]; then
    status=0
    "$SLIPWAY" build recipe.yml --store store --out out --key aes:k >refused.log 2>&1 || status=$?
    [ "$status" = 4 ] || [ "$status" = 0 ] || fail "exit status $status"
    [ "$status" = 0 ] || grep -q -e '--scratch /dev/shm' refused.log
    rm -rf store out
    "$SLIPWAY" store init --seal-to aes:k --store store 2>/dev/null
fi

# Killed while the component runs: what is left is in the scratch folder, and goes with the next build.
build >killed.log 2>&1 &
pid=$!
for _ in $(seq 1200); do
    grep -q "component 'hello': build" killed.log && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
sleep 2
kill -9 "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true
nowhere "after kill -9"
for _ in $(seq 100); do
    pgrep -f "$scratch" >/dev/null || break
    sleep 0.1
done

build >build.log 2>&1 || { cat build.log >&2; fail "the build failed"; }
nowhere "after the build"
[ -z "$(ls -A "$scratch"/slipway-*)" ] || fail "left in scratch: $(ls -A "$scratch"/slipway-*)"
"$SLIPWAY" open out/sealed-1.0.0/sealed-1.0.0.raw.sealed -o disk.raw --key aes:k 2>/dev/null
[ "$(read_file disk.raw /etc/copy)" = "$canary" ] || fail "the guest did not read the base"
[ "$(read_file disk.raw /etc/hello)" = "$canary" ] || fail "the component did not run"
"$SLIPWAY" store verify --store store --key aes:k | grep 'all whole'
"$SLIPWAY" plan recipe.yml --store store --key aes:k | grep '^no launch'
