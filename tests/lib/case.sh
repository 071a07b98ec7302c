# What every kind of case shares; sourced by the helpers of each kind.
# shellcheck shell=bash

# need PROGRAM…: skips the case when one is missing.
need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "skipped: no $program"; exit 77; }
    done
}

fail() {
    echo "$*" >&2
    exit 1
}

# refused CODE PART COMMAND…: the command fails with this exit status and says PART. Nothing of what it said stays.
refused() {
    local want=$1 part=$2 status=0
    shift 2
    "$@" >refused.out 2>refused.err || status=$?
    [ "$status" = "$want" ] || { cat refused.err >&2; fail "$*: exit status $status, not $want"; }
    grep -qF -- "$part" refused.err || { cat refused.err >&2; fail "$*: '$part' is not in the message"; }
    rm -f refused.out refused.err
}
