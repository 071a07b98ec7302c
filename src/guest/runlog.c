/* The run log: console.log, events.jsonl and detailedoutput.json. */
#include "src/guest/runlog.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/events.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/guest/text.h"

#include <stdio.h>
#include <string.h>

struct sw_runlog {
    FILE *console, *events, *documents;
    char *dir, *console_path;
    uint64_t lines;
    json_t *root; /* detailedoutput.json */
    struct sw_mask *mask;
    int64_t began_ns;
    struct sw_err first; /* what could not be written, first of all */
};

static void remember(struct sw_runlog *log, const struct sw_err *err)
{
    if (log->first.code == SW_OK)
        log->first = *err;
}

static void remember_errno(struct sw_runlog *log, const char *name)
{
    struct sw_err err = {.code = SW_OK};

    sw_fail_errno(&err, "cannot write '%s/%s'", log->dir, name);
    remember(log, &err);
}

/* A random UUID (RFC 4122, version 4), as awstoe's execution ids are. */
int runlog_new_id(char id[RUNLOG_ID], struct sw_err *err)
{
    uint8_t bytes[16];
    char hex[33];

    if (sw_random(bytes, sizeof(bytes), err) < 0)
        return -1;
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    sw_hex(bytes, sizeof(bytes), hex);
    snprintf(id, RUNLOG_ID, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return 0;
}

static int make_root(struct sw_runlog *log, struct sw_err *err)
{
    char id[RUNLOG_ID], now[SW_TIME_TEXT];

    if (runlog_new_id(id, err) < 0)
        return -1;
    sw_time_text(log->began_ns, now);
    log->root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[]}", "executionId", id, "status", "", "startTime",
                          now, "endTime", "", "failureMessage", "", "documents");
    return log->root != NULL ? 0 : sw_fail(err, SW_FAILED, "out of memory");
}

static FILE *open_part(const char *dir, const char *name, char **path, struct sw_err *err)
{
    SW_AUTO_FREE char *full = sw_path_join(dir, name, err);
    FILE *file;

    if (full == NULL)
        return NULL;
    file = fopen(full, "we");
    if (file == NULL)
        sw_fail_errno(err, "cannot create '%s'", full);
    if (path != NULL)
        *path = SW_STEAL_PTR(full);
    return file;
}

static void free_log(struct sw_runlog *log)
{
    if (log->console != NULL)
        fclose(log->console);
    if (log->events != NULL)
        fclose(log->events);
    if (log->documents != NULL)
        fclose(log->documents);
    json_decref(log->root);
    free(log->dir);
    free(log->console_path);
    free(log);
}

int sw_runlog_open(const char *dir, struct sw_runlog **out, struct sw_err *err)
{
    struct sw_runlog *log;

    if (sw_mkdir_p(dir, 0777, err) < 0)
        return -1;
    log = sw_calloc(1, sizeof(*log), err);
    if (log == NULL)
        return -1;
    log->began_ns = sw_now_ns();
    log->dir = realpath(dir, NULL);
    if (log->dir == NULL) {
        sw_fail_errno(err, "cannot find '%s'", dir);
        free_log(log);
        return -1;
    }
    log->console = open_part(log->dir, "console.log", &log->console_path, err);
    if (log->console != NULL)
        log->events = open_part(log->dir, "events.jsonl", NULL, err);
    if (log->events != NULL)
        log->documents = open_part(log->dir, "document.yaml", NULL, err);
    if (log->documents == NULL || make_root(log, err) < 0) {
        free_log(log);
        return -1;
    }
    runlog_write_event(log,
                       json_pack("{s:s, s:s}", "event", "run-started", "executionId",
                                 sw_json_text(log->root, "executionId")),
                       true);
    *out = log;
    return 0;
}

/* One line with its time. Every line is written through, so that one can follow the file. */
static void write_line(struct sw_runlog *log, const char *prefix, const char *bytes, size_t len)
{
    SW_AUTO_BUF struct sw_buf clean = {0};
    struct sw_err err = {.code = SW_OK};
    char now[SW_TIME_TEXT];

    if (text_to_line(&clean, bytes, len, &err) < 0) {
        remember(log, &err);
        return;
    }
    sw_time_text(sw_now_ns(), now);
    if (fprintf(log->console, "%s %s%s\n", now, prefix, clean.data) < 0 || fflush(log->console) == EOF)
        remember_errno(log, "console.log");
    log->lines++;
}

