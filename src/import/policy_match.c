/* What policy documents match with: patterns, ARNs and conditions, each yes, no or unsure. */
#include "src/import/policy_match.h"

#include "src/base/cleanup.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A pattern's elements: a byte, or one of these. */
enum { ANY_RUN = 256, ANY_ONE };

enum { ARN_FIELDS = 6 };

void policy_note(struct sw_buf *unsure, const char *fmt, ...)
{
    struct sw_err ignored = {.code = SW_OK};
    char text[512];
    va_list args;

    if (unsure == NULL || unsure->len > 0)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (sw_buf_puts(unsure, text, &ignored) < 0)
        sw_buf_free(unsure);
}

/* The number of elements, or -1 for what is too long or has a policy variable. */
static int compile(const char *pattern, size_t len, uint16_t out[POLICY_MAX_PATTERN])
{
    int n = 0;

    for (size_t i = 0; i < len; i++) {
        if (n == POLICY_MAX_PATTERN)
            return -1;
        if (pattern[i] == '$' && i + 1 < len && pattern[i + 1] == '{') {
            if (i + 3 >= len || strchr("*?$", pattern[i + 2]) == NULL || pattern[i + 3] != '}')
                return -1;
            out[n++] = (uint8_t)pattern[i + 2];
            i += 3;
        } else if (pattern[i] == '*') {
            out[n++] = ANY_RUN;
        } else {
            out[n++] = pattern[i] == '?' ? ANY_ONE : (uint8_t)pattern[i];
        }
    }
    return n;
}

static bool same(uint16_t element, char c, bool ignore_case)
{
    if (element == ANY_ONE)
        return true;
    if (ignore_case)
        return tolower(element) == tolower((uint8_t)c);
    return element == (uint8_t)c;
}

