/* What the commands of a bash script need. */
#include "src/recipe/classify.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { VERB_WORDS = 8 }; /* how far behind the program its verb is looked for */

/* A command without what goes before the program itself. */
struct call {
    const struct sw_word *words;
    size_t n;
};

static bool one_of(const char *const *list, const char *word)
{
    return sw_word_find(list, word) >= 0;
}

static bool is_assignment(const char *word)
{
    size_t name = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    return name > 0 && !isdigit((unsigned char)word[0]) &&
           (word[name] == '=' || (word[name] == '+' && word[name + 1] == '='));
}

/* Behind sudo, env and their kin: options, and the values of those that take one. */
static void skip_options(struct call *call, const char *with_value)
{
    while (call->n > 0 && (call->words[0].text[0] == '-' || is_assignment(call->words[0].text))) {
        const char *option = call->words[0].text;
        bool takes = option[0] == '-' && option[1] != '\0' && option[2] == '\0' &&
                     strchr(with_value, option[1]) != NULL;

        call->words++;
        call->n--;
        if (takes && call->n > 0) {
            call->words++;
            call->n--;
        }
    }
}

/* False when nothing is run at all: a lookup such as `command -v`, a loop's head. */
static bool unwrap(struct call *call)
{
    static const char *const reserved[] = {"if", "then", "else", "elif",  "do",      "while", "until", "!",
                                           "{",  "time", "exec", "nohup", "builtin", "eval",  "xargs", NULL};
    static const char *const heads[] = {"for",   "case", "select", "function", "[",    "[[",     "test",
                                        "which", "type", "hash",   "alias",    "echo", "printf", NULL};
    static const char *const wrappers[] = {"sudo", "env", "nice", "ionice", "stdbuf", NULL};

    while (call->n > 0) {
        const char *word = call->words[0].text;

        if (one_of(heads, word))
            return false;
        if (strcmp(word, "command") == 0 && call->n > 1 &&
            (strcmp(call->words[1].text, "-v") == 0 || strcmp(call->words[1].text, "-V") == 0))
            return false;
        if (!one_of(reserved, word) && !one_of(wrappers, word) && !is_assignment(word) &&
            strcmp(word, "command") != 0 && strcmp(word, "timeout") != 0)
            return true;
        call->words++;
        call->n--;
        if (one_of(wrappers, word) || strcmp(word, "command") == 0 || strcmp(word, "xargs") == 0)
            skip_options(call, "ugCnpIP");
        if (strcmp(word, "timeout") == 0) {
            skip_options(call, "ks");
            call->words += call->n > 0;
            call->n -= call->n > 0;
        }
    }
    return false;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_url(const char *word)
{
    return has_prefix(word, "http://") || has_prefix(word, "https://") || has_prefix(word, "ftp://");
}

/* True when an argument, or a part of one behind '=', is such. */
static bool any_argument(const struct call *call, bool (*is)(const char *word))
{
    for (size_t i = 1; i < call->n; i++) {
        const char *equals = strchr(call->words[i].text, '=');

        if (is(call->words[i].text) || (equals != NULL && is(equals + 1)))
            return true;
    }
    return false;
}

static bool is_metadata(const char *word)
{
    return strstr(word, "169.254.169.254") != NULL || strstr(word, "fd00:ec2::254") != NULL;
}

static bool is_own_host(const char *word)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *slashes = strstr(word, "://");
    const char *host = slashes != NULL ? slashes + 3 : word;

    for (size_t i = 0; i < SW_ARRAY_LEN(hosts); i++) {
        size_t len = strlen(hosts[i]);

        if (strncmp(host, hosts[i], len) == 0 && strchr("/:?", host[len]) != NULL)
            return true;
    }
    return false;
}

static bool is_file_url(const char *word)
{
    return has_prefix(word, "file://");
}

static bool is_question(const char *word)
{
    static const char *const words[] = {"--version", "-V", "--help", "-h", "help", "version", NULL};

    return one_of(words, word);
}

