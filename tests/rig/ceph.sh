# shellcheck shell=bash
# A second S3, not of ours: Ceph's monitor, one OSD in memory and radosgw, on loopback.
# `. ceph.sh; ceph_start DIR` sets CEPH_URL; the keys are the rig's (CEPH_ACCESS, CEPH_SECRET); ceph_stop ends it.

CEPH_ACCESS=AKIDRIGTEST CEPH_SECRET=sekrit/+key=
CEPH_PIDS=

# Whether all of it is installed.
ceph_is_there() {
    local tool
    for tool in monmaptool osdmaptool ceph-mon ceph-osd radosgw radosgw-admin; do
        command -v "$tool" >/dev/null || { echo "skip: $tool is missing"; return 1; }
    done
}

# ceph_ports N: N free ports of this machine, one a line.
ceph_ports() {
    /usr/bin/python3 - "$1" <<'PY'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in held:
    one.bind(("127.0.0.1", 0))
print("\n".join(str(one.getsockname()[1]) for one in held))
PY
}

# Loopback only, no keys between the three, everything of a daemon's in DIR, all data in memory.
ceph_configuration() { # DIR MON_PORT
    cat <<CONF
[global]
fsid = 5f1d3c52-6f0c-4b8e-9c6e-2b8f3a1d7e40
mon host = [v2:127.0.0.1:$2/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
ms cluster mode = crc
ms service mode = crc
ms client mode = crc
run dir = $1
admin socket =
log file = $1/log/\$name.log
crash dir = $1/log
mon data = $1/mon
mon data avail crit = 1
mon allow pool size one = true
paxos propose interval = 0.05
paxos min wait = 0.01
osd data = $1/osd
osd journal = $1/osd/journal
osd objectstore = memstore
memstore device bytes = 4294967296
osd crush chooseleaf type = 0
osd crush initial weight = 1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
[client]
rgw enable usage log = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw run sync thread = false
rgw enable quota threads = false
objecter tick interval = 0.2
CONF
}

# Without the rights of root, when root starts it.
ceph_run() {
    if ((EUID == 0)); then
        setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
    else
        "$@"
    fi
}

# ceph_spawn LOG COMMAND…: in the background; its process is the last of CEPH_PIDS.
ceph_spawn() {
    local log=$1
    shift
    if ((EUID == 0)); then
        setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@" >"$log" 2>&1 </dev/null &
    else
        "$@" >"$log" 2>&1 </dev/null &
    fi
    CEPH_PIDS="$CEPH_PIDS $!"
}

# ceph_await WHAT COMMAND…: until the command succeeds, for at most two minutes, while all daemons live.
ceph_await() {
    local what=$1 pid
    shift
    for _ in $(seq 1200); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        for pid in $CEPH_PIDS; do
            kill -0 "$pid" 2>/dev/null || { echo "ceph: a daemon died before $what"; return 1; }
        done
        sleep 0.1
    done
    echo "ceph: no $what"
    return 1
}

# ceph_bucket NAME: makes a bucket at CEPH_URL.
ceph_bucket() {
    AWS_ACCESS_KEY_ID=$CEPH_ACCESS AWS_SECRET_ACCESS_KEY=$CEPH_SECRET AWS_DEFAULT_REGION=us-east-1 \
        AWS_CONFIG_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 \
        /usr/bin/python3 -B - "$CEPH_URL" "$1" <<'PY'
import sys
import botocore.session
botocore.session.get_session().create_client("s3", endpoint_url=sys.argv[1]).create_bucket(Bucket=sys.argv[2])
PY
}

ceph_make() { # DIR MON_PORT: the monitor's and the OSD's stores, with an OSD in the first map
    local version=5f1d3c52-6f0c-4b8e-9c6e-2b8f3a1d7e40
    ceph_run monmaptool --create --fsid $version --addv a "[v2:127.0.0.1:$2]" "$1/monmap" &&
        ceph_run osdmaptool --createsimple 1 "$1/osdmap" &&
        ceph_run ceph-mon --mkfs -i a --monmap "$1/monmap" --osdmap "$1/osdmap" &&
        ceph_run ceph-osd -i 0 --mkfs --no-mon-config
}

# ceph_start DIR: in a new folder that the user nobody can reach, when root starts it. 77 when Ceph is not installed.
ceph_start() {
    local dir=$1
    local -a ports
    ceph_is_there || return 77
    mkdir -p "$dir"/{log,mon,osd} || return 1
    ((EUID != 0)) || chown -R 65534:65534 "$dir"
    mapfile -t ports < <(ceph_ports 2)
    ceph_configuration "$dir" "${ports[0]}" >"$dir/ceph.conf"
    export CEPH_CONF=$dir/ceph.conf CEPH_URL=http://127.0.0.1:${ports[1]}
    ceph_make "$dir" "${ports[0]}" >"$dir/log/make.out" 2>&1 || { cat "$dir/log/make.out"; return 1; }
    ceph_spawn "$dir/log/mon.out" ceph-mon -i a -f
    ceph_spawn "$dir/log/osd.out" ceph-osd -i 0 -f
    ceph_spawn "$dir/log/radosgw.out" radosgw -n client.rgw.a -f --no-mon-config \
        --rgw-frontends "beast endpoint=127.0.0.1:${ports[1]}"
    ceph_await 'an answer of radosgw' curl -sf --noproxy '*' -o /dev/null "$CEPH_URL/" || return 1
    ceph_run radosgw-admin -n client.rgw.a --no-mon-config user create --uid=lab --display-name=lab \
        --access-key="$CEPH_ACCESS" --secret-key="$CEPH_SECRET" >"$dir/log/user.out" 2>&1 ||
        { cat "$dir/log/user.out"; return 1; }
    ceph_bucket lab
}

# Nothing of it outlives the processes: there is nothing to end in order.
ceph_stop() {
    local pid
    for pid in $CEPH_PIDS; do kill -9 "$pid" 2>/dev/null || true; done
    for pid in $CEPH_PIDS; do wait "$pid" 2>/dev/null || true; done
    CEPH_PIDS=
}

# ceph_use: the S3 that the suite started; its address goes into AWS_ENDPOINT_URL_S3. Skips the case without one.
ceph_use() {
    # shellcheck source=/dev/null
    [ -s "$SLIPWAY_BUILD/radosgw.env" ] && . "$SLIPWAY_BUILD/radosgw.env"
    [ -n "${CEPH_URL-}" ] || { echo "skip: there is no radosgw"; exit 77; }
    export AWS_ACCESS_KEY_ID=$CEPH_ACCESS AWS_SECRET_ACCESS_KEY=$CEPH_SECRET AWS_ENDPOINT_URL_S3=$CEPH_URL
}
