/* slipway import explain: what is known of a message of AWS's, offline. */
#include "src/cli/import_explain.h"

#include "src/base/json.h"
#include "src/cli/import_show.h"

#include <string.h>

enum { NOT_KNOWN = 10 };

static void print_member(const json_t *doc, const char *name, const char *label)
{
    const char *text = sw_json_text(doc, name);

    if (text == NULL)
        return;
    printf("%-9s ", label);
    out_safe(stdout, text);
    putchar('\n');
}

int import_explain(const struct import_opts *opts, const struct args *args, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = sw_import_explain(args->items[1], err);
    bool known;

    if (doc == NULL)
        return -1;
    known = json_is_true(json_object_get(doc, "known"));
    if (import_wants_json(opts)) {
        if (out_json(json_incref(doc), err) < 0)
            return -1;
    } else {
        print_member(doc, "message", "message:");
        print_member(doc, "cause", "cause:");
        print_member(doc, "remedy", "remedy:");
        print_member(doc, "rule", "rule:");
        if (!known)
            printf("not in the catalogue of %s\n", sw_json_text(doc, "date"));
    }
    return known ? 0 : NOT_KNOWN;
}

int import_show_failure(const struct import_opts *opts, const struct sw_import_result *result,
                        const struct sw_err *failure, struct sw_err *err)
{
    const struct sw_ec2_task *task = &result->task;
    SW_AUTO_JSON json_t *doc = NULL;

    if (!import_wants_json(opts))
        return 0;
    doc = json_pack("{s:s, s:i, s:o}", "import", result->id, "exit_code", (int)failure->code, "error",
                    sw_json_bytes(failure->text, strlen(failure->text)));
    if (doc == NULL)
        return sw_fail(err, SW_FAILED, "cannot make the JSON result");
    if (task->id[0] != '\0' &&
        (sw_json_set(doc, "task",
                     json_pack("{s:s, s:s, s:s}", "task_id", task->id, "status", task->status, "message",
                               task->message),
                     err) < 0 ||
         sw_json_set(doc, "explanation", sw_import_explain(task->message, err), err) < 0))
        return -1;
    return out_json(json_incref(doc), err);
}