/* Programs whose packages lie in files: no repository is asked, as far as the words tell. */
static bool only_local_files(const struct call *call, size_t verb)
{
    size_t files = 0;

    for (size_t i = verb + 1; i < call->n; i++) {
        const char *word = call->words[i].text;

        if (word[0] == '-')
            continue;
        if (word[0] != '/' && strncmp(word, "./", 2) != 0 && strncmp(word, "../", 3) != 0)
            return false;
        files++;
    }
    return files > 0;
}

/* The name under which the tables have it: without its folder, its suffix and the version behind pip. */
static void program_name(const char *word, char *out, size_t size)
{
    const char *base = sw_path_base(word);
    size_t pip = strncmp(base, "pip", 3) == 0 ? 3 + strspn(base + 3, "0123456789.") : 0;

    snprintf(out, size, "%s", pip > 0 && base[pip] == '\0' ? "pip" : base);
}

static void claim(struct sw_classifier *c, const struct call *call, const char *verb,
                  const struct sw_program *row)
{
    char what[48];

    if (verb != NULL)
        snprintf(what, sizeof(what), "%.20s %.25s", row->name, verb);
    else
        snprintf(what, sizeof(what), "%.45s", row->name);
    sw_claim(c, call->words[0].offset, row->need, what, row->why);
}

/* Transfers: by where they go. */
static void claim_transfer(struct sw_classifier *c, const struct call *call, const struct sw_program *row)
{
    static const struct sw_program own = {"curl", NULL, SW_NEED_BOOT,
                                          "it asks a service of this machine, and none is running"};

    if (any_argument(call, is_own_host))
        claim(c, call, NULL, &own);
    else if (!any_argument(call, is_file_url))
        claim(c, call, NULL, row);
}

static void claim_install(struct sw_classifier *c, const struct call *call, size_t verb,
                          const struct sw_program *row)
{
    static const char download[] = "it installs from a URL";
    struct sw_program by_url = *row;

    if (any_argument(call, is_url)) {
        by_url.need = SW_NEED_NETWORK;
        by_url.why = download;
        claim(c, call, call->words[verb].text, &by_url);
    } else if (!only_local_files(call, verb)) {
        claim(c, call, call->words[verb].text, row);
    }
}

static bool is_no_index(const char *word)
{
    return strcmp(word, "--no-index") == 0;
}

/* A row for the program and one of its first words. */
static bool claim_verb(struct sw_classifier *c, const struct call *call, const char *name)
{
    for (size_t i = 1; i < call->n && i <= VERB_WORDS; i++) {
        const struct sw_program *row = sw_program_find(name, call->words[i].text);

        if (row == NULL)
            continue;
        if (row->need == SW_NEED_MEDIA)
            claim_install(c, call, i, row);
        else if (strcmp(name, "pip") != 0 || (!any_argument(call, is_no_index) && !only_local_files(call, i)))
            claim(c, call, call->words[i].text, row);
        return true;
    }
    return false;
}

static bool claim_known(struct sw_classifier *c, const struct call *call, const char *name)
{
    static const char *const bare[] = {"reboot",      "poweroff",    "halt",        "ec2-metadata",
                                       "ec2metadata", "hostnamectl", "timedatectl", NULL};
    const struct sw_program *row = sw_program_find(name, NULL);

    if (row == NULL)
        return claim_verb(c, call, name);
    if (call->n < 2 && !one_of(bare, name))
        return true;
    if (call->n == 2 && is_question(call->words[1].text))
        return true;
    if (strcmp(name, "aws") == 0 && strcmp(call->words[1].text, "configure") == 0)
        return true;
    if (strcmp(name, "curl") == 0 || strcmp(name, "wget") == 0)
        claim_transfer(c, call, row);
    else
        claim(c, call, NULL, row);
    return true;
}