void sw_runlog_line(struct sw_runlog *log, const char *fmt, ...)
{
    SW_AUTO_BUF struct sw_buf masked = {0};
    struct sw_err err = {.code = SW_OK};
    char text[2048];
    va_list args;

    if (log == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (sw_mask_text(log->mask, text, strlen(text), &masked, &err) < 0)
        remember(log, &err);
    else
        write_line(log, "", masked.data != NULL ? masked.data : "", masked.len);
}

void sw_runlog_set_mask(struct sw_runlog *log, struct sw_mask *mask)
{
    log->mask = mask;
}

struct sw_mask *runlog_mask(const struct sw_runlog *log)
{
    return log != NULL ? log->mask : NULL;
}

void runlog_write_event(struct sw_runlog *log, json_t *event, bool masked)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *given =
        event != NULL && !masked ? sw_mask_json(log->mask, event, false, &err) : event;
    SW_AUTO_JSON json_t *owned = given != NULL ? sw_event_stamped(given) : NULL;
    SW_AUTO_FREE char *text = owned != NULL ? json_dumps(owned, JSON_COMPACT) : NULL;

    if (text == NULL)
        return;
    if (fprintf(log->events, "%s\n", text) < 0 || fflush(log->events) == EOF)
        remember_errno(log, "events.jsonl");
}

void runlog_event(struct runlog_step *step, const char *event, json_t *more)
{
    SW_AUTO_JSON json_t *owned = more;
    json_t *json;

    if (step->log == NULL)
        return;
    json = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*}", "event", event, "component", step->component, "phase",
                     step->phase, "step", step->step, "action", step->action);
    if (json != NULL && owned != NULL)
        json_object_update(json, owned);
    /* Output was masked as a stream. */
    runlog_write_event(step->log, json, strcmp(event, "output") == 0);
}

static void keep_tail(struct runlog_step *step, const char *bytes, size_t len)
{
    SW_AUTO_BUF struct sw_buf clean = {0};
    struct sw_err err = {.code = SW_OK};
    char **slot = &step->tail[step->nr_tail % RUNLOG_TAIL_LINES];

    if (text_to_line(&clean, bytes, len, &err) < 0)
        return;
    free(*slot);
    *slot = sw_buf_steal(&clean);
    step->nr_tail++;
}

static void end_line(struct runlog_step *step, enum sw_stream which)
{
    struct runlog_stream *stream = &step->streams[which];
    SW_AUTO_BUF struct sw_buf text = {0};
    struct sw_err err = {.code = SW_OK};
    size_t len = stream->len;

    stream->len = 0;
    if (len > 0 && stream->line[len - 1] == '\r')
        len--;
    if (which == SW_STREAM_STDERR && len > 0)
        keep_tail(step, stream->line, len);
    if (step->log == NULL)
        return;
    if (step->bytes > RUNLOG_STEP_MAX_BYTES) {
        step->dropped += len;
        return;
    }
    step->bytes += len + 1;
    write_line(step->log, which == SW_STREAM_STDOUT ? "Stdout: " : "Stderr: ", stream->line, len);
    if (text_to_utf8(&text, stream->line, len, &err) == 0)
        runlog_event(step, "output",
                     json_pack("{s:s, s:s#}", "stream", which == SW_STREAM_STDOUT ? "stdout" : "stderr",
                               "text", text.data, (int)text.len));
}

static void take_masked(struct runlog_step *step, enum sw_stream which, const char *at, size_t len)
{
    struct runlog_stream *stream = &step->streams[which];

    while (len > 0) {
        const char *end = memchr(at, '\n', len);
        size_t part = end != NULL ? (size_t)(end - at) : len, room = sizeof(stream->line) - stream->len;

        if (part > room)
            part = room;
        memcpy(stream->line + stream->len, at, part);
        stream->len += part;
        at += part;
        len -= part;
        if (len > 0 && *at == '\n') {
            at++;
            len--;
            end_line(step, which);
        } else if (stream->len == sizeof(stream->line)) {
            end_line(step, which);
        }
    }
}

void runlog_output(struct runlog_step *step, enum sw_stream which, const void *bytes, size_t len)
{
    struct runlog_stream *stream = &step->streams[which];
    SW_AUTO_BUF struct sw_buf masked = {0};
    struct sw_err err = {.code = SW_OK};

    if (step->silent)
        return;
    if (sw_mask_is_empty(runlog_mask(step->log))) {
        take_masked(step, which, bytes, len);
        return;
    }
    stream->mask.mask = runlog_mask(step->log);
    if (sw_mask_feed(&stream->mask, bytes, len, &masked, &err) < 0)
        remember(step->log, &err);
    else if (masked.len > 0)
        take_masked(step, which, masked.data, masked.len);
}

