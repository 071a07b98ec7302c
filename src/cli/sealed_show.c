/* What a sealed file says of itself, for people. */
#include "src/cli/sealed_show.h"

#include "src/base/json.h"
#include "src/cli/output.h"

#include <stdio.h>

static void row(const char *head, const char *text)
{
    printf("%-14s", head);
    out_safe(stdout, text != NULL ? text : "");
    putchar('\n');
}

static long long number(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void show_recipients(const json_t *message)
{
    const json_t *recipient;
    size_t i;

    json_array_foreach (json_object_get(message, "recipients"), i, recipient) {
        printf("%-14s", i == 0 ? "recipients:" : "");
        out_safe(stdout, sw_json_text(recipient, "provider"));
        putchar('/');
        out_safe(stdout, sw_json_text(recipient, "name"));
        printf(" (%s)\n", sw_json_text(recipient, "kind"));
    }
}

static void show_context(const json_t *message)
{
    json_t *context = json_object_get(message, "context"), *value;
    const char *head = "context:", *key;

    json_object_foreach (context, key, value) {
        printf("%-14s", head);
        out_safe(stdout, key);
        putchar('=');
        out_safe(stdout, json_string_value(value));
        putchar('\n');
        head = "";
    }
}

static void show_message(const json_t *message)
{
    char size[32];

    printf("%-14sAWS Encryption SDK, version %lld, suite %s (%s)\n", "message:", number(message, "version"),
           sw_json_text(message, "suite"), sw_json_text(message, "suite_name"));
    if (json_is_true(json_object_get(message, "signed")))
        row("", "signed by a key that is in the message: it is whole, and names nobody");
    if (!json_is_true(json_object_get(message, "commits")))
        row("", "does not commit to its key; opened with --legacy only");
    row("message id:", sw_json_text(message, "message_id"));
    printf("%-14s%s, %lld of at most %lld bytes\n", "frames:", sw_json_text(message, "content"),
           number(message, "frames"), number(message, "frame_bytes"));
    out_size((uint64_t)number(message, "plaintext_bytes"), size, sizeof(size));
    printf("%-14s%s (%lld bytes)\n", "plaintext:", size, number(message, "plaintext_bytes"));
    show_context(message);
    show_recipients(message);
}

static void show_sidecar(const json_t *sidecar)
{
    const json_t *message = json_object_get(sidecar, "message");

    if (!json_is_object(sidecar))
        return;
    row("sidecar:", sw_json_text(sidecar, "file"));
    if (message != NULL) {
        row("message id:", sw_json_text(message, "message_id"));
        show_context(message);
        show_recipients(message);
    } else if (json_is_true(json_object_get(sidecar, "missing"))) {
        row("", "is not there: without it nobody opens the file");
    } else {
        row("", sw_json_text(sidecar, "error"));
    }
}

static void show_openers(const json_t *described)
{
    const json_t *names = json_object_get(described, "opened_by"), *name;
    size_t i;

    printf("%-14sany one of %zu keys:", "opened by:", json_array_size(names));
    json_array_foreach (names, i, name) {
        putchar(' ');
        out_safe(stdout, json_string_value(name));
    }
    putchar('\n');
}

void sealed_show(const json_t *described)
{
    char size[32];

    row("sealed:", sw_json_text(described, "file"));
    row("verified:", json_is_true(json_object_get(described, "verified"))
                         ? "yes: header and last frame, with a key"
                         : "not verified: all of this may be forged; name a key with --key");
    out_size((uint64_t)number(described, "bytes"), size, sizeof(size));
    printf("%-14s%s (%lld bytes)\n", "file size:", size, number(described, "bytes"));
    show_message(json_object_get(described, "message"));
    show_sidecar(json_object_get(described, "sidecar"));
    show_openers(described);
}
