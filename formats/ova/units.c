/* Sizes in an OVF: numbers, and the units that they are counted in. */
#include "formats/ova/ovf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"

#include <string.h>
#include <strings.h>

/* Reads digits on from *at; -1 when there are none or too many. */
static int digits(const char **at, uint64_t *out)
{
    const char *begin = *at;

    *out = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++)
        if (sw_mul_ovf(*out, 10, out) || sw_add_ovf(*out, (uint64_t)(**at - '0'), out))
            return -1;
    return *at > begin ? 0 : -1;
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t\r\n");
}

int ovf_number(const char *text, uint64_t *out)
{
    skip_blanks(&text);
    if (digits(&text, out) < 0)
        return -1;
    skip_blanks(&text);
    return *text == '\0' ? 0 : -1;
}

static int power(uint64_t base, uint64_t exponent, uint64_t *out)
{
    *out = 1;
    if (base < 2 || exponent > 63)
        return -1;
    while (exponent-- > 0)
        if (sw_mul_ovf(*out, base, out))
            return -1;
    return 0;
}

/* What may follow "byte": " * N" and " * N^M", any number of them. */
static int factors(const char *at, uint64_t *out)
{
    *out = 1;
    for (skip_blanks(&at); *at != '\0'; skip_blanks(&at)) {
        uint64_t base, exponent = 1, factor;

        if (*at++ != '*')
            return -1;
        skip_blanks(&at);
        if (digits(&at, &base) < 0)
            return -1;
        skip_blanks(&at);
        if (*at == '^') {
            at++;
            skip_blanks(&at);
            if (digits(&at, &exponent) < 0)
                return -1;
        }
        if (power(base, exponent, &factor) < 0 || sw_mul_ovf(*out, factor, out))
            return -1;
    }
    return 0;
}

int ovf_units(const char *text, uint64_t *out)
{
    static const struct {
        const char *name;
        unsigned shift;
    } old[] = {
        {"byte", 0},       {"bytes", 0},      {"B", 0},    {"KB", 10},        {"KiB", 10},
        {"KiloBytes", 10}, {"MB", 20},        {"MiB", 20}, {"MegaBytes", 20}, {"GB", 30},
        {"GiB", 30},       {"GigaBytes", 30}, {"TB", 40},  {"TiB", 40},       {"TeraBytes", 40},
    };

    if (text == NULL)
        text = "byte";
    skip_blanks(&text);
    for (size_t i = 0; i < SW_ARRAY_LEN(old); i++)
        if (strcasecmp(text, old[i].name) == 0) {
            *out = UINT64_C(1) << old[i].shift;
            return 0;
        }
    if (strncasecmp(text, "byte", 4) != 0)
        return -1;
    text += 4;
    if (*text == 's' || *text == 'S')
        text++;
    return factors(text, out);
}
