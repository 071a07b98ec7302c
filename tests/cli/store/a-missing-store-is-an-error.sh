# Looking at a store that is not there fails and makes nothing.
status=0
"$SLIPWAY" store ls --store nowhere || status=$?
[ ! -e nowhere ]
exit "$status"
