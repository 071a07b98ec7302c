/* What comparisons come to: texts, patterns, and numbers of any length. */
#include "src/base/buf.h"
#include "src/recipe/conditions.h"
#include "src/recipe/pattern.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Numbers ----------------------------------------------------------------------------------------------- */

enum { EXPONENT_MAX = 400 }; /* beyond what a float64 has */

/* 0.DIGITS times ten to the power of `power`; without digits it is 0. */
struct number {
    bool negative;
    char *digits; /* without zeros at either end */
    size_t n;
    long power;
};

static void number_free(struct number *number)
{
    free(number->digits);
}
#define AUTO_NUMBER SW_CLEANUP(number_free)

/* The parts of "-12.50e3"; lengths of digits before and behind the point. */
struct notation {
    const char *whole, *fraction;
    size_t nr_whole, nr_fraction;
    long exponent;
    bool negative;
};

static bool read_exponent(const char *text, long *out)
{
    const char *digits = text + 1 + (text[1] == '-' || text[1] == '+');
    size_t n = strspn(digits, "0123456789");

    if (n == 0 || n > 3 || digits[n] != '\0')
        return false;
    *out = strtol(text + 1, NULL, 10);
    return *out >= -EXPONENT_MAX && *out <= EXPONENT_MAX;
}

/* [-+]?([0-9]+[.])?[0-9]+, and for a plain scalar YAML's floats: 1., .5, 1e3. */
static bool read_notation(struct sw_operand operand, struct notation *out)
{
    static const char digits[] = "0123456789";
    const char *at = operand.text;
    bool strict = !operand.plain, point = false;

    *out = (struct notation){.negative = *at == '-'};
    at += *at == '-' || *at == '+';
    out->whole = at;
    out->nr_whole = strspn(at, digits);
    at += out->nr_whole;
    if (*at == '.') {
        point = true;
        out->fraction = at + 1;
        out->nr_fraction = strspn(at + 1, digits);
        at += 1 + out->nr_fraction;
    }
    if (out->nr_whole + out->nr_fraction == 0 ||
        (strict && (out->nr_whole == 0 || (point && out->nr_fraction == 0))))
        return false;
    if (!strict && (*at == 'e' || *at == 'E'))
        return read_exponent(at, &out->exponent);
    return *at == '\0';
}

static int read_number(const struct notation *in, struct number *out, struct sw_err *err)
{
    size_t n = in->nr_whole + in->nr_fraction, zeros;

    *out = (struct number){.negative = in->negative, .digits = sw_calloc(n + 1, 1, err)};
    if (out->digits == NULL)
        return -1;
    memcpy(out->digits, in->whole, in->nr_whole);
    if (in->nr_fraction > 0)
        memcpy(out->digits + in->nr_whole, in->fraction, in->nr_fraction);
    while (n > 0 && out->digits[n - 1] == '0')
        n--;
    zeros = strspn(out->digits, "0");
    if (zeros > n)
        zeros = n;
    memmove(out->digits, out->digits + zeros, n - zeros);
    out->n = n - zeros;
    out->digits[out->n] = '\0';
    out->power = (long)in->nr_whole - (long)zeros + in->exponent;
    if (out->n == 0)
        *out = (struct number){.digits = out->digits};
    return 0;
}

static int compare_sizes(const struct number *a, const struct number *b)
{
    if (a->n == 0 || b->n == 0)
        return (a->n > 0) - (b->n > 0);
    if (a->power != b->power)
        return a->power < b->power ? -1 : 1;
    return strcmp(a->digits, b->digits);
}

static int compare_numbers(const struct number *a, const struct number *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    return a->negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

bool sw_is_number(struct sw_operand operand)
{
    struct notation notation;

    return read_notation(operand, &notation);
}

/* ---- Comparisons ------------------------------------------------------------------------------------------- */

/* order: how value lies to operand. */
static bool fits(enum sw_operator op, int order)
{
    switch (op) {
    case SW_OP_STRING_EQUALS:
    case SW_OP_NUMBER_EQUALS:
        return order == 0;
    case SW_OP_STRING_LESS_THAN:
    case SW_OP_NUMBER_LESS_THAN:
        return order < 0;
    case SW_OP_STRING_LESS_THAN_EQUALS:
    case SW_OP_NUMBER_LESS_THAN_EQUALS:
        return order <= 0;
    case SW_OP_STRING_GREATER_THAN:
    case SW_OP_NUMBER_GREATER_THAN:
        return order > 0;
    default:
        return order >= 0;
    }
}

static int numbers(enum sw_operator op, struct sw_operand operand, struct sw_operand value,
                   struct sw_outcome *out, struct sw_err *err)
{
    AUTO_NUMBER struct number a = {.digits = NULL};
    AUTO_NUMBER struct number b = {.digits = NULL};
    struct notation one, other;

    if (!read_notation(value, &one) || !read_notation(operand, &other))
        return 0;
    if (read_number(&one, &a, err) < 0 || read_number(&other, &b, err) < 0)
        return -1;
    out->holds = fits(op, compare_numbers(&a, &b));
    return 0;
}

/* Equality is exact, order is without case. AWS's examples contradict each other where only the case differs. */
static void texts(enum sw_operator op, const char *operand, const char *value, struct sw_outcome *out)
{
    bool exact = fits(op, strcmp(value, operand)), folded = fits(op, strcasecmp(value, operand));
    bool only_case = strcasecmp(value, operand) == 0 && strcmp(value, operand) != 0;

    out->holds = op == SW_OP_STRING_EQUALS ? exact : folded;
    out->in_doubt = exact != folded || (only_case && op == SW_OP_STRING_LESS_THAN);
}

static int matches(const char *expression, bool ignore_case, const char *value, bool *out, struct sw_err *err)
{
    size_t offset;
    SW_AUTO_PATTERN struct sw_pattern *pattern = sw_pattern_new(expression, ignore_case, &offset, err);

    if (pattern == NULL)
        return sw_context(err, "patternMatches '%s'", sw_show(expression).text);
    return sw_pattern_matches(pattern, value, out, err);
}

static int patterns(const char *expression, const char *value, struct sw_outcome *out, struct sw_err *err)
{
    bool exact = false;

    if (matches(expression, true, value, &out->holds, err) < 0 ||
        matches(expression, false, value, &exact, err) < 0)
        return -1;
    out->in_doubt = exact != out->holds;
    return 0;
}

int sw_compare(enum sw_operator op, struct sw_operand operand, struct sw_operand second,
               struct sw_outcome *out, struct sw_err *err)
{
    const char *text = operand.text;

    *out = (struct sw_outcome){.holds = false};
    switch (sw_operator_group(op)) {
    case SW_GROUP_TEXT:
        out->holds = op == SW_OP_STRING_IS_EMPTY ? text[0] == '\0'
                                                 : text[0] != '\0' && text[strspn(text, " ")] == '\0';
        return 0;
    case SW_GROUP_TEXTS:
        texts(op, text, second.text, out);
        return 0;
    case SW_GROUP_PATTERN:
        return patterns(text, second.text, out, err);
    case SW_GROUP_NUMBERS:
        return numbers(op, operand, second, out, err);
    default:
        return sw_fail(err, SW_FAILED, "%s compares no texts", sw_operator_name(op));
    }
}
