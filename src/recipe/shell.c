/* The simple commands of a shell script: enough of the shell's grammar to know what is a command and what is text. */
#include "src/recipe/shell.h"

#include <string.h>

enum { SCRATCH_BYTES = 6000, HEREDOCS_MAX = 8, REFERENCE_MAX = 512 };

struct heredoc {
    const char *word; /* in the script; may have quotes around it */
    size_t len;
    bool tabs; /* <<-: leading tabs are dropped */
};

struct scanner {
    const char *text;
    size_t len, at;
    size_t before; /* offset of text in the whole script */
    sw_command_fn *fn;
    void *ctx;
    unsigned depth;
    struct sw_command command;
    char scratch[SCRATCH_BYTES];
    size_t used;
    struct heredoc heredocs[HEREDOCS_MAX];
    size_t nr_heredocs;
    bool for_shell; /* the here-document of this line is read by a shell */
};

static void scan_part(const struct scanner *outer, size_t begin, size_t end);

static char peek(const struct scanner *s, size_t ahead)
{
    return s->at + ahead < s->len ? s->text[s->at + ahead] : '\0';
}

static bool starts(const struct scanner *s, const char *what)
{
    size_t n = strlen(what);

    return s->len - s->at >= n && memcmp(s->text + s->at, what, n) == 0;
}

/* The end of what begins at from with open: behind its close, or the end of the text. Quotes are respected. */
static size_t skip_nested(const struct scanner *s, size_t from, char open, char close)
{
    unsigned level = 0;
    char quote = '\0';

    for (size_t i = from; i < s->len; i++) {
        char c = s->text[i];

        if (c == '\\' && quote != '\'')
            i++;
        else if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == open)
            level++;
        else if (c == close && --level == 0)
            return i + 1;
    }
    return s->len;
}

static void put(struct scanner *s, char c)
{
    if (s->used + 2 < sizeof(s->scratch))
        s->scratch[s->used++] = c;
}

/* $…, in or out of double quotes: the name stays a "$", and a command in it is read for itself. */
static void take_dollar(struct scanner *s)
{
    size_t from = s->at, end;

    put(s, '$');
    if (peek(s, 1) == '(') {
        end = skip_nested(s, from + 1, '(', ')');
        if (peek(s, 2) != '(' && end > from + 2)
            scan_part(s, from + 2, end - 1);
        s->at = end;
    } else if (peek(s, 1) == '{') {
        s->at = skip_nested(s, from + 1, '{', '}');
    } else {
        s->at++;
    }
}

static void take_backquote(struct scanner *s)
{
    const char *end = memchr(s->text + s->at + 1, '`', s->len - s->at - 1);
    size_t to = end != NULL ? (size_t)(end - s->text) : s->len;

    put(s, '$');
    scan_part(s, s->at + 1, to);
    s->at = to < s->len ? to + 1 : to;
}

/* A {{ reference }} is one word, whatever it holds. */
static bool take_reference(struct scanner *s)
{
    const char *end;

    if (!starts(s, "{{"))
        return false;
    end = memmem(s->text + s->at, s->len - s->at < REFERENCE_MAX ? s->len - s->at : REFERENCE_MAX, "}}", 2);
    if (end == NULL)
        return false;
    put(s, '$');
    s->at = (size_t)(end - s->text) + 2;
    return true;
}

static void take_double_quoted(struct scanner *s)
{
    for (s->at++; s->at < s->len && s->text[s->at] != '"';) {
        char c = s->text[s->at];

        if (c == '\\' && s->at + 1 < s->len) {
            put(s, s->text[s->at + 1]);
            s->at += 2;
        } else if (c == '$') {
            take_dollar(s);
        } else if (c == '`') {
            take_backquote(s);
        } else if (!take_reference(s)) {
            put(s, c);
            s->at++;
        }
    }
    s->at += s->at < s->len;
}

static void take_single_quoted(struct scanner *s)
{
    for (s->at++; s->at < s->len && s->text[s->at] != '\''; s->at++)
        put(s, s->text[s->at]);
    s->at += s->at < s->len;
}

/* A word into the scratch; its end is a blank or an operator. */
static const char *take_word(struct scanner *s)
{
    size_t begin = s->used;

    while (s->at < s->len && strchr(" \t\r\n;&|()<>", s->text[s->at]) == NULL) {
        char c = s->text[s->at];

        if (c == '"')
            take_double_quoted(s);
        else if (c == '\'')
            take_single_quoted(s);
        else if (c == '$')
            take_dollar(s);
        else if (c == '`')
            take_backquote(s);
        else if (c == '\\') {
            if (peek(s, 1) != '\n')
                put(s, peek(s, 1));
            s->at += s->at + 1 < s->len ? 2 : 1;
        } else if (!take_reference(s)) {
            put(s, c);
            s->at++;
        }
        /* name=(…) is an array, no command. */
        if (c == '=' && peek(s, 0) == '(')
            s->at = skip_nested(s, s->at, '(', ')');
    }
    s->scratch[s->used++] = '\0';
    if (s->used >= sizeof(s->scratch))
        s->used = sizeof(s->scratch) - 1;
    return s->scratch + begin;
}

