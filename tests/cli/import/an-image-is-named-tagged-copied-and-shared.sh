# What comes after an import: name, tags, copies in other regions, who may launch it; once, and each AMI's id in the result.
. "$SLIPWAY_SOURCE/tests/rig/rig.sh"
rig_start "$PWD/rig"
echo success-at-once >"$RIG_DIR/scenario"
head -c 6000000 /dev/urandom >disk.img
shown() { # IMAGE-ID PYTHON-EXPRESSION over r (the record)
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$RIG_DIR/ec2/images/$1.json" "$2"
}
in_region() { # REGION: the id in the result
    python3 -c 'import json, sys; print([i["image_id"] for i in json.load(open("out"))["images"] if i["region"] == sys.argv[1]][0])' "$1"
}
cat >after.yml <<'YML'
name: web
parentImage: ./disk.img   # of a recipe, only distribution: is looked at
distribution:
  - region: us-east-1
    amiDistributionConfiguration:
      name: 'web {{ imagebuilder:buildDate }}'
      amiTags: {stage: lab}
      launchPermission: {userIds: ['444455556666']}
  - region: eu-west-1
    amiDistributionConfiguration:
      name: 'web eu {{imagebuilder:buildDate}}'
      description: 'für Europa'
      kmsKeyId: alias/eu
      amiTags: {stage: live, owner: us}
      targetAccountIds: ['777788889999']
      launchPermission: {organizationArns: ['arn:aws:organizations::111122223333:organization/o-abcdefghij'], userGroups: [all]}
  - region: ap-south-1
YML
run() { SOURCE_DATE_EPOCH=1795329636 rig_import -f raw disk.img --tag a=b --distribution after.yml --json -q >out 2>err; }
run || fail "$(cat err)"
home=$(in_region us-east-1) far=$(in_region eu-west-1) south=$(in_region ap-south-1)
[ "$home" = "$(python3 -c 'import json; print(json.load(open("out"))["image_id"])')" ] || fail "the result names another image"
[ "$(shown "$home" '(r["request"]["Name"], r["tags"], r["permissions"])')" = \
    "('web 2026-11-22T06-40-36.000Z', {'a': 'b', 'stage': 'lab'}, ['444455556666'])" ] || fail "the image is not as wanted: $(shown "$home" r)"
[ "$(shown "$far" '(r["region"], r["request"]["Name"], r["request"]["Description"], r["copy"]["KmsKeyId"], r["copy"]["Encrypted"])')" = \
    "('eu-west-1', 'web eu 2026-11-22T06-40-36.000Z', 'für Europa', 'alias/eu', True)" ] || fail "the copy: $(shown "$far" r)"
[ "$(shown "$far" '(r["tags"], sorted(r["permissions"]))')" = \
    "({'a': 'b', 'owner': 'us', 'stage': 'live'}, ['777788889999', 'all', 'arn:aws:organizations::111122223333:organization/o-abcdefghij'])" ] ||
    fail "tags or permissions of the copy: $(shown "$far" r)"
