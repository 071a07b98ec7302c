/* Credentials that a program prints (credential_process), run without a shell. */
#include "src/cloud/keys_find.h"

#include "src/base/json.h"
#include "src/base/proc.h"

#include <string.h>

enum { OUTPUT_MAX = 64 << 10, ARGS_MAX = 64, TIMEOUT_MS = 300 * 1000 };

struct process_source {
    struct keys_source base;
    char *words; /* the arguments, each with its NUL */
    const char *argv[ARGS_MAX + 1];
};

static void process_close(struct keys_source *source)
{
    struct process_source *self = (struct process_source *)source;

    free(self->words);
    free(self);
}

/*
 * One word as a shell takes it apart, but that nothing is expanded: quotes of both kinds and backslashes. Appends it to out;
 * *at moves behind it. false when a quote is open at the end.
 */
static bool take_word(const char **at, char *out, size_t *len)
{
    char quote = '\0';
    const char *p = *at;

    for (; *p != '\0' && (quote != '\0' || strchr(" \t\r\n", *p) == NULL); p++) {
        bool escapes = *p == '\\' && quote != '\'' && p[1] != '\0';

        if (escapes && quote == '"' && strchr("\"\\", p[1]) == NULL)
            escapes = false;
        if (escapes)
            out[(*len)++] = *++p;
        else if (quote == '\0' && (*p == '"' || *p == '\''))
            quote = *p;
        else if (quote != '\0' && *p == quote)
            quote = '\0';
        else
            out[(*len)++] = *p;
    }
    out[(*len)++] = '\0';
    *at = p;
    return quote == '\0';
}

static int split(struct process_source *self, const char *command, struct sw_err *err)
{
    size_t len = 0, n = 0;

    for (const char *at = command + strspn(command, " \t\r\n"); *at != '\0'; at += strspn(at, " \t\r\n")) {
        if (n == ARGS_MAX)
            return sw_fail(err, SW_FAILED, "credential_process has more than %d words", ARGS_MAX);
        self->argv[n++] = self->words + len;
        if (!take_word(&at, self->words, &len))
            return sw_fail(err, SW_FAILED, "credential_process has a quote that does not end");
    }
    return n > 0 ? 0 : sw_fail(err, SW_FAILED, "credential_process is empty");
}

static int read_document(const struct sw_buf *text, struct cloud_keys *out, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};
    json_t *root = sw_json_parse(text->data != NULL ? text->data : "", text->len, "it", &cause);
    const struct keys_text keys = {sw_json_text(root, "AccessKeyId"), sw_json_text(root, "SecretAccessKey"),
                                   sw_json_text(root, "SessionToken"), sw_json_text(root, "Expiration")};
    const json_t *version = json_object_get(root, "Version");
    int rc;

    if (!json_is_object(root))
        rc = sw_fail(err, SW_FAILED, "what it printed is no JSON object");
    else if (!json_is_integer(version) || json_integer_value(version) != 1)
        rc = sw_fail(err, SW_FAILED, "what it printed has no \"Version\": 1");
    else
        rc = keys_take(&keys, "what it printed", out, err);
    keys_wipe_json(root);
    json_decref(root);
    return rc;
}

static int process_fetch(struct keys_source *source, struct cloud_keys *out, struct sw_err *err)
{
    const struct process_source *self = (const struct process_source *)source;
    SW_CLEANUP(sw_buf_wipe) struct sw_buf text = {0};
    int status;

    if (sw_capture_program(self->argv, TIMEOUT_MS, OUTPUT_MAX, &text, &status, err) < 0)
        return -1;
    if (status != 0)
        return sw_fail(err, SW_FAILED, "'%s' ended with exit status %d", self->argv[0], status);
    return read_document(&text, out, err) < 0 ? sw_context(err, "'%s'", self->argv[0]) : 0;
}

struct keys_source *keys_from_process(const char *command, struct sw_err *err)
{
    struct process_source *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return NULL;
    self->base =
        (struct keys_source){.name = "credential_process", .fetch = process_fetch, .close = process_close};
    self->words = sw_calloc(strlen(command) + 2, 2, err);
    if (self->words == NULL || split(self, command, err) < 0) {
        process_close(&self->base);
        return NULL;
    }
    return &self->base;
}
