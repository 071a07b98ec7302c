#!/bin/bash
# Debian's awscli writes a snapshot block by block against the rig, watches it and reads it back.
set -eu
. "$(dirname "$0")/../rig.sh"
rig_need aws openssl
work=$(mktemp -d)
trap 'rig_stop; rm -rf "$work"' EXIT
cd "$work"
rig_start "$work/rig"
trap 'rig_stop; rm -rf "$work"' EXIT
api() { aws "$@" --endpoint-url "$RIG_URL" --output text; }
sum() { openssl dgst -sha256 -binary "$1"; }

head -c 524288 /dev/urandom >block
sum block >digests
started=$(api ebs start-snapshot --volume-size 1 --tags 'Key=a b,Value=ü' --query '[Status,VolumeSize,BlockSize,SnapshotId]')
snapshot=${started##*	}
[ "$started" = "pending	1	524288	$snapshot" ] || fail "it does not start: $started"
api ebs put-snapshot-block --snapshot-id "$snapshot" --block-index 2047 --data-length 524288 --block-data block \
    --checksum "$(base64 <digests)" --checksum-algorithm SHA256 --progress 50 >/dev/null
status=$(api ebs complete-snapshot --snapshot-id "$snapshot" --changed-blocks-count 1 --checksum "$(sum digests | base64)" \
    --checksum-algorithm SHA256 --checksum-aggregation-method LINEAR --query Status)
[ "$status" = pending ] || fail "it is $status after its completion"

shown=$(api ec2 describe-snapshots --snapshot-ids "$snapshot" --query 'Snapshots[0].[State,VolumeSize,Tags[0].Value]')
[ "$shown" = "pending	1	ü" ] || fail "it is not pending at first: $shown"
sed -i 's/"pending", //g' "$RIG_DIR/ec2/snapshots/$snapshot.json"
listed=$(api ebs list-snapshot-blocks --snapshot-id "$snapshot" --query 'Blocks[].[BlockIndex,BlockToken]')
[ "${listed%	*}" = 2047 ] || fail "another block is listed: $listed"
api ebs get-snapshot-block --snapshot-id "$snapshot" --block-index 2047 --block-token "${listed#*	}" back >/dev/null
cmp back block || fail "the block reads back differently"