grep -lq '"volume_permissions": \["777788889999"\]' "$RIG_DIR"/ec2/snapshots/* || fail "the target account cannot copy it on"
[ "$(shown "$south" 'r["request"]["Name"]')" = 'web 2026-11-22T06-40-36.000Z' ] || fail "the plain copy has another name"
# AWS's own name is gone with what had it; three images, three snapshots.
[ "$(rig_images) $(rig_snapshots) $(rig_tasks)" = "3 3 1" ] || fail "$(rig_images) images, $(rig_snapshots) snapshots, $(rig_tasks) tasks"

copies=$(rig_count CopyImage)
cp out before
run || fail "$(cat err)"
python3 -c 'import json; assert json.load(open("out"))["images"] == json.load(open("before"))["images"]' || fail "the journal gives others"
[ "$(rig_count CopyImage)" = "$copies" ] || fail "it copied again"

# A copy that fails says why, and the next run makes it anew and nothing else.
echo failed >"$RIG_DIR/copies"
status=0
rig_import -f raw disk.img --prefix two -q --copy-to eu-west-1 >out 2>err || status=$?
[ "$status" = 1 ] || fail "exit status $status for a failed copy"
grep -q "what comes after it: region 'eu-west-1': image 'ami-.*' in eu-west-1 ended as failed: The snapshot could not be" err ||
    fail "not said why: $(cat err)"
rm "$RIG_DIR/copies"
images=$(rig_images)
rig_import -f raw disk.img --prefix two -q --copy-to eu-west-1 >out 2>err || fail "the next run does not go on: $(cat err)"
[ "$(rig_images)" = $((images + 1)) ] || fail "it made more than the copy"
[ "$(rig_count ImportImage 200)" = 2 ] || fail "it imported again"

# So does a copy in the own region that fails: the image is what it was, and the failed copy goes.
echo failed >"$RIG_DIR/copies"
images=$(rig_images) tasks=$(rig_tasks)
rig_import -f raw disk.img --prefix three --name three >out 2>err && fail "a failed copy is no failure"
grep -q "waiting for image 'ami-.*' in us-east-1" err || fail "it waits in silence: $(cat err)"
grep -q "what comes after it: image 'ami-.*' in us-east-1 ended as failed: The snapshot could not be" err || fail "not said why: $(cat err)"
rm "$RIG_DIR/copies"
rig_import -f raw disk.img --prefix three -q --name three >out 2>err || fail "the next run does not go on: $(cat err)"
[ "$(shown "$(cat out)" 'r["request"]["Name"]')" = three ] || fail "the image has another name"
[ "$(rig_images) $(rig_tasks)" = "$((images + 1)) $((tasks + 1))" ] || fail "more is left than the image: $(rig_images) images"

# A copy under another key, which takes its name from the image, is made once; a snapshot that somebody else uses stays.
keyed() { # PREFIX-OF-WHAT-IT-IS-SHARED-WITH
    printf 'distribution: [{region: us-east-1, amiDistributionConfiguration: {kmsKeyId: alias/lab, amiTags: {at: "%s"}}}]\n' "$1" >keyed.yml
    rig_import -f raw disk.img --prefix four -q --distribution keyed.yml 2>err || fail "$(cat err)"
}
copies=$(rig_count CopyImage 200) images=$(rig_images)
rig_faults '{"op":"DeleteSnapshot","times":0,"do":"error","status":400,"code":"InvalidSnapshot.InUse","message":"in use by ami-1"}'
one=$(keyed first)
rig_faults
[[ "$(shown "$one" 'r["request"]["Name"]')" = import-ami-*-kms ]] || fail "the copy's name: $(shown "$one" r)"
[ "$(keyed second)" = "$one" ] || fail "it is another image now"
[ "$(shown "$one" 'r["tags"]["at"]')" = second ] || fail "the tag of now is missing"
[ "$(rig_count CopyImage 200) $(rig_images)" = "$((copies + 1)) $((images + 1))" ] || fail "it was copied again"

# Words that mean nothing are refused before anything is sent.
before=$(wc -l <"$RIG_DIR/requests.jsonl")
for option in '--share 12' '--name x' '--name {{imagebuilder:x}}' '--no-ena' '--volume-type gp2' '--resume 0123 --name web' '--share arn:aws:iam::1:user/x' '--copy-to EU' '--copy-to eu-west-1,zone=a' '--distribution after.yml --share 444455556666' \
    '--copy-to eu-west-1,name=one --copy-to eu-west-1,name=two' '--share 444455556666 --copy-to us-east-1,name=two'; do
    status=0
    # shellcheck disable=SC2086 # an option and its value
    rig_import -f raw disk.img $option >out 2>err || status=$?
    [ "$status" = 2 ] || fail "$option: exit status $status: $(cat err)"
done
{
    echo 'distribution: [{region: eu-west-1, amiDistributionConfiguration: {amiTags: {'
    seq -f '"t%g": x,' 50
    echo '}}}]'
} >many.yml
status=0
rig_import -f raw disk.img --tag a=b --distribution many.yml >out 2>err || status=$?
[[ $status = 2 && "$(cat err)" = *"more than the 50 tags that AWS takes"* ]] || fail "exit status $status: $(cat err)"
[ "$(wc -l <"$RIG_DIR/requests.jsonl")" = "$before" ] || fail "something was sent"
