/* Numbers in texts. */
#include "src/base/number.h"

#include "src/base/ckd.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sw_parse_bytes(const char *text, const char *suffixes, uint64_t *out)
{
    const char *suffix;
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return -1;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (errno != 0)
        return -1;
    if (*end == '\0')
        return 0;
    suffix = strchr(suffixes, *end);
    if (suffix == NULL || end[1] != '\0')
        return -1;
    return sw_mul_ovf(*out, UINT64_C(1) << (10 * (unsigned)(suffix - suffixes + 1)), out) ? -1 : 0;
}
