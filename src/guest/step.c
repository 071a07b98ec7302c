/* What a step does with programs, and what it leaves for later steps. */
#include "src/guest/exec.h"

#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/guest/booted.h"
#include "src/guest/text.h"

#include <string.h>

enum { EXIT_REBOOT = 194 };

static void take_output(void *arg, enum sw_stream stream, const void *bytes, size_t len)
{
    struct step_ctx *ctx = arg;
    struct sw_err err = {.code = SW_OK};

    runlog_output(&ctx->log, stream, bytes, len);
    if (stream != SW_STREAM_STDOUT || ctx->overlong)
        return;
    if (len > SW_EXPAND_MAX_BYTES - ctx->captured.len || sw_buf_append(&ctx->captured, bytes, len, &err) < 0)
        ctx->overlong = true;
}

static int late(const struct step_ctx *ctx, struct sw_err *err)
{
    return sw_fail(err, SW_GUEST, "%s not end within %lld s (timeoutSeconds)",
                   ctx->step->loop != NULL ? "the loop did" : "did", (long long)ctx->step->timeout_s);
}

int step_time_left(const struct step_ctx *ctx, int64_t *left_ms, struct sw_err *err)
{
    *left_ms = 0;
    if (ctx->deadline_ns == 0)
        return 0;
    *left_ms = (ctx->deadline_ns - sw_monotonic_ns() + 999999) / 1000000;
    return *left_ms > 0 ? 0 : late(ctx, err);
}

/* At most so many bytes, and no character cut in two. */
static int whole_characters(const struct sw_buf *text, size_t most)
{
    size_t len = text->len < most ? text->len : most;

    while (len > 0 && len < text->len && ((unsigned char)text->data[len] & 0xc0) == 0x80)
        len--;
    return (int)len;
}

/* The command as it may be shown. Secrets go before anything is cut, as half of one would not be known for it. */
static int show_command(const struct step_ctx *ctx, const char *command, size_t len, struct sw_buf *out,
                        struct sw_err *err)
{
    SW_AUTO_MASK_STREAM struct sw_mask_stream stream = {.mask = runlog_mask(ctx->exec->log)};
    SW_AUTO_BUF struct sw_buf shown = {0};

    /* The guest cuts what is long. */
    if (sw_mask_feed(&stream, command, len, &shown, err) < 0 || sw_mask_end(&stream, true, &shown, err) < 0)
        return -1;
    return text_to_line(out, shown.data != NULL ? shown.data : "", shown.len, err);
}

void step_note(const struct step_ctx *ctx, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    if (ctx->log.silent)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sw_runlog_line(ctx->exec->log, "%s", text);
}

/* "line 3: 'systemctl start nginx' needs a booted system". */
static void describe_notice(const struct step_ctx *ctx, const char *command, size_t len, unsigned line,
                            const char *verdict, char what[STEP_NOTICE_TEXT])
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf text = {0};

    if (ctx->log.silent || show_command(ctx, command, len, &text, &ignored) < 0 || text.data == NULL)
        snprintf(what, STEP_NOTICE_TEXT, "a command %s", verdict);
    else if (line > 0)
        snprintf(what, STEP_NOTICE_TEXT, "line %u: '%.*s' %s", line, whole_characters(&text, 120), text.data,
                 verdict);
    else
        snprintf(what, STEP_NOTICE_TEXT, "'%.*s' %s", whole_characters(&text, 120), text.data, verdict);
}

/* Kept for the step's error, and told at once: the step itself may go on and end well. */
static void take_notice(void *arg, enum sw_notice notice, const char *command, size_t len)
{
    struct step_ctx *ctx = arg;
    unsigned line = booted_line(ctx->running->script, ctx->running->script_len, command, len);
    bool left_out = notice == SW_NOTICE_LEFT_OUT;
    char left[STEP_NOTICE_TEXT], *what = left_out ? left : ctx->needs_boot;

    describe_notice(ctx, command, len, line,
                    left_out ? "is left out: the image is not running" : "needs a booted system", what);
    ctx->no_start = ctx->no_start || notice == SW_NOTICE_NO_START;
    sw_runlog_line(ctx->exec->log, "%s: %s", ctx->step->action->name, what);
    runlog_event(&ctx->log, left_out ? "service-start-left-out" : "needs-booted-system",
                 json_pack("{s:s, s:i}", "reason", what, "line", (int)line));
    sw_log(SW_LOG_WARNING, "component '%s': step '%s': %s", ctx->exec->use->component->name, ctx->step->name,
           what);
}

/* How a program ended, as the step's error. */
static int judge(struct step_ctx *ctx, const struct sw_guest_exit *end, struct sw_err *err)
{
    char reason[128];

    switch (end->kind) {
    case SW_EXIT_STATUS:
        ctx->exit_status = end->value;
        ctx->reboot = end->value == EXIT_REBOOT;
        return end->value == 0 ? 0 : sw_fail(err, SW_GUEST, "exit status %d", end->value);
    case SW_EXIT_SIGNAL:
        return sw_fail(err, SW_GUEST, "killed by signal %d (%s)", end->value,
                       sigdescr_np(end->value) != NULL ? sigdescr_np(end->value) : "unknown");
    case SW_EXIT_TIMEOUT:
        return late(ctx, err);
    default:
        return sw_fail(err, SW_GUEST, "cannot run: %s: %s", end->text,
                       strerror_r(end->value, reason, sizeof(reason)));
    }
}

