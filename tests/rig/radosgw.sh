#!/bin/bash
# The suite's radosgw: started once for all its cases, ended after them. usage: radosgw.sh start|stop FOLDER
# FOLDER/radosgw.env says where it is. It also ends when whoever started it is gone.
set -u
. "$(dirname "$0")/ceph.sh"
state=$2/radosgw.env

# Holds the daemons as its children until it is told to end, or its starter is gone.
hold() { # FOLDER STARTER
    trap 'ceph_stop; rm -rf "$1"; exit 0' TERM INT HUP
    if ceph_start "$1/ceph" >"$1/said" 2>&1; then
        printf 'CEPH_URL=%s CEPH_HOLDER=%s\n' "$CEPH_URL" "$BASHPID" >"$state.new"
        mv "$state.new" "$state"
        while kill -0 "$2" 2>/dev/null && [ -s "$state" ]; do sleep 0.5; done
    else
        touch "$1/failed"
        cp "$1/said" "$state.failed"
    fi
    ceph_stop
    rm -rf "$1"
}

start() {
    local folder waited=0
    rm -f "$state" "$state.failed"
    ceph_is_there || exit 77
    folder=$(mktemp -d "${TMPDIR:-/tmp}/slipway-radosgw.XXXXXX")
    chmod 755 "$folder"
    (hold "$folder" "$PPID") >/dev/null 2>&1 </dev/null &
    until [ -s "$state" ]; do
        if [ -e "$state.failed" ] || [ $waited -ge 1800 ]; then
            cat "$state.failed"
            exit 1
        fi
        sleep 0.1
        waited=$((waited + 1))
    done
}

stop() {
    [ -s "$state" ] || exit 77
    # shellcheck source=/dev/null
    . "$state"
    rm -f "$state"
    kill "$CEPH_HOLDER" 2>/dev/null
    while kill -0 "$CEPH_HOLDER" 2>/dev/null; do sleep 0.1; done
}

"$1"
