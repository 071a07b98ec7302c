# That the validate phases passed is remembered with the layer on which they did: another one, under the same key, has to
# pass them itself.
. "$CASE_LIB/build-case.sh"
need mke2fs sha256sum
make_base
recipe_of checks first.yml >recipe.yml
# launches true|false: what the plan says.
launches() {
    "$SLIPWAY" plan recipe.yml --store store --json >plan.json
    grep -q "\"launch\": $1" plan.json || fail "the plan does not say that it launches: $1"
}
# record KEY POSITION INPUTS: as a build with a launch would have left it, over the layer of the base.
record() {
    printf '{"key": "%s", "recipe": "checks", "position": %s, "inputs": %s, "layer": %s}\n' "$1" "$2" "$3" "$layer" \
        >"store/slipway/keys/$1.json"
}
# ingest DISK: into the store; its layer, as records tell it.
ingest() {
    component_of test Check true >first.yml
    LIBGUESTFS_HV=/bin/false "$SLIPWAY" build --no-test recipe.yml --base "$1" --format raw --store store -O qcow2 --json >built.json
    key=$(sed -n 's/^ *"key": "\(.*\)".*/\1/p' built.json | head -n 1)
    tr -d '\n' <"store/slipway/keys/$key.json" | grep -o '"layer": {[^}]*}' | sed 's/^"layer": //'
}
printf x | cat base.raw - >other.raw
other=$(ingest other.raw)
layer=$(ingest base.raw)
[ "$layer" != "$other" ]

component_of validate Check true >first.yml
launches true
key=$(sed -n 's/^ *"key": "\(.*\)".*/\1/p' plan.json | tail -n 1)
validated=$(printf '{"validated":"%s"}' "$key" | sha256sum | cut -d ' ' -f 1)
record "$key" 1 '{}'
launches true
record "$validated" 2 "{\"validated\": \"$key\"}"
launches false
layer=$other
record "$validated" 2 "{\"validated\": \"$key\"}"
launches true
