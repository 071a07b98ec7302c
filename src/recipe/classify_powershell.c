/* What a PowerShell script needs beside a booted Windows. */
#include "src/recipe/classify.h"

#include "src/base/cleanup.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { TOKEN_MAX = 64 };

/* A name, and one of the words behind it; case counts nothing. NULL: alone. */
static const struct {
    const char *name, *verbs;
    bool prefix; /* every cmdlet that begins so */
} words[] = {
    {"Invoke-WebRequest", NULL, false},
    {"iwr", NULL, false},
    {"Invoke-RestMethod", NULL, false},
    {"irm", NULL, false},
    {"Start-BitsTransfer", NULL, false},
    {"DownloadFile", NULL, false},
    {"DownloadString", NULL, false},
    {"DownloadData", NULL, false},
    {"curl", NULL, false},
    {"wget", NULL, false},
    {"choco", " install upgrade ", false},
    {"cinst", NULL, false},
    {"winget", " install upgrade ", false},
    {"Install-Module", NULL, false},
    {"Save-Module", NULL, false},
    {"Update-Module", NULL, false},
    {"Install-Package", NULL, false},
    {"Install-PackageProvider", NULL, false},
    {"Install-Script", NULL, false},
    {"Install-WindowsUpdate", NULL, false},
    {"Get-WindowsUpdate", NULL, false},
    {"Get-WUInstall", NULL, false},
    {"aws", " s3 s3api ssm ec2 secretsmanager sts lambda configservice ", false},
    {"git", " clone pull fetch ", false},
    {"pip", " install download ", false},
    {"npm", " install i ci ", false},
    {"Test-NetConnection", NULL, false},
    {"Get-EC2InstanceMetadata", NULL, false},
    {"Read-S3", NULL, true},
    {"Copy-S3", NULL, true},
    {"Write-S3", NULL, true},
    {"Get-S3", NULL, true},
    {"Get-SSM", NULL, true},
    {"Get-SEC", NULL, true},
    {"Get-EC2", NULL, true},
    {"Send-SSM", NULL, true},
};

struct tokens {
    const char *text;
    size_t len, at;
};

/* Past comments and quoted texts, to the next token; false at the end. */
static bool skip_text(struct tokens *t)
{
    while (t->at < t->len) {
        const char *p = t->text + t->at, *end;
        size_t left = t->len - t->at;

        if (left > 1 && p[0] == '<' && p[1] == '#') {
            end = memmem(p, left, "#>", 2);
            t->at = end != NULL ? (size_t)(end - t->text) + 2 : t->len;
        } else if (*p == '#') {
            end = memchr(p, '\n', left);
            t->at = end != NULL ? (size_t)(end - t->text) : t->len;
        } else if (*p == '\'' || *p == '"') {
            end = memchr(p + 1, *p, left - 1);
            t->at = end != NULL ? (size_t)(end - t->text) + 1 : t->len;
        } else if (isalnum((unsigned char)*p)) {
            return true;
        } else {
            t->at++;
        }
    }
    return false;
}

/* A run of letters, digits and '-', without a program's suffix. */
static void take(struct tokens *t, char *out)
{
    size_t n = 0;

    for (; t->at < t->len && (isalnum((unsigned char)t->text[t->at]) || t->text[t->at] == '-'); t->at++)
        if (n + 1 < TOKEN_MAX)
            out[n++] = t->text[t->at];
    out[n] = '\0';
    if (t->len - t->at >= 4 && strncasecmp(t->text + t->at, ".exe", 4) == 0)
        t->at += 4;
}

static bool in_list(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = list; len > 0 && *p != '\0'; p++)
        if (*p == ' ' && strncasecmp(p + 1, word, len) == 0 && p[1 + len] == ' ')
            return true;
    return false;
}

static bool matches(size_t row, const char *token)
{
    size_t len = strlen(words[row].name);

    return words[row].prefix ? strncasecmp(token, words[row].name, len) == 0
                             : strcasecmp(token, words[row].name) == 0;
}

void sw_classify_powershell(struct sw_classifier *c, const char *text, size_t len)
{
    struct tokens t = {.text = text, .len = len};
    char token[TOKEN_MAX], next[TOKEN_MAX];

    while (skip_text(&t)) {
        size_t offset = t.at;

        take(&t, token);
        for (size_t row = 0; row < SW_ARRAY_LEN(words); row++) {
            struct tokens ahead = t;

            if (!matches(row, token))
                continue;
            next[0] = '\0';
            if (words[row].verbs != NULL && skip_text(&ahead))
                take(&ahead, next);
            if (words[row].verbs == NULL || in_list(words[row].verbs, next)) {
                sw_claim(c, offset, SW_NEED_NETWORK, token, "it transfers from or to a server");
                break;
            }
        }
    }
}