/* What the mask held back. The program may have been killed in the middle of a secret. */
static void flush_mask(struct runlog_step *step, enum sw_stream which)
{
    SW_AUTO_BUF struct sw_buf masked = {0};
    struct sw_err err = {.code = SW_OK};

    if (sw_mask_end(&step->streams[which].mask, true, &masked, &err) < 0)
        remember(step->log, &err);
    else if (masked.len > 0)
        take_masked(step, which, masked.data, masked.len);
}

void runlog_flush(struct runlog_step *step)
{
    for (int which = SW_STREAM_STDOUT; which <= SW_STREAM_STDERR; which++) {
        if (step->streams[which].mask.mask != NULL)
            flush_mask(step, (enum sw_stream)which);
        if (step->streams[which].len > 0)
            end_line(step, (enum sw_stream)which);
    }
    if (step->dropped > 0 && step->log != NULL)
        sw_runlog_line(step->log, "%llu more bytes of output were left out of this log",
                       (unsigned long long)step->dropped);
    step->dropped = 0;
}

void runlog_step_free(struct runlog_step *step)
{
    for (size_t i = 0; i < RUNLOG_TAIL_LINES; i++)
        free(step->tail[i]);
    for (size_t i = 0; i < SW_ARRAY_LEN(step->streams); i++)
        sw_mask_stream_free(&step->streams[i].mask);
}

uint64_t runlog_lines(const struct sw_runlog *log)
{
    return log != NULL ? log->lines : 0;
}

const char *runlog_console_path(const struct sw_runlog *log)
{
    return log != NULL ? log->console_path : NULL;
}

static bool same_text(const json_t *object, const char *key, const char *text)
{
    const char *value = sw_json_text(object, key);

    return value != NULL && strcmp(value, text) == 0;
}

json_t *runlog_new_document(const struct sw_component *component)
{
    char now[SW_TIME_TEXT];

    sw_time_text(sw_now_ns(), now);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[]}", "name", component->name, "filePath",
                     component->file, "status", "success", "description",
                     component->sealed == NULL ? component->description : "", "startTime", now, "endTime",
                     now, "failureMessage", "", "phases");
}

json_t *runlog_document(struct sw_runlog *log, const struct sw_component *component)
{
    struct sw_err err = {.code = SW_OK};
    json_t *documents, *document;
    size_t i;

    if (log == NULL)
        return NULL;
    documents = json_object_get(log->root, "documents");
    json_array_foreach (documents, i, document) {
        if (same_text(document, "name", component->name) && same_text(document, "filePath", component->file))
            return document;
    }
    document = runlog_new_document(component);
    if (document == NULL || json_array_append_new(documents, document) < 0)
        return NULL;
    if (runlog_add_document(log->documents, component, log->mask, &err) < 0)
        remember(log, &err);
    return document;
}

static int write_part(const struct sw_runlog *log, const char *name, const json_t *json, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(log->dir, name, err);

    return path != NULL ? sw_json_write(path, json, err) : -1;
}

/* How the run ended, and what of it can be said at its end only. */
static int write_parts(struct sw_runlog *log, const char *failure, struct sw_err *err)
{
    SW_AUTO_JSON json_t *chaining = NULL;
    SW_AUTO_BUF struct sw_buf text = {0};
    char now[SW_TIME_TEXT];

    sw_time_text(sw_now_ns(), now);
    if (text_to_utf8(&text, failure != NULL ? failure : "", failure != NULL ? strlen(failure) : 0, err) < 0)
        return -1;
    if (sw_json_set(log->root, "endTime", json_string(now), err) < 0 ||
        sw_json_set(log->root, "status", json_string(failure == NULL ? "success" : "failed"), err) < 0 ||
        sw_json_set(log->root, "failureMessage", json_string(text.data), err) < 0)
        return -1;
    log->root = runlog_masked(log->mask, SW_STEAL_PTR(log->root), err);
    if (log->root == NULL || write_part(log, "detailedoutput.json", log->root, err) < 0)
        return -1;
    chaining = runlog_chaining(log->root, err);
    if (chaining == NULL || write_part(log, "chaining.json", chaining, err) < 0)
        return -1;
    runlog_write_event(log,
                       json_pack("{s:s, s:s, s:s}", "event", "run-ended", "status",
                                 failure == NULL ? "success" : "failed", "failureMessage", text.data),
                       false);
    return 0;
}

int sw_runlog_close(struct sw_runlog *log, const char *failure, struct sw_err *err)
{
    struct sw_err late = {.code = SW_OK};
    int rc = 0;

    if (log == NULL)
        return 0;
    if (failure != NULL)
        sw_runlog_line(log, "Failed: %s", failure);
    if (write_parts(log, failure, &late) < 0)
        remember(log, &late);
    if (log->first.code != SW_OK) {
        *err = log->first;
        rc = -1;
    }
    free_log(log);
    return rc;
}
