find "$SLIPWAY_SOURCE/recipes" -name '*.yml' -print0 | xargs -0 "$SLIPWAY" lint >out
[ ! -s out ]
