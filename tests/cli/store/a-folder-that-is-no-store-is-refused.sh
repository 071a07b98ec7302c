# A folder with other things in it is not taken for a store.
mkdir photos
echo meow >photos/cat
"$SLIPWAY" store verify --store photos
