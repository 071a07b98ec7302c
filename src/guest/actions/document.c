/* ExecuteDocument: a document within a document. */
#include "src/guest/exec.h"

#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/json.h"

#include <string.h>

/* The largest document that is taken from an image. */
enum { DOCUMENT_MAX_BYTES = 1 << 20 };

/* One execution. */
struct call {
    struct step_ctx *ctx;
    const char *name, *phases; /* as the step says */
    const json_t *pairs;       /* its parameters */
    const struct sw_component *component;
    struct sw_component *owned; /* the same when it came from the image */
    char id[RUNLOG_ID], began[SW_TIME_TEXT];
};

static void call_free(struct call *call)
{
    sw_component_free(call->owned);
}
#define AUTO_CALL SW_CLEANUP(call_free)

/* A document that an earlier step has put there, or that the image had from the start. */
static int read_from_image(struct call *call, struct sw_err *err)
{
    const struct step_ctx *ctx = call->ctx;
    const char *base = ctx->exec->working_dir != NULL ? ctx->exec->working_dir : "/tmp";
    SW_AUTO_FREE char *path = NULL;
    SW_AUTO_FREE char *text = NULL;
    size_t len = 0;

    if (strncmp(call->name, "s3://", 5) == 0 || strncmp(call->name, "arn:", 4) == 0)
        return sw_fail(err, SW_GUEST, "the document is not on this machine");
    path = call->name[0] == '/' ? sw_strdup(call->name, err) : sw_strf(err, "%s/%s", base, call->name);
    if (path == NULL || ctx->guest->ops->get(ctx->guest, path, DOCUMENT_MAX_BYTES, &text, &len, err) < 0)
        return -1;
    call->owned = sw_component_parse(text, len, path, NULL, err);
    call->component = call->owned;
    return call->owned != NULL ? 0 : -1;
}

static int find_document(struct call *call, struct sw_err *err)
{
    const struct sw_use *use = call->ctx->exec->use;

    call->component = sw_use_document(use, use->component->file, call->name);
    return call->component != NULL ? 0 : read_from_image(call, err);
}

/* Neither the document itself nor one that executes it, and not too deep. */
static int check_chain(const struct call *call, struct sw_err *err)
{
    unsigned depth = 0;

    for (const struct exec_doc *doc = call->ctx->doc; doc != NULL; doc = doc->caller) {
        if (strcmp(doc->exec->use->component->digest, call->component->digest) == 0)
            return sw_fail(err, SW_GUEST, "it is the one that runs here, or one of those that execute it");
        if (depth++ == SW_DOCUMENT_MAX_DEPTH)
            return sw_fail(err, SW_GUEST, "it lies more than %d levels beneath the first document",
                           (int)SW_DOCUMENT_MAX_DEPTH);
    }
    return 0;
}

static bool is_wanted(const void *arg, const struct sw_phase *phase)
{
    return sw_phases_have(arg, phase);
}

/* Adds what the log keeps of the whole document: detailedOutput has the form of the log's own root. */
static int describe(const struct call *call, const struct exec_doc *doc, enum sw_result result,
                    const char *failure, struct sw_err *err)
{
    struct step_ctx *ctx = call->ctx;
    char now[SW_TIME_TEXT];

    if (ctx->nested == NULL)
        ctx->nested = json_array();
    sw_time_text(sw_now_ns(), now);
    return sw_json_append(ctx->nested,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:[O]}", "executionId", call->id, "status",
                                    exec_result_name(result), "startTime", call->began, "endTime", now,
                                    "failureMessage", failure, "documents", doc->entry),
                          err);
}

static int summarise(const struct call *call, const struct exec_doc *doc, enum sw_result result,
                     const char *failure, struct sw_err *err)
{
    char executed[16], failed[16], ignored[16];

    snprintf(executed, sizeof(executed), "%u", doc->executed);
    snprintf(failed, sizeof(failed), "%u", doc->failed);
    snprintf(ignored, sizeof(ignored), "%u", doc->ignored);
    json_decref(call->ctx->outputs);
    call->ctx->outputs =
        json_pack("[{s:s, s:s, s:s, s:s, s:s, s:s, s:s}]", "executedStepCount", executed, "executionId",
                  call->id, "failedStepCount", failed, "failureMessage", failure, "ignoredFailedStepCount",
                  ignored, "logUrl", "", "status", exec_result_name(result));
    return call->ctx->outputs != NULL ? 0 : sw_fail(err, SW_FAILED, "out of memory");
}

/* "NUMBER STEP" for each line of what a step says of its place in the queue; inner: names of steps beneath it follow the number. */
static int add_waiting(struct sw_buf *out, const char *step, const char *lines, bool inner,
                       struct sw_err *err)
{
    while (lines != NULL && lines[0] != '\0') {
        int len = (int)strcspn(lines, "\n"), number = inner ? (int)strcspn(lines, " ") : len;

        if (sw_buf_printf(out, err, "%s%.*s %s%s%.*s", out->len > 0 ? "\n" : "", number, lines, step,
                          inner ? ":" : "", inner ? len - number : 0, lines + number) < 0)
            return -1;
        lines += len + (lines[len] != '\0');
    }
    return 0;
}

