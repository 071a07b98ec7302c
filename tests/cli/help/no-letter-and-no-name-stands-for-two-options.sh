# Of two rows with one letter, or one name, only the first is ever heard.
"$SLIPWAY" help >verbs
n=0
for verb in $(grep -oE '^  [a-z]+ ' verbs); do
    "$SLIPWAY" help "$verb" >help
    twice=$(grep -oE -- '^  (-[a-zA-Z],|   ) --[a-z0-9-]+' help | sed 's/^ *//' | tr -d ',' | tr ' ' '\n' | sort | uniq -d)
    [ -z "$twice" ] || { echo "$verb: $twice"; exit 1; }
    n=$((n + 1))
done
[ $n -ge 15 ] || { echo "$n verbs"; exit 1; }
