esc=$(printf '\033')
printf 'schemaVersion: 1.0\nphases: []\n"\\e]0;title\\a\\x9b2J\\u202e": 1\n' >doc.yml
printf 'name: web\nsemanticVersion: 1.0.0\nparentImage: x\ncomponents: [{component: "\\e[2J\\x9b2J\\u202e"}]\n' >recipe.yml
cp doc.yml "$(printf 'na\033[2Jme\302\2332J.yml')"
for file in *.yml; do
    "$SLIPWAY" lint "$file" >>out 2>&1 || true
    "$SLIPWAY" lint --json "$file" >>json 2>&1 || true
done
grep -q 'no field' out
grep -q 'cannot use the component' out
for bytes in "$esc" "$(printf '\302\233')" "$(printf '\342\200\256')"; do
    if LC_ALL=C grep -F -e "$bytes" out >found; then
        echo "sent to the terminal:"
        od -c found
        exit 1
    fi
done
if grep -qF -e "$esc" json; then exit 1; fi
