# Connections that are reset, in every tenth part and in each of ten in turn, replies that never come, a line that stands still, a
# server that is gone for a while: every lane ends with one image, and no part goes more often than it was broken.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
. "$SLIPWAY_SOURCE/tests/rig/ebs.sh"
rig_start "$PWD/rig"
port=${RIG_URL##*:}
echo success-at-once >"$RIG_DIR/scenario"
head -c 47190000 /dev/urandom >ten.img
head -c 5300000 ten.img >two.img
head -c 5242880 ten.img >blocks.img

begin() { # LANE NAME IMAGE: in the background; for the lane ebs-direct every import has a file of its own
    if [ "$1" = ebs-direct ]; then
        cp "$3" "$2.img"
        ebs_spawn -f raw "$2.img" -q -j 1 >out 2>err
    else
        rig_spawn --lane "$1" --prefix "$1-$2" -f raw "$3" --part-size 5M -q -j 1 >out 2>err
    fi
}

ended() { # LANE NAME IMAGE TRIES: how often a part went
    wait "$pid" || fail "$1, $2: $(cat err)"
    grep -qxE 'ami-[0-9a-f]{17}' out || fail "$1, $2: no AMI: $(cat out)"
    if [ "$1" = ebs-direct ]; then
        ebs_check "$(ebs_snapshot)" "$3" >/dev/null
    else
        cmp "$3" "$(rig_object "$1-$2/$3")" || fail "$1, $2: the object is not the image"
        rm "$RIG_DIR"/s3/lab/objects/*
    fi
    rm -rf "$RIG_DIR"/ec2/snapshots/*
    tasks=$((tasks + 1))
    [ "$1" = ebs-direct ] || [ "$(rig_tasks "$task")" = $tasks ] || fail "$1, $2: $(rig_tasks "$task") tasks of $tasks imports"
    [ "$(rig_uploads)" = 0 ] || fail "$1, $2: an upload is left open"
    [ $(($(rig_count "$op") - before)) = "$4" ] || fail "$1, $2: parts went $(($(rig_count "$op") - before)) times, not $4"
}

through() { # LANE NAME IMAGE TRIES RULE…
    local lane=$1 name=$2 image=$3 tries=$4
    shift 4
    before=$(rig_count "$op")
    rig_faults "$@"
    begin "$lane" "$name" "$image"
    ended "$lane" "$name" "$image" "$tries"
    rig_faults
}

lost_replies() { grep -cE '"fault": "(drop|cut)-reply"' "$RIG_DIR/requests.jsonl" || true; }

breaks() { # LANE OPERATION FIRST-PART TASK LARGE SMALL PARTS-OF-SMALL REQUEST…: of which each loses a reply
    local lane=$1 first=$3 large=$5 small=$6 parts=$7 i rules=()
    op=$2 task=$4 tasks=0
    shift 7
    through "$lane" tenth "$large" 11 '{"op":"'"$op"'","every":10,"times":0,"do":"drop","bytes":14000}'
    for ((i = 0; i < 10; i++)); do
        rules+=('{"op":"'"$op"'","part":'$((first + i))',"do":"drop","bytes":'$((i * 1500))'}')
    done
    through "$lane" in-turn "$large" 20 "${rules[@]}"

    rules=('{"op":"'"$op"'","do":"drop-reply"}')
    lost=$(lost_replies)
    for i; do rules+=('{"op":"'"$i"'","do":"drop-reply"}' '{"op":"'"$i"'","do":"cut-reply","bytes":40}'); done
    through "$lane" replies "$small" $((parts + 1)) "${rules[@]}"
    [ $(($(lost_replies) - lost)) = $((1 + 2 * $#)) ] || fail "$lane: $(($(lost_replies) - lost)) replies were lost, not $((1 + 2 * $#))"

    rm -f "$RIG_DIR/go"
    SLIPWAY_STALL_S=1 through "$lane" stands-still "$small" "$parts" '{"op":"'"$op"'","do":"hold"}' '{"op":"'"$1"'","do":"hold-reply"}'
    # What was held is done now, and told to nobody.
    touch "$RIG_DIR/go"
    rig_wait "$op" $((before + parts + 1))

    rm -f "$RIG_DIR/frozen"
    rig_faults '{"op":"'"$op"'","after":1,"do":"freeze"}'
    before=$(rig_count "$op")
    begin "$lane" gone "$small"
    rig_frozen "$lane"
    rig_stop
    sleep "${SLIPWAY_TEST_GONE_S:-1}"
    rm "$RIG_DIR/faults.json"
    rig_start "$PWD/rig" --port "$port"
    ended "$lane" gone "$small" "$parts"
}
breaks import-image UploadPart 1 import-ami ten.img two.img 2 CreateMultipartUpload CompleteMultipartUpload ImportImage \
    DescribeImportImageTasks
breaks import-snapshot UploadPart 1 import-snap ten.img two.img 2 CreateMultipartUpload CompleteMultipartUpload ImportSnapshot \
    DescribeImportSnapshotTasks RegisterImage
breaks ebs-direct PutSnapshotBlock 0 none blocks.img blocks.img 10 StartSnapshot CompleteSnapshot DescribeSnapshots RegisterImage
