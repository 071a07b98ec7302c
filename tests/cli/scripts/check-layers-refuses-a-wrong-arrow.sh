# Every kind of wrong #include is refused with its file and line, and the right ones are let through.
mkdir -p include/slipway src/base src/seal src/store src/cloud src/recipe formats
echo '/* contract */' >include/slipway/store.h
echo '/* own */' | tee src/store/layers.h src/base/buf.h formats/registry.h src/seal/key.h >/dev/null
printf '%s\n' '#include "slipway/store.h"' '#include "layers.h"' '#include "src/base/buf.h"' '#include "formats/registry.h"' \
    '#include <sys/stat.h>' '#  include <zstd.h>' >src/store/good.c

"$SLIPWAY_SOURCE/scripts/check-layers" . >clean
[ ! -s clean ]

printf '%s\n' '/* x */' '#include "src/store/layers.h"' >src/base/up.c
printf '%s\n' '#include "src/seal/key.h"' >src/store/aside.c
printf '%s\n' '#include "../seal/key.h"' >src/store/dots.c
printf '%s\n' '#include <openssl/evp.h>' >src/store/crypto.c
printf '%s\n' '#include <lzma.h>' >src/store/unknown.c
printf '%s\n' '#include <yaml.h>' >src/recipe/one.c
printf '%s\n' '' '' '#include <yaml.h>' >src/recipe/two.c
echo >src/lost.c

if "$SLIPWAY_SOURCE/scripts/check-layers" . >found; then exit 1; fi
cut -d: -f1,2 found | sort >places
diff places - <<'END'
src/base/up.c:2
src/lost.c:1
src/recipe/two.c:3
src/store/aside.c:1
src/store/crypto.c:1
src/store/dots.c:1
src/store/unknown.c:1
END
