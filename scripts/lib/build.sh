# shellcheck shell=bash
# Configures and compiles slipway. The caller stands in the project's root and has set -e.

# usage: build_slipway FOLDER [CMAKE_OPTION…]
build_slipway() {
    local folder=$1 log
    shift
    log=$(mktemp "${TMPDIR:-/tmp}/slipway-build.XXXXXX")
    printf 'build: compiling into %s/\n' "$folder"
    if ! { cmake -S . -B "$folder" -G Ninja "$@" && cmake --build "$folder"; } >"$log" 2>&1; then
        # The compiler's words come first in what ninja prints for a failed step.
        { grep -nE -m 20 -A 6 '(error|Error)\b|^FAILED' "$log" || tail -n 40 "$log"; } >&2
        echo "build: failed; the whole of what was said is in $log" >&2
        return 1
    fi
    rm -f "$log"
}

# 75 -> 1 min 15 s
duration() {
    if (($1 < 60)); then echo "$1 s"; else echo "$(($1 / 60)) min $(($1 % 60)) s"; fi
}
