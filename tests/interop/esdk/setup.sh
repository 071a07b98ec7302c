# shellcheck shell=bash
# The SDK for cases that need it: installed once into a cache; `rig JOBS.json` runs jobs, `sdk_run` any script here. Without npm: skipped.
# shellcheck source=tests/lib/disks.sh
. "$CASE_LIB/disks.sh"
need npm node
real_home=$(getent passwd "$(id -u)" | cut -d: -f6)
sdk_source=$SLIPWAY_SOURCE/tests/interop/esdk
sdk=${SLIPWAY_TEST_CACHE:-$real_home/.cache/slipway-test}/esdk-$(sha256sum "$sdk_source/package-lock.json" | cut -c1-16)

install_sdk() {
    local new
    new=$(mktemp -d "$sdk.XXXXXX") || return 1
    cp "$sdk_source/package.json" "$sdk_source/package-lock.json" "$new"
    # npm's own configuration lies in the user's folder, which is not the case's.
    if ! (cd "$new" && HOME=$real_home XDG_CONFIG_HOME='' npm ci --no-audit --no-fund --ignore-scripts >npm.log 2>&1); then
        tail -n 3 "$new/npm.log"
        rm -rf "$new"
        return 1
    fi
    mv -T "$new" "$sdk" 2>/dev/null || rm -rf "$new"
}

if ! mkdir -p "$(dirname "$sdk")"; then
    echo "skipped: no place for the SDK"
    exit 77
fi
exec 8>"$sdk.lock"
flock 8
if [ ! -d "$sdk/node_modules" ] && ! install_sdk; then
    echo "skipped: npm cannot install the SDK"
    exit 77
fi
exec 8>&-

# sdk_run SCRIPT ARGUMENT…: modules are looked for beside the script and above it.
sdk_run() {
    local status=0
    mkdir -p "$sdk/run.$$"
    cp "$sdk_source"/*.mjs "$sdk/run.$$"
    node "$sdk/run.$$/$1" "${@:2}" || status=$?
    rm -rf "$sdk/run.$$"
    return $status
}

rig() { sdk_run rig.mjs "$1"; }