/* Programs that have one argument for a URL or none, and scripts of the old service manager. */
static bool claim_special(struct sw_classifier *c, const struct call *call, const char *name)
{
    static const struct sw_program by_url = {"rpm", NULL, SW_NEED_NETWORK, "it reads from a URL"};
    static const struct sw_program agent = {"amazon-cloudwatch-agent-ctl", NULL, SW_NEED_NETWORK,
                                            "it takes its configuration from the parameter store"};
    static const char *const readers[] = {"rpm", "yum-config-manager", "rpmkeys", NULL};
    const char *path = call->words[0].text;
    struct sw_program row = by_url;

    if (one_of(readers, name) ||
        (strcmp(name, "dnf") == 0 && call->n > 1 && strcmp(call->words[1].text, "config-manager") == 0)) {
        row.name = name;
        if (any_argument(call, is_url))
            claim(c, call, NULL, &row);
        return true;
    }
    if (strstr(path, "/init.d/") != NULL && call->n > 1) {
        row = *sw_program_find("service", "start");
        if (sw_program_find("service", call->words[1].text) != NULL)
            claim(c, call, call->words[1].text, &row);
        return true;
    }
    if (strcmp(name, agent.name) == 0) {
        for (size_t i = 1; i < call->n; i++)
            if (has_prefix(call->words[i].text, "ssm:"))
                claim(c, call, NULL, &agent);
        return true;
    }
    return false;
}

/* A program that only a run knows: by what is asked of it. */
static void claim_unknown(struct sw_classifier *c, const struct call *call)
{
    static const char *const verbs[] = {"install", "upgrade", "groupinstall", "localinstall", NULL};
    static const struct sw_program row = {
        "(variable)", NULL, SW_NEED_MEDIA,
        "by the look of it a package manager, which takes its packages from "
        "repositories"};

    for (size_t i = 1; i < call->n && i <= 3; i++)
        if (one_of(verbs, call->words[i].text)) {
            claim_install(c, call, i, &row);
            return;
        }
}

/* python -m pip …: the module is the program. */
static bool is_module(const struct call *call, const char *name)
{
    return (strncmp(name, "python", 6) == 0 || name[0] == '$') && call->n > 2 &&
           strcmp(call->words[1].text, "-m") == 0;
}

/* bash -c "…", su - user -c "…": the text is a script. */
static bool scan_argument(struct sw_classifier *c, const struct call *call, const char *name)
{
    static const char *const shells[] = {"bash", "sh", "dash", "su", "runuser", NULL};
    struct sw_classifier inner = *c;

    if (!one_of(shells, name))
        return false;
    for (size_t i = 1; i + 1 < call->n; i++) {
        const char *option = call->words[i].text;

        if (option[0] != '-' || strchr(option, 'c') == NULL || strchr(option, '=') != NULL)
            continue;
        inner.depth++;
        inner.offset = c->nested ? c->offset : call->words[i + 1].offset;
        inner.nested = true;
        if (inner.depth < SW_SHELL_MAX_DEPTH)
            sw_classify_bash(&inner, call->words[i + 1].text, strlen(call->words[i + 1].text));
        return true;
    }
    return true;
}

static void classify_call(struct sw_classifier *c, struct call *call)
{
    static const struct sw_program metadata = {"169.254.169.254", NULL, SW_NEED_BOOT,
                                               "the metadata service answers on an instance only"};
    char name[64];

    if (any_argument(call, is_metadata)) {
        claim(c, call, NULL, &metadata);
        return;
    }
    program_name(call->words[0].text, name, sizeof(name));
    if (is_module(call, name)) {
        struct call module = {call->words + 2, call->n - 2};

        classify_call(c, &module);
        return;
    }
    if (call->n > 1 && call->words[0].text[0] == '$' && strchr(call->words[0].text, '/') == NULL) {
        /* "$SUDO yum install": the variable may be a wrapper, or empty. */
        struct call rest = {call->words + 1, call->n - 1};

        if (!unwrap(&rest))
            return;
        program_name(rest.words[0].text, name, sizeof(name));
        if (!claim_special(c, &rest, name) && !claim_known(c, &rest, name))
            claim_unknown(c, call);
        return;
    }
    if (!scan_argument(c, call, name) && !claim_special(c, call, name))
        (void)claim_known(c, call, name);
}

void sw_classify_command(struct sw_classifier *c, const struct sw_command *command)
{
    struct call call = {command->words, command->n};

    if (unwrap(&call))
        classify_call(c, &call);
}

static void on_command(void *ctx, const struct sw_command *command)
{
    sw_classify_command(ctx, command);
}

void sw_classify_bash(struct sw_classifier *c, const char *text, size_t len)
{
    sw_shell_scan(text, len, on_command, c);
}