static bool is_shell(const char *word)
{
    static const char *const shells[] = {"bash", "sh", "/bin/bash", "/bin/sh", "su", "ssh"};

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
        if (strcmp(word, shells[i]) == 0)
            return true;
    return false;
}

static void flush(struct scanner *s)
{
    if (s->command.n > 0) {
        for (size_t i = 0; i < s->command.n && i < 5; i++)
            s->for_shell = s->for_shell || is_shell(s->command.words[i].text);
        s->fn(s->ctx, &s->command);
    }
    s->command.n = 0;
    s->used = 0;
}

static void add_word(struct scanner *s)
{
    size_t offset = s->before + s->at;
    const char *text = take_word(s);

    /* The number of a redirection. */
    if ((peek(s, 0) == '>' || peek(s, 0) == '<') && text[0] != '\0' &&
        text[strspn(text, "0123456789")] == '\0')
        return;
    if (s->command.n < SW_SHELL_WORDS_MAX)
        s->command.words[s->command.n++] = (struct sw_word){text, offset};
}

static void skip_blanks(struct scanner *s)
{
    while (peek(s, 0) == ' ' || peek(s, 0) == '\t')
        s->at++;
}

static void begin_heredoc(struct scanner *s)
{
    struct heredoc here = {.tabs = peek(s, 2) == '-'};
    size_t used = s->used;

    s->at += here.tabs ? 3 : 2;
    skip_blanks(s);
    here.word = s->text + s->at;
    (void)take_word(s);
    here.len = (size_t)(s->text + s->at - here.word);
    s->used = used;
    if (here.len > 0 && s->nr_heredocs < HEREDOCS_MAX)
        s->heredocs[s->nr_heredocs++] = here;
}

/* Is this line the end of the here-document? Quotes around its word do not count. */
static bool ends_heredoc(const struct heredoc *here, const char *line, size_t len)
{
    size_t i = 0;

    while (here->tabs && len > 0 && *line == '\t') {
        line++;
        len--;
    }
    for (size_t k = 0; k < here->len; k++) {
        if (here->word[k] == '"' || here->word[k] == '\'' || here->word[k] == '\\')
            continue;
        if (i >= len || line[i++] != here->word[k])
            return false;
    }
    return i == len;
}

static void pass_heredocs(struct scanner *s)
{
    for (size_t i = 0; i < s->nr_heredocs; i++) {
        size_t begin = s->at, end = s->at;

        while (s->at < s->len) {
            const char *line = s->text + s->at;
            const char *eol = memchr(line, '\n', s->len - s->at);
            size_t len = eol != NULL ? (size_t)(eol - line) : s->len - s->at;

            end = s->at;
            s->at += len + (eol != NULL);
            if (ends_heredoc(&s->heredocs[i], line, len))
                break;
            end = s->at;
        }
        if (s->for_shell)
            scan_part(s, begin, end);
    }
    s->nr_heredocs = 0;
    s->for_shell = false;
}

/* Behind the operator of a redirection: a file's name, or another descriptor. */
static void redirect(struct scanner *s)
{
    size_t used = s->used;

    if (peek(s, 0) == '>' || peek(s, 0) == '|' || peek(s, 0) == '&')
        s->at++;
    skip_blanks(s);
    if (peek(s, 0) != '(')
        (void)take_word(s);
    s->used = used;
}

static void less_than(struct scanner *s)
{
    if (starts(s, "<<<")) {
        s->at += 3;
        skip_blanks(s);
    } else if (starts(s, "<<")) {
        begin_heredoc(s);
    } else {
        s->at++;
        redirect(s);
    }
}

static void step(struct scanner *s)
{
    char c = s->text[s->at];

    if (c == ' ' || c == '\t' || c == '\r') {
        s->at++;
    } else if (c == '\\' && peek(s, 1) == '\n') {
        s->at += 2;
    } else if (c == '#') {
        while (s->at < s->len && s->text[s->at] != '\n')
            s->at++;
    } else if (c == '\n') {
        flush(s);
        s->at++;
        pass_heredocs(s);
    } else if (c == '<') {
        less_than(s);
    } else if (c == '>' || (c == '&' && peek(s, 1) == '>')) {
        s->at += c == '>' ? 1 : 2;
        redirect(s);
    } else if (strchr(";&|()", c) != NULL) {
        flush(s);
        s->at++;
    } else {
        add_word(s);
    }
}

static void scan(struct scanner *s)
{
    while (s->at < s->len)
        step(s);
    flush(s);
}

static void scan_part(const struct scanner *outer, size_t begin, size_t end)
{
    struct scanner s = {.text = outer->text + begin,
                        .len = end - begin,
                        .before = outer->before + begin,
                        .fn = outer->fn,
                        .ctx = outer->ctx,
                        .depth = outer->depth + 1};

    if (outer->depth < SW_SHELL_MAX_DEPTH && begin < end)
        scan(&s);
}

void sw_shell_scan(const char *text, size_t len, sw_command_fn *fn, void *ctx)
{
    struct scanner whole = {.text = text, .len = len, .fn = fn, .ctx = ctx};

    scan_part(&whole, 0, len);
}
