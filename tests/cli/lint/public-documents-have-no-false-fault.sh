# Every document of a public collection: those that are valid are accepted, the others refused for what is wrong with them.
folder=${SLIPWAY_TEST_DATA:-}/components
[ -f "$folder/INDEX.tsv" ] || { echo "skipped: no public data"; exit 77; }
count=0
while IFS=$'\t' read -r path _ _ _ features _; do
    file=$folder/$path
    { [ "$path" != path ] && [ -f "$file" ]; } || continue
    count=$((count + 1))
    status=0
    "$SLIPWAY" lint -q "$file" >out || status=$?
    grep -v ': warning: ' out >errors || true
    case $features:$path in
    # Placeholders of another language; and one document that ends in the middle.
    *unparsable*:*) want=3; grep -q 'not valid YAML' errors ;;
    *:*/aws-cli-version-2-linux.yml) want=3; [ "$(wc -l <errors)" = 1 ]; grep -q "needs 'inputs' as a map" errors ;;
    *)
        [ ! -s errors ] || { echo "$path: a false fault:"; cat errors; exit 1; }
        want=0
        ;;
    esac
    [ "$status" = "$want" ] || { echo "$path: exit status $status, expected $want"; cat out; exit 1; }
done <"$folder/INDEX.tsv"
[ "$count" -ge 40 ] || { echo "only $count documents"; exit 1; }
