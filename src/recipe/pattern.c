/* Regular expressions: RE2's syntax is checked here, PCRE2's automaton matches. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "src/recipe/pattern.h"

#include "src/base/buf.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum {
    REPEAT_MAX = 1000, /* RE2's */
    NEST_MAX = 100,
    WORKSPACE = 12020, /* some 2000 states at a time */
    TIME_MAX_S = 10,
    ASK_CLOCK_EVERY = 4096,
};

struct sw_pattern {
    pcre2_code *code;
};

/* ---- The syntax -------------------------------------------------------------------------------------------- */

/* The pattern being read; out gets it in PCRE2's words. */
struct scan {
    const char *text;
    size_t at;
    struct sw_buf out;
    bool repeated, lazy; /* what stands before is a repetition, and one with its '?' */
    size_t atom; /* where in out one character's expression begins that stands before; SIZE_MAX: none */
    bool multiline[NEST_MAX + 2]; /* (?m) holds, in each of the groups around */
    unsigned depth;
    const char *problem;
    struct sw_err *err;
};

static int bad(struct scan *s, const char *problem)
{
    s->problem = problem;
    return -1;
}

static int copy(struct scan *s, size_t n)
{
    s->at += n;
    return sw_buf_append(&s->out, s->text + s->at - n, n, s->err);
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* One digit from 1 is a reference to a group; more of them are a character in octal. */
static int scan_octal(struct scan *s)
{
    unsigned value = 0;
    size_t n = 1;

    if (s->text[s->at + 1] != '0' && !is_octal(s->text[s->at + 2]))
        return bad(s, "references to groups are not part of RE2");
    while (n <= 3 && is_octal(s->text[s->at + n]))
        value = value * 8 + (unsigned)(s->text[s->at + n++] - '0');
    s->at += n;
    return sw_buf_printf(&s->out, s->err, "\\x{%x}", value);
}

/* Length of the character there. */
static size_t char_length(const char *c)
{
    size_t n = 1;

    while (((unsigned char)c[0] & 0xc0) == 0xc0 && ((unsigned char)c[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* \Q…\E, character by character. */
static int scan_quoted(struct scan *s)
{
    s->at += 2;
    while (s->text[s->at] != '\0' && strncmp(s->text + s->at, "\\E", 2) != 0) {
        s->atom = s->out.len;
        if (ispunct((unsigned char)s->text[s->at]) && sw_buf_puts(&s->out, "\\", s->err) < 0)
            return -1;
        if (copy(s, char_length(s->text + s->at)) < 0)
            return -1;
    }
    s->at += s->text[s->at] != '\0' ? 2 : 0;
    return 0;
}

/* Length of "pN", "p{Greek}", "x41", "x{41}", never beyond the end. */
static size_t property_length(const char *c)
{
    size_t n = c[1] == '{' ? 1 + strcspn(c + 1, "}") : *c == 'x' ? 2 : 1;

    return n + (c[n] != '\0');
}

static int scan_escape(struct scan *s, bool in_class)
{
    const char *c = s->text + s->at + 1;

    if (*c == '\0')
        return bad(s, "'\\' at the end");
    if (is_octal(*c))
        return scan_octal(s);
    if (*c == 'v') {
        s->at += 2;
        return sw_buf_puts(&s->out, "\\x0b", s->err);
    }
    if (*c == 'Q' && !in_class)
        return scan_quoted(s);
    if (*c == 'x' && c[1] != '{' && !(isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2])))
        return bad(s, "'\\x' needs two digits, or braces");
    if (!in_class && strchr("bBAz", *c) != NULL) {
        s->atom = SIZE_MAX;
        return copy(s, 2);
    }
    if (strchr("pPx", *c) != NULL)
        return copy(s, 1 + property_length(c));
    if (ispunct((unsigned char)*c) || strchr("aftnrdDsSwW", *c) != NULL)
        return copy(s, 2);
    return bad(s, "this escape is not part of RE2");
}

/* From '[' to its ']'. */
static int scan_class(struct scan *s)
{
    size_t n = s->text[s->at + 1] == '^' ? 2 : 1;

    if (strncmp(s->text + s->at, "[[:<:]]", 7) == 0 || strncmp(s->text + s->at, "[[:>:]]", 7) == 0)
        return bad(s, "this class is not part of RE2");
    if (s->text[s->at + n] == ']')
        n++;
    if (copy(s, n) < 0)
        return -1;
    while (s->text[s->at] != ']') {
        const char *c = s->text + s->at;
        const char *end = c[0] == '[' && c[1] == ':' ? strstr(c + 2, ":]") : NULL;
        int rc;

        if (*c == '\0')
            return bad(s, "']' is missing");
        if (*c == '\\')
            rc = scan_escape(s, true);
        else
            rc = copy(s, end != NULL ? (size_t)(end - c) + 2 : 1);
        if (rc < 0)
            return -1;
    }
    return copy(s, 1);
}

/* "(?i)", "(?i-s:", "(?:", "(?P<name>", "(?<name>": what RE2 has of groups. */
static int scan_group(struct scan *s)
{
    const char *c = s->text + s->at;
    bool multiline = s->multiline[s->depth];
    size_t n;

    if (s->depth == NEST_MAX)
        return bad(s, "more than 100 groups within each other");
    s->multiline[++s->depth] = multiline;
    if (c[1] == '*')
        return bad(s, "nothing to repeat");
    if (c[1] != '?')
        return copy(s, 1);
    if (c[2] == ':')
        return copy(s, 3);
    n = c[2] == 'P' ? 3 : 2;
    if (c[n] == '<' && (isalpha((unsigned char)c[n + 1]) || c[n + 1] == '_'))
        return copy(s, n + 1);
    n = 2 + strspn(c + 2, "imsU");
    multiline = multiline || memchr(c, 'm', n) != NULL;
    if (c[n] == '-') {
        size_t more = strspn(c + n + 1, "imsU");

        multiline = multiline && memchr(c + n, 'm', more + 1) == NULL;
        n += 1 + more;
    }
    if (n == 2 || c[n - 1] == '-' || (c[n] != ')' && c[n] != ':'))
        return bad(s, "this kind of group is not part of RE2");
    s->depth -= c[n] == ')';
    s->multiline[s->depth] = multiline;
    return copy(s, n + 1);
}

/* Length of "{2}", "{2,}", "{2,5}"; 0: the brace is a character like others. */
static size_t repeat_length(const char *c)
{
    size_t n = 1 + strspn(c + 1, "0123456789");

    if (n == 1)
        return 0;
    if (c[n] == ',')
        n += 1 + strspn(c + n + 1, "0123456789");
    return c[n] == '}' ? n + 1 : 0;
}

/* "x+" becomes "xx*": the automaton counts the x of a plus, and would take every number of them for another state. */
static int repeat_atom(struct scan *s)
{
    SW_AUTO_FREE char *atom = sw_strdup(s->out.data + s->atom, s->err);

    s->at++;
    return atom != NULL ? sw_buf_printf(&s->out, s->err, "%s*", atom) : -1;
}

static int scan_repeat(struct scan *s, size_t n)
{
    const char *c = s->text + s->at;
    const char *comma = memchr(c, ',', n);

    if (s->repeated && n == 1 && *c == '?' && !s->lazy) {
        s->lazy = true;
        return copy(s, 1);
    }
    if (s->repeated)
        return bad(s, "a repetition of a repetition is not part of RE2");
    if (*c == '{' && (n > 12 || strtoul(c + 1, NULL, 10) > REPEAT_MAX ||
                      (comma != NULL && strtoul(comma + 1, NULL, 10) > REPEAT_MAX)))
        return bad(s, "repeats more than 1000 times");
    s->repeated = true;
    s->lazy = false;
    return *c == '+' && s->atom != SIZE_MAX ? repeat_atom(s) : copy(s, n);
}

static int scan_next(struct scan *s)
{
    const char *c = s->text + s->at;
    size_t n = strchr("*+?", *c) != NULL ? 1 : *c == '{' ? repeat_length(c) : 0;

    if (n > 0)
        return scan_repeat(s, n);
    s->repeated = s->lazy = false;
    s->atom = strchr("()|^$", *c) != NULL ? SIZE_MAX : s->out.len;
    switch (*c) {
    case '\\':
        return scan_escape(s, false);
    case '[':
        return scan_class(s);
    case '(':
        return scan_group(s);
    case ')':
        s->depth -= s->depth > 0;
        return copy(s, 1);
    case '$':
        /* The automaton's own choice between the two ends is wrong with (?m). */
        s->at++;
        return sw_buf_puts(&s->out, s->multiline[s->depth] ? "$" : "\\z", s->err);
    default:
        return copy(s, char_length(c));
    }
}

static int scan_all(struct scan *s)
{
    if (strlen(s->text) > SW_PATTERN_MAX_BYTES)
        return bad(s, "it is too long");
    if (sw_buf_puts(&s->out, "", s->err) < 0)
        return -1;
    while (s->text[s->at] != '\0')
        if (scan_next(s) < 0)
            return -1;
    return 0;
}

/* ---- PCRE2 ------------------------------------------------------------------------------------------------- */

SW_DEFINE_AUTO(context, pcre2_compile_context, pcre2_compile_context_free)
SW_DEFINE_AUTO(code, pcre2_code, pcre2_code_free)
SW_DEFINE_AUTO(match_context, pcre2_match_context, pcre2_match_context_free)
SW_DEFINE_AUTO(match_data, pcre2_match_data, pcre2_match_data_free)

/* NULL with the place in *offset. */
static pcre2_code *compile(const char *text, uint32_t options, size_t *offset, struct sw_err *err)
{
    SW_CLEANUP(context_auto) pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    PCRE2_UCHAR reason[128];
    pcre2_code *code;
    int error = 0;

    if (context == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context, NEST_MAX);
    code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                         options | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE |
                             PCRE2_NO_AUTO_POSSESS,
                         &error, offset, context);
    if (code == NULL) {
        pcre2_get_error_message(error, reason, sizeof(reason));
        sw_fail(err, SW_RECIPE, "%s", (const char *)reason);
    }
    return code;
}

/* Any text before it is part of the expression: then one pass finds a match that begins anywhere. */
static pcre2_code *compile_search(const char *text, uint32_t options, struct sw_err *err)
{
    SW_AUTO_FREE char *whole = sw_strf(err, "(?s:.*?)(?:%s)", text);
    size_t offset;

    if (whole == NULL)
        return NULL;
    return compile(whole, options | PCRE2_ANCHORED | PCRE2_AUTO_CALLOUT, &offset, err);
}

struct sw_pattern *sw_pattern_new(const char *text, bool ignore_case, size_t *offset, struct sw_err *err)
{
    uint32_t options = ignore_case ? PCRE2_CASELESS : 0;
    struct scan scan = {.text = text, .atom = SIZE_MAX, .err = err};
    SW_CLEANUP(code_auto) pcre2_code *alone = NULL;
    struct sw_pattern *pattern = NULL;

    *offset = 0;
    if (scan_all(&scan) == 0) {
        alone = compile(scan.out.data, options, offset, err);
        pattern = alone != NULL ? sw_calloc(1, sizeof(*pattern), err) : NULL;
    } else if (scan.problem != NULL) {
        *offset = scan.at;
        sw_fail(err, SW_RECIPE, "%s", scan.problem);
    }
    if (pattern != NULL) {
        pattern->code = compile_search(scan.out.data, options, err);
        if (pattern->code == NULL) {
            free(pattern);
            pattern = NULL;
        }
    }
    sw_buf_free(&scan.out);
    return pattern;
}

void sw_pattern_free(struct sw_pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code);
    free(pattern);
}

/* How much time is left for a match: it is asked at every step, and looks at the clock now and then. */
struct budget {
    unsigned steps;
    int64_t deadline_ns; /* of this thread's own time: a busy machine decides nothing */
};

static int64_t own_time_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int ask(pcre2_callout_block *block, void *arg)
{
    struct budget *budget = arg;

    (void)block;
    if (++budget->steps % ASK_CLOCK_EVERY == 0 && own_time_ns() > budget->deadline_ns)
        return PCRE2_ERROR_MATCHLIMIT;
    return 0;
}

static int judge(int rc, bool *matches, struct sw_err *err)
{
    *matches = rc >= 0;
    if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21)
        return sw_fail(err, SW_RECIPE, "the text to match is not UTF-8");
    if (rc == PCRE2_ERROR_MATCHLIMIT)
        return sw_fail(err, SW_RECIPE, "the pattern takes more than %d s on this text", (int)TIME_MAX_S);
    return sw_fail(err, SW_RECIPE, "the pattern takes too many states on this text");
}

int sw_pattern_matches(const struct sw_pattern *pattern, const char *text, bool *matches, struct sw_err *err)
{
    SW_CLEANUP(match_context_auto) pcre2_match_context *context = pcre2_match_context_create(NULL);
    SW_CLEANUP(match_data_auto) pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    SW_AUTO_FREE int *workspace = sw_calloc(WORKSPACE, sizeof(*workspace), err);
    struct budget budget = {.deadline_ns = own_time_ns() + INT64_C(1000000000) * TIME_MAX_S};
    size_t len = strlen(text);

    if (context == NULL || data == NULL || workspace == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (len > SW_PATTERN_MAX_TEXT)
        return sw_fail(err, SW_RECIPE, "a text of %zu bytes is too long for a pattern", len);
    pcre2_set_callout(context, ask, &budget);
    pcre2_set_heap_limit(context, 1024); /* KiB */
    return judge(pcre2_dfa_match(pattern->code, (PCRE2_SPTR)text, len, 0, PCRE2_DFA_SHORTEST, data, context,
                                 workspace, WORKSPACE),
                 matches, err);
}
