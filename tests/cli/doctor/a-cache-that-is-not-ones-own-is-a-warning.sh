# A folder that anybody can change holds no appliance that is run; the slower one is taken, which is said before it is felt.
unset LIBGUESTFS_PATH
mkdir cache
chmod 0777 cache
LIBGUESTFS_CACHEDIR=$PWD/cache "$SLIPWAY" doctor >said || true
grep -A2 'everybody may rename what lies in' said >told || { cat said; exit 1; }
grep -q 'LIBGUESTFS_CACHEDIR' told || { cat said; exit 1; }
chmod 1777 cache
LIBGUESTFS_CACHEDIR=$PWD/cache "$SLIPWAY" doctor >said || true
grep -q 'the fast one is made at the first launch' said || { cat said; exit 1; }
