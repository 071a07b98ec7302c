# Every document of a public collection: those that are valid are accepted, but for the parts this version lacks.
folder=${SLIPWAY_TEST_DATA:-}/components
[ -f "$folder/INDEX.tsv" ] || { echo "skipped: no public data"; exit 77; }
scope='ExecuteBash|ExecuteBinary|CreateFile|CreateFolder|CreateSymlink|CopyFile|DeleteFile|DeleteFolder|AppendFile|SetFilePermissions|SetFileOwner|Assert|ExecuteDocument|Reboot|ExecutePowerShell|InstallMSI|UninstallMSI|SetRegistry|UpdateOS|WebDownload|S3Download|S3Upload|CopyFolder|ListFiles|MoveFile|MoveFolder|ReadFile|SetFileEncoding|SetFolderOwner|SetFolderPermissions'
count=0
while IFS=$'\t' read -r path kind _ actions features _; do
    file=$folder/$path
    { [ "$path" != path ] && [ -f "$file" ]; } || continue
    count=$((count + 1))
    status=0
    "$SLIPWAY" lint -q "$file" >out || status=$?
    grep -v ': warning: ' out >errors || true
    grep -v 'is not part of this version$' errors >others || true
    case $kind:$features:$path in
    # A CloudFormation template, with its recipes and the components in it.
    recipe-cfn:*)
        [ ! -s others ] || { echo "$path: a false fault:"; cat others; exit 1; }
        want=0
        [ ! -s errors ] || want=3
        ;;
    # Placeholders of another language; and one document that ends in the middle.
    *:*unparsable*:*) want=3; grep -q 'not valid YAML' others ;;
    *:*/aws-cli-version-2-linux.yml) want=3; [ "$(wc -l <errors)" = 1 ]; grep -q "needs 'inputs' as a map" errors ;;
    *)
        [ ! -s others ] || { echo "$path: a false fault:"; cat others; exit 1; }
        want=0
        if tr ',' '\n' <<<"$actions" | sed 's/x[0-9]*$//' | grep -qvxE "$scope" ||
            grep -qE '(^|,)ref-ssm(,|$)' <<<"$features"; then
            want=3
            [ -s errors ] || { echo "$path: nothing is named as lacking"; exit 1; }
        fi
        ;;
    esac
    [ "$status" = "$want" ] || { echo "$path: exit status $status, expected $want"; cat out; exit 1; }
done <"$folder/INDEX.tsv"
[ "$count" -ge 40 ] || { echo "only $count documents"; exit 1; }
