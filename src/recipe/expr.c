/* References inside of texts: {{ name }}, {{ phase.step.outputs.key }}, and what is not ours. */
#include "src/recipe/expr.h"

#include "src/base/buf.h"
#include "src/recipe/ssm.h"

#include <stdlib.h>
#include <string.h>

/* resolve(aws:ssm:resolve(…)): nobody needs as many. */
enum { SSM_MAX_LOOKUPS = 8 };

static const char blanks[] = " \t\r\n";
static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static bool is_name(const char *text)
{
    return text[0] != '\0' && text[strspn(text, name_chars)] == '\0';
}

/* Takes "[n]" off the front; false when it is malformed. */
static bool take_index(char **at, struct sw_ref *ref)
{
    char *end;
    unsigned long long value;

    if (**at != '[')
        return true;
    if ((*at)[1] < '0' || (*at)[1] > '9')
        return false;
    value = strtoull(*at + 1, &end, 10);
    if (*end != ']' || value > 1000000)
        return false;
    ref->index = (size_t)value;
    ref->indexed = true;
    *at = end + 1;
    return true;
}

/* The last ".inputs" or ".outputs" that is followed by "." or "[": a step's name may hold dots and blanks. */
static char *find_side(char *inner, size_t *len)
{
    char *found = NULL;

    for (char *p = inner; (p = strchr(p, '.')) != NULL; p++) {
        size_t n = strncmp(p, ".inputs", 7) == 0 ? 7 : strncmp(p, ".outputs", 8) == 0 ? 8 : 0;

        if (n > 0 && (p[n] == '.' || p[n] == '[')) {
            found = p;
            *len = n;
        }
    }
    return found;
}

static enum sw_span_kind read_chained(char *inner, char *side, size_t side_len, struct sw_ref *ref)
{
    char *rest = side + side_len;
    char *dot = strchr(inner, '.');

    ref->kind = side_len == 7 ? SW_REF_INPUT : SW_REF_OUTPUT;
    if (!take_index(&rest, ref) || *rest != '.' || !is_name(rest + 1))
        return SW_SPAN_BAD;
    ref->name = rest + 1;
    *side = '\0';
    *dot = '\0';
    if (!is_name(inner))
        return SW_SPAN_FOREIGN;
    if (dot == side || dot[1] == '\0')
        return SW_SPAN_BAD;
    ref->phase = inner;
    ref->step = dot + 1;
    return SW_SPAN_REF;
}

static enum sw_span_kind read_dotted(char *inner, struct sw_ref *ref)
{
    char *dot = strchr(inner, '.');

    if (inner[strspn(inner, name_chars)] != '.')
        return SW_SPAN_FOREIGN;
    if (strcmp(dot, ".index") == 0 || strcmp(dot, ".value") == 0) {
        ref->kind = dot[1] == 'i' ? SW_REF_LOOP_INDEX : SW_REF_LOOP_VALUE;
        ref->name = inner;
        *dot = '\0';
        return SW_SPAN_LOOP;
    }
    for (const char *p = inner; *p != '\0'; p++)
        if (strchr(name_chars, *p) == NULL && strchr(".[]", *p) == NULL)
            return SW_SPAN_FOREIGN;
    return SW_SPAN_BAD;
}

/* What stands behind "aws:ssm:": a name, resolve(PARAMETER), resolve(aws:ssm:…). */
static enum sw_span_kind read_ssm(char *inner, struct sw_ref *ref)
{
    static const char prefix[] = "aws:ssm:", call[] = "resolve(";
    size_t len;

    ref->kind = SW_REF_SSM;
    for (ref->index = 1; strncmp(inner, call, strlen(call)) == 0; ref->index++) {
        inner += strlen(call);
        inner += strspn(inner, blanks);
        len = strlen(inner);
        if (len == 0 || inner[len - 1] != ')' || ref->index > SSM_MAX_LOOKUPS)
            return SW_SPAN_BAD;
        len--;
        while (len > 0 && strchr(blanks, inner[len - 1]) != NULL)
            len--;
        inner[len] = '\0';
        if (strncmp(inner, prefix, strlen(prefix)) != 0) {
            ref->kind = SW_REF_SSM_OF;
            ref->name = inner;
            return is_name(inner) ? SW_SPAN_REF : SW_SPAN_BAD;
        }
        inner += strlen(prefix);
    }
    ref->name = inner;
    return inner[0] != '\0' && inner[strspn(inner, SW_SSM_NAME_CHARS)] == '\0' ? SW_SPAN_REF : SW_SPAN_BAD;
}

