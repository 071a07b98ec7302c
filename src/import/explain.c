/* What a failed import means: AWS's message, looked up in data/failures.json. */
#include "src/import/explain.h"

#include "src/base/embed.h"
#include "src/base/json.h"
#include "src/base/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* FAILURES_FILE comes from the build. */
SW_EMBED(import_failures, FAILURES_FILE);

const char *explain_reason(const char *message)
{
    static const char *const families[] = {"ClientError:", "ServerError:", "FirstBootFailure:"};

    for (size_t i = 0; i < SW_ARRAY_LEN(families); i++) {
        const char *found = strstr(message, families[i]);

        if (found != NULL)
            return found;
    }
    return message;
}

bool explain_is_theirs(const char *reason)
{
    return strncmp(reason, "ServerError:", 12) == 0 || strstr(reason, "InternalError") != NULL;
}

/* The piece of a pattern up to the next '*', somewhere in text, in any case; behind it, or NULL. */
static const char *find_piece(const char *text, const char *piece, size_t len)
{
    for (; *text != '\0'; text++)
        if (strncasecmp(text, piece, len) == 0)
            return text + len;
    return NULL;
}

/* All pieces between the pattern's '*' are in the text, in this order. */
static bool matches(const char *text, const char *pattern)
{
    while (*pattern != '\0') {
        size_t len = strcspn(pattern, "*");

        if (len > 0 && (text = find_piece(text, pattern, len)) == NULL)
            return false;
        pattern += len + (pattern[len] == '*');
    }
    return true;
}

static json_t *load(struct sw_err *err)
{
    return sw_json_parse(import_failures, import_failures_len, "the catalogue of failures", err);
}

/* The first that matches; NULL when none does. */
static const json_t *find(const json_t *root, const char *reason)
{
    const json_t *failure, *pattern;
    size_t i, j;

    json_array_foreach (json_object_get(root, "failures"), i, failure) {
        json_array_foreach (json_object_get(failure, "patterns"), j, pattern) {
            if (matches(reason, json_string_value(pattern)))
                return failure;
        }
    }
    return NULL;
}

json_t *sw_import_explain(const char *message, struct sw_err *err)
{
    SW_AUTO_JSON json_t *root = load(err);
    const char *reason = explain_reason(message);
    const json_t *failure = root != NULL ? find(root, reason) : NULL;
    json_t *out;

    if (root == NULL)
        return NULL;
    out = json_pack("{s:o, s:b, s:b, s:O}", "message", sw_json_bytes(reason, strlen(reason)), "known",
                    failure != NULL, "retry",
                    explain_is_theirs(reason) || json_is_true(json_object_get(failure, "retry")), "date",
                    json_object_get(root, "date"));
    if (out == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    for (size_t i = 0; failure != NULL && i < 3; i++) {
        static const char *const members[] = {"cause", "remedy", "rule"};
        json_t *value = json_object_get(failure, members[i]);

        if (value != NULL)
            json_object_set(out, members[i], value);
    }
    return out;
}

void sw_import_explain_error(const char *message, struct sw_err *err)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_JSON json_t *known = sw_import_explain(message, &ignored);
    const char *rule = sw_json_text(known, "rule");
    struct sw_err longer = {.code = err->code, .sys = err->sys};

    if (!json_is_true(json_object_get(known, "known")))
        return;
    sw_fail(&longer, err->code, "%s (%s; %s%s%s)", err->text, sw_json_text(known, "cause"),
            sw_json_text(known, "remedy"), rule != NULL ? "; preflight rule " : "", rule != NULL ? rule : "");
    longer.sys = err->sys;
    *err = longer;
}