/* With one place to go back to: no pattern takes more than pattern times text steps. */
static bool run(const uint16_t *pattern, int n, const char *text, size_t len, bool ignore_case)
{
    size_t at = 0, star_at = 0;
    int p = 0, star = -1;

    while (at < len) {
        if (p < n && pattern[p] == ANY_RUN) {
            star = p++;
            star_at = at;
        } else if (p < n && same(pattern[p], text[at], ignore_case)) {
            p++;
            at++;
        } else if (star >= 0) {
            p = star + 1;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (p < n && pattern[p] == ANY_RUN)
        p++;
    return p == n;
}

static enum policy_fit glob_len(const char *pattern, size_t pattern_len, const char *text, size_t len,
                                bool ignore_case)
{
    uint16_t compiled[POLICY_MAX_PATTERN];
    int n = compile(pattern, pattern_len, compiled);

    if (n < 0)
        return POLICY_PERHAPS;
    return run(compiled, n, text, len, ignore_case) ? POLICY_YES : POLICY_NO;
}

enum policy_fit policy_glob(const char *pattern, const char *text, bool ignore_case)
{
    return glob_len(pattern, strlen(pattern), text, strlen(text), ignore_case);
}

/* The length of the ARN's next field; the last one takes all that is left. */
static size_t field_len(const char *at, int field)
{
    return field < ARN_FIELDS - 1 ? strcspn(at, ":") : strlen(at);
}

enum policy_fit policy_glob_arn(const char *pattern, const char *text)
{
    enum policy_fit all = POLICY_YES;

    for (int field = 0; field < ARN_FIELDS; field++) {
        size_t pattern_len = field_len(pattern, field), len = field_len(text, field);
        enum policy_fit fit = glob_len(pattern, pattern_len, text, len, false);

        if (fit < all)
            all = fit;
        pattern += pattern_len;
        text += len;
        if (field == ARN_FIELDS - 1)
            break;
        if (*pattern != ':' || *text != ':')
            return POLICY_NO;
        pattern++;
        text++;
    }
    return all;
}

enum compare { EQUALS, EQUALS_ANY_CASE, LIKE, ARN_LIKE, IS_NULL };

static const struct {
    const char *name;
    enum compare how;
    bool negated;
} operators[] = {
    {"StringEquals", EQUALS, false},
    {"StringNotEquals", EQUALS, true},
    {"StringEqualsIgnoreCase", EQUALS_ANY_CASE, false},
    {"StringNotEqualsIgnoreCase", EQUALS_ANY_CASE, true},
    {"StringLike", LIKE, false},
    {"StringNotLike", LIKE, true},
    {"ArnEquals", ARN_LIKE, false},
    {"ArnNotEquals", ARN_LIKE, true},
    {"ArnLike", ARN_LIKE, false},
    {"ArnNotLike", ARN_LIKE, true},
    {"Bool", EQUALS_ANY_CASE, false},
    {"Null", IS_NULL, false},
};

/* One condition operator as written. */
struct operator
{
    enum compare how;
    bool negated, if_exists;
};

static bool find_operator(const char *name, struct operator* out)
{
    static const char tail[] = "IfExists";
    size_t len = strlen(name);

    *out = (struct operator){.if_exists = false};
    if (len > strlen(tail) && strcasecmp(name + len - strlen(tail), tail) == 0) {
        out->if_exists = true;
        len -= strlen(tail);
    }
    for (size_t i = 0; i < SW_ARRAY_LEN(operators); i++)
        if (strlen(operators[i].name) == len && strncasecmp(name, operators[i].name, len) == 0) {
            out->how = operators[i].how;
            out->negated = operators[i].negated;
            return out->how != IS_NULL || !out->if_exists;
        }
    return false;
}

static const struct policy_fact *find_fact(const struct policy_request *request, const char *key)
{
    for (size_t i = 0; i < request->n; i++)
        if (strcasecmp(request->facts[i].key, key) == 0)
            return &request->facts[i];
    return NULL;
}

static enum policy_fit compare(enum compare how, const char *wanted, const char *is)
{
    /* A '$' in front of a brace would be a variable, whatever the comparison. */
    if (strstr(wanted, "${") != NULL && (how == EQUALS || how == EQUALS_ANY_CASE))
        return POLICY_PERHAPS;
    switch (how) {
    case EQUALS:
        return strcmp(wanted, is) == 0 ? POLICY_YES : POLICY_NO;
    case EQUALS_ANY_CASE:
        return strcasecmp(wanted, is) == 0 ? POLICY_YES : POLICY_NO;
    case LIKE:
        return policy_glob(wanted, is, false);
    case ARN_LIKE:
        return policy_glob_arn(wanted, is);
    case IS_NULL: /* the key is there: that is what a fact means */
    default:
        return strcasecmp(wanted, "false") == 0 ? POLICY_YES : POLICY_NO;
    }
}

/* A value is a text; true and false may be written without quotes. */
static const char *value_text(const json_t *value)
{
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    return json_string_value(value);
}

/* Whether the fact is one of the values. */
static enum policy_fit any_value(const struct operator* op, const json_t *values, const char *is)
{
    enum policy_fit best = POLICY_NO;
    size_t n = json_is_array(values) ? json_array_size(values) : 1;

    for (size_t i = 0; i < n; i++) {
        const char *text = value_text(json_is_array(values) ? json_array_get(values, i) : values);
        enum policy_fit fit = text != NULL ? compare(op->how, text, is) : POLICY_PERHAPS;

        if (fit > best)
            best = fit;
    }
    if (!op->negated)
        return best;
    return best == POLICY_PERHAPS ? POLICY_PERHAPS : best == POLICY_YES ? POLICY_NO : POLICY_YES;
}

static enum policy_fit one_operator(const char *name, const json_t *keys,
                                    const struct policy_request *request, struct sw_buf *unsure)
{
    enum policy_fit all = POLICY_YES;
    struct operator op;
    bool known = find_operator(name, &op);
    const char *key;
    json_t *values;

    json_object_foreach ((json_t *)(uintptr_t)keys, key, values) {
        const struct policy_fact *fact = known ? find_fact(request, key) : NULL;
        enum policy_fit fit = fact != NULL ? any_value(&op, values, fact->value) : POLICY_PERHAPS;

        if (fit == POLICY_PERHAPS)
            policy_note(unsure, "the condition %.100s (%.60s)", key, name);
        if (fit < all)
            all = fit;
    }
    return all;
}

enum policy_fit policy_condition(const json_t *condition, const struct policy_request *request,
                                 struct sw_buf *unsure)
{
    enum policy_fit all = POLICY_YES;
    const char *name;
    json_t *keys;

    json_object_foreach ((json_t *)(uintptr_t)condition, name, keys) {
        enum policy_fit fit = one_operator(name, keys, request, unsure);

        if (fit < all)
            all = fit;
    }
    return all;
}