static enum sw_span_kind read_inner(char *inner, struct sw_ref *ref)
{
    size_t side_len = 0;
    char *side;

    *ref = (struct sw_ref){.kind = SW_REF_NAME};
    if (inner[0] == '\0' || inner[0] == '.')
        return SW_SPAN_FOREIGN;
    if (is_name(inner)) {
        ref->name = inner;
        return SW_SPAN_REF;
    }
    if (strncmp(inner, "aws:ssm:", 8) == 0)
        return read_ssm(inner + 8, ref);
    if (strncmp(inner, "aws:", 4) == 0)
        return SW_SPAN_BAD;
    side = find_side(inner, &side_len);
    if (side != NULL)
        return read_chained(inner, side, side_len, ref);
    return strchr(inner, '.') != NULL ? read_dotted(inner, ref) : SW_SPAN_FOREIGN;
}

/* Copies the text between the braces without the blanks around it; what is too long for a reference is none. */
static enum sw_span_kind read_span(const char *inner, const char *end, struct sw_span *span)
{
    while (inner < end && strchr(blanks, *inner) != NULL)
        inner++;
    while (end > inner && strchr(blanks, end[-1]) != NULL)
        end--;
    if (end - inner > SW_REF_MAX_LEN)
        return SW_SPAN_FOREIGN;
    memcpy(span->words, inner, (size_t)(end - inner));
    span->words[end - inner] = '\0';
    return read_inner(span->words, &span->ref);
}

/* The first place where the character stands twice; every byte is looked at once. */
static const char *find_pair(const char *text, char c)
{
    for (; *text != '\0'; text++)
        if (text[0] == c && text[1] == c)
            return text;
    return NULL;
}

bool sw_span_next(const char *text, size_t from, struct sw_span *span)
{
    const char *open = find_pair(text + from, '{');
    const char *close = open != NULL ? find_pair(open + 2, '}') : NULL;

    if (close == NULL)
        return false;
    /* "{{{ x }}" and "{{ a {{ x }}" hold the reference {{ x }}: the innermost braces count. */
    for (const char *p = close - 2; p > open; p--) {
        if (p[0] == '{' && p[1] == '{') {
            open = p;
            break;
        }
    }
    span->begin = (size_t)(open - text);
    span->end = (size_t)(close + 2 - text);
    span->kind = read_span(open + 2, close, span);
    return true;
}

static int expand_span(struct sw_buf *out, const char *text, const struct sw_span *span, sw_lookup_fn *lookup,
                       void *arg, struct sw_err *err)
{
    size_t len = span->end - span->begin;
    const char *value = NULL;

    if (span->kind == SW_SPAN_FOREIGN)
        return sw_buf_append(out, text + span->begin, len, err);
    if (span->kind != SW_SPAN_REF && span->kind != SW_SPAN_LOOP)
        return sw_fail(err, SW_RECIPE, "'%.*s' cannot be resolved", (int)(len < 100 ? len : 100),
                       text + span->begin);
    if (lookup(arg, &span->ref, &value, err) < 0)
        return -1;
    return value != NULL ? sw_buf_puts(out, value, err) : sw_buf_append(out, text + span->begin, len, err);
}

char *sw_expand(const char *text, sw_lookup_fn *lookup, void *arg, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    struct sw_span span;
    size_t at = 0;

    while (sw_span_next(text, at, &span)) {
        if (sw_buf_append(&out, text + at, span.begin - at, err) < 0 ||
            expand_span(&out, text, &span, lookup, arg, err) < 0)
            return NULL;
        if (out.len > SW_EXPAND_MAX_BYTES) {
            sw_fail(err, SW_RECIPE, "a text grows beyond %zu bytes with its references", SW_EXPAND_MAX_BYTES);
            return NULL;
        }
        at = span.end;
    }
    if (sw_buf_puts(&out, text + at, err) < 0)
        return NULL;
    return sw_buf_steal(&out);
}
