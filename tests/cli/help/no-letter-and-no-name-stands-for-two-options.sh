# Of two rows with one letter, or one name, only the first is ever heard.
"$SLIPWAY" help | grep -oE '^  [a-z]+ ' | tr -d ' ' >verbs
while read -r verb; do
    "$SLIPWAY" help "$verb" >help
    twice=$(grep -oE -- '^  (-[a-zA-Z],|   ) --[a-z0-9-]+' help | sed 's/^ *//' | tr -d ',' | tr ' ' '\n' | sort | uniq -d)
    [ -z "$twice" ] || { echo "$verb: $twice"; exit 1; }
done <verbs
[ "$(wc -l <verbs)" -ge 15 ]
