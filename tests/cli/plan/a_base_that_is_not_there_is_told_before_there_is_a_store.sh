# The first dry run of somebody new has no store yet: a base that is missing is no plan.
. "$CASE_LIB/build-case.sh"
make_base
write_recipe
refused 1 "base image 'none.raw': there is none of that name: No such file" \
    "$SLIPWAY" plan recipe.yml --base none.raw --format raw --store new
refused 1 "base image 'none.raw'" "$SLIPWAY" build -n recipe.yml --base none.raw --format raw --store new
[ ! -e new ]
"$SLIPWAY" plan recipe.yml --store new >/dev/null