/* The document's steps that wait for the first boot, in an output of the step that executes it. */
static int tell_waiting(const struct call *call, const struct sw_exec *exec, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf lines = {0};
    const char *phase, *step;
    json_t *steps, *outputs;

    json_object_foreach (exec->outputs, phase, steps) {
        json_object_foreach (steps, step, outputs) {
            const json_t *first = json_array_get(outputs, 0);

            if (add_waiting(&lines, step, sw_json_text(first, "firstBoot"), false, err) < 0 ||
                add_waiting(&lines, step, sw_json_text(first, "firstBootSteps"), true, err) < 0)
                return -1;
        }
    }
    if (lines.len == 0)
        return 0;
    return sw_json_set(json_array_get(call->ctx->outputs, 0), "firstBootSteps", json_string(lines.data), err);
}

static int run_document(struct call *call, const struct sw_exec *exec, struct sw_err *err)
{
    struct step_ctx *ctx = call->ctx;
    SW_AUTO_JSON json_t *entry = runlog_new_document(call->component);
    struct exec_doc doc = {.exec = exec,
                           .state = ctx->doc->state,
                           .caller = ctx->doc,
                           .entry = entry,
                           .silent = ctx->log.silent,
                           .sealed = ctx->doc->sealed || call->component->sealed != NULL};
    struct sw_err later = {.code = SW_OK};
    enum sw_result result;
    const char *failure;
    int rc;

    sw_time_text(sw_now_ns(), call->began);
    if (entry == NULL || runlog_new_id(call->id, err) < 0)
        return entry != NULL ? -1 : sw_fail(err, SW_FAILED, "out of memory");
    rc = exec_phases(&doc, is_wanted, call->phases, &result, err);
    failure = rc < 0 ? err->text : "";
    ctx->placed = rc < 0 && err->code == SW_GUEST;
    if (summarise(call, &doc, result, failure, &later) == 0 && tell_waiting(call, exec, &later) == 0 &&
        (ctx->log.silent || describe(call, &doc, result, failure, &later) == 0))
        return rc;
    *err = rc < 0 ? *err : later;
    return -1;
}

/* What the document calls noEcho, wherever the value comes from. */
static int hide_secrets(const struct call *call, const struct sw_value *values, size_t n, struct sw_err *err)
{
    struct sw_mask *mask = runlog_mask(call->ctx->exec->log);

    for (size_t i = 0; mask != NULL && i < call->component->nr_parameters; i++) {
        const struct sw_parameter *parameter = &call->component->parameters[i];

        for (size_t k = 0; parameter->secret && k < n; k++)
            if (strcmp(values[k].name, parameter->name) == 0 && sw_mask_add(mask, values[k].value, err) < 0)
                return -1;
    }
    return 0;
}

/* The document in the place of the recipe's component, with values and outputs of its own. */
static int begin_document(struct call *call, struct sw_err *err)
{
    struct step_ctx *ctx = call->ctx;
    SW_AUTO_FREE struct sw_value *values = NULL;
    SW_AUTO_JSON json_t *outputs = json_object();
    struct sw_exec exec = *ctx->exec;
    struct sw_use use = {
        .reference = call->name,
        .documents = ctx->exec->use->documents,
        /* A document of the image is not known when it is decided whether a layer is made anew. */
        .ssm = call->owned == NULL ? ctx->exec->use->ssm : NULL,
        .nr_ssm = call->owned == NULL ? ctx->exec->use->nr_ssm : 0,
        .nr_documents = ctx->exec->use->nr_documents};
    const char *unknown;

    memcpy(&use.component, &call->component, sizeof(use.component));
    if (outputs == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (sw_phases_check(call->phases, call->component, err) < 0 ||
        sw_document_values(call->component, call->pairs, &values, &use.nr_values, &unknown, err) < 0)
        return -1;
    if (unknown != NULL)
        step_note(ctx, "Document %s has no parameter '%s': its value is not used", call->component->name,
                  unknown);
    if (hide_secrets(call, values, use.nr_values, err) < 0)
        return -1;
    use.values = values;
    exec.use = &use;
    exec.guest = ctx->doc->state->guest;
    exec.outputs = outputs;
    return run_document(call, &exec, err);
}

int action_execute_document(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_JSON json_t *inputs = sw_step_inputs_json(&ctx->scope, ctx->step, err);
    const json_t *input = json_array_get(inputs, 0);
    AUTO_CALL struct call call = {.ctx = ctx,
                                  .name = sw_json_text(input, "document"),
                                  .phases = sw_json_text(input, "phases"),
                                  .pairs = json_object_get(input, "parameters")};

    if (inputs == NULL)
        return -1;
    if (call.name == NULL || call.name[0] == '\0')
        return sw_fail(err, SW_GUEST, "input 'document' is empty");
    if (find_document(&call, err) < 0 || check_chain(&call, err) < 0)
        return sw_context(err, "document '%.200s'", call.name);
    return begin_document(&call, err);
}