int step_run(struct step_ctx *ctx, struct sw_guest_run *run, struct sw_err *err)
{
    const char *dir = ctx->exec->working_dir != NULL ? ctx->exec->working_dir : "/tmp";
    SW_AUTO_FREE char *variable = sw_strf(err, "WORKING_DIRECTORY=%s", dir);
    const char *const env[] = {variable, NULL};
    struct sw_guest_exit end = {.value = -1};

    if (variable == NULL || step_time_left(ctx, &run->timeout_ms, err) < 0)
        return -1;
    run->env = env;
    run->cwd = dir;
    run->output = take_output;
    run->notice = take_notice;
    run->skip_starts = ctx->exec->skip_starts;
    run->ctx = ctx;
    ctx->running = run;
    ctx->needs_boot[0] = '\0';
    ctx->no_start = false;
    if (ctx->guest->ops->run(ctx->guest, run, &end, err) < 0)
        return -1;
    runlog_flush(&ctx->log);
    if (end.kind == SW_EXIT_STATUS)
        sw_runlog_line(ctx->exec->log, "CmdExecution: ExitCode %d", end.value);
    if (judge(ctx, &end, err) == 0)
        return 0;
    if (ctx->needs_boot[0] != '\0') {
        struct sw_err cause = *err;

        sw_fail(err, cause.code, "%.500s (%s)", cause.text, ctx->needs_boot);
    }
    return -1;
}

const char *step_find_output(void *arg, const char *phase, const char *step, const char *name, size_t index)
{
    const struct sw_exec *exec = arg;
    const json_t *items = json_object_get(json_object_get(exec->outputs, phase), step);

    return sw_json_text(json_array_get(items, index), name);
}

json_t *step_make_outputs(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    size_t len = ctx->captured.len;
    json_t *list, *item;

    if (ctx->outputs != NULL)
        return json_incref(ctx->outputs);
    list = json_array();
    if (ctx->step->action->outputs == NULL || ctx->overlong)
        return list;
    while (len > 0 && (ctx->captured.data[len - 1] == '\n' || ctx->captured.data[len - 1] == '\r'))
        len--;
    if (text_to_utf8(&text, ctx->captured.data != NULL ? ctx->captured.data : "", len, err) < 0) {
        json_decref(list);
        return NULL;
    }
    item = json_pack("{s:s#}", "stdout", text.data, (int)text.len);
    if (sw_json_append(list, item, err) < 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static int join_texts(json_t *into, const json_t *outputs, size_t *total, struct sw_err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)outputs, name, value) {
        const char *before = sw_json_text(into, name), *text = json_string_value(value);
        SW_AUTO_FREE char *both =
            sw_strf(err, "%s%s%s", before != NULL ? before : "", before != NULL ? "\n" : "", text);

        if (both == NULL || sw_json_set(into, name, json_string(both), err) < 0)
            return -1;
        *total += strlen(both);
    }
    return 0;
}

int step_join_outputs(struct step_ctx *ctx, const json_t *outputs, struct sw_err *err)
{
    size_t total = 0, i;
    json_t *item;

    if (ctx->turns == NULL)
        ctx->turns = json_array();
    if (ctx->turns == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    json_array_foreach ((json_t *)(uintptr_t)outputs, i, item) {
        if (json_array_size(ctx->turns) == i && sw_json_append(ctx->turns, json_object(), err) < 0)
            return -1;
        if (join_texts(json_array_get(ctx->turns, i), item, &total, err) < 0)
            return -1;
    }
    ctx->turns_overlong = ctx->turns_overlong || ctx->overlong || total > SW_EXPAND_MAX_BYTES;
    return 0;
}

json_t *step_empty_outputs(const struct sw_step *step, struct sw_err *err)
{
    size_t n = step->action->list ? step->nr_items : 1;
    json_t *list = json_array();

    for (size_t i = 0; step->action->outputs != NULL && i < n; i++) {
        json_t *item = json_object();

        for (size_t k = 0; step->action->outputs[k] != NULL; k++)
            json_object_set_new(item, step->action->outputs[k], json_string(""));
        if (sw_json_append(list, item, err) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    if (list == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return list;
}

int step_add_output(const struct step_ctx *ctx, const char *name, const struct sw_buf *text,
                    struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf clean = {0};

    if (text_to_utf8(&clean, text->data != NULL ? text->data : "", text->len, err) < 0)
        return -1;
    return sw_json_append(ctx->outputs, json_pack("{s:s#}", name, clean.data, (int)clean.len), err);
}

int step_store_outputs(const struct step_ctx *ctx, json_t *outputs, struct sw_err *err)
{
    json_t *phase = json_object_get(ctx->exec->outputs, ctx->phase->name);

    if (phase == NULL) {
        phase = json_object();
        if (sw_json_set(ctx->exec->outputs, ctx->phase->name, phase, err) < 0)
            return -1;
    }
    return sw_json_set(phase, ctx->step->name, json_incref(outputs), err);
}
