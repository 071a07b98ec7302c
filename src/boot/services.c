/* What systemd says of its units, asked through the runner. */
#include "src/boot/services.h"

#include "slipway/boot.h"
#include "src/base/buf.h"
#include "src/base/json.h"

#include <string.h>

enum { OUTPUT_BYTES_MAX = 256 << 10, ASK_MS = 120000, FAILED_MAX = 64 };

/* ---- Programs ---------------------------------------------------------------------------------------------- */

struct said {
    struct sw_buf out;
    struct sw_err *err;
    bool failed;
};

static void keep(void *ctx, enum sw_stream stream, const void *bytes, size_t len)
{
    struct said *said = ctx;

    if (stream != SW_STREAM_STDOUT || said->failed || said->out.len >= OUTPUT_BYTES_MAX)
        return;
    if (len > OUTPUT_BYTES_MAX - said->out.len)
        len = OUTPUT_BYTES_MAX - said->out.len;
    said->failed = sw_buf_append(&said->out, bytes, len, said->err) < 0;
}

/* What the program prints, whatever its exit status. Free it. */
static char *ask(struct sw_guest *guest, const char *const *argv, int64_t limit_ms, struct sw_err *err)
{
    static const char *const env[] = {"SYSTEMD_PAGER=", "SYSTEMD_COLORS=0", NULL};
    struct said said = {.err = err};
    const struct sw_guest_run run = {
        .argv = argv, .env = env, .timeout_ms = limit_ms, .output = keep, .ctx = &said};
    struct sw_guest_exit end;

    if (guest->ops->run(guest, &run, &end, err) < 0 || said.failed) {
        sw_buf_free(&said.out);
        return NULL;
    }
    return said.out.data != NULL ? sw_buf_steal(&said.out) : sw_strdup("", err);
}

char *services_say(struct sw_guest *guest, const char *const *argv, struct sw_err *err)
{
    char *text = ask(guest, argv, ASK_MS, err);

    if (text != NULL)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

/* ---- Failed units ------------------------------------------------------------------------------------------- */

static json_t *lines_of(char *text, struct sw_err *err)
{
    SW_AUTO_JSON json_t *lines = json_array();
    char *line, *rest = text;

    while ((line = strsep(&rest, "\n")) != NULL)
        if (line[0] != '\0' && sw_json_append(lines, sw_json_bytes(line, strlen(line)), err) < 0)
            return NULL;
    return SW_STEAL_PTR(lines);
}

/* The value of a line NAME=VALUE; NULL when there is none. decref it. */
static json_t *property(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return sw_json_bytes(at + len + 1, strcspn(at + len + 1, "\n"));
    }
    return NULL;
}

static json_t *describe_unit(struct sw_guest *guest, const char *name, struct sw_err *err)
{
    SW_AUTO_FREE char *unit = sw_strf(err, "--unit=%s", name);
    const char *const show[] = {"systemctl", "show", "--property=Description,Result", "--", name, NULL};
    const char *const journal[] = {"journalctl",   "--boot",     "--quiet", "--no-pager",
                                   "--output=cat", "--lines=12", unit,      NULL};
    SW_AUTO_FREE char *properties = unit != NULL ? ask(guest, show, ASK_MS, err) : NULL;
    SW_AUTO_FREE char *said = properties != NULL ? ask(guest, journal, ASK_MS, err) : NULL;
    SW_AUTO_JSON json_t *lines = said != NULL ? lines_of(said, err) : NULL;

    if (lines == NULL)
        return NULL;
    return json_pack("{s:o, s:o*, s:o*, s:O}", "unit", sw_json_bytes(name, strlen(name)), "description",
                     property(properties, "Description"), "result", property(properties, "Result"), "lines",
                     lines);
}

static json_t *failed_units(struct sw_guest *guest, struct sw_err *err)
{
    static const char *const argv[] = {"systemctl", "list-units",  "--state=failed", "--all", "--full",
                                       "--plain",   "--no-legend", "--no-pager",     NULL};
    SW_AUTO_FREE char *text = ask(guest, argv, ASK_MS, err);
    SW_AUTO_JSON json_t *list = json_array();
    char *line, *rest = text;

    if (text == NULL)
        return NULL;
    while ((line = strsep(&rest, "\n")) != NULL && json_array_size(list) < FAILED_MAX) {
        line[strcspn(line, " ")] = '\0';
        if (line[0] != '\0' && sw_json_append(list, describe_unit(guest, line, err), err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(list);
}

/* ---- The system --------------------------------------------------------------------------------------------- */

/* What it waits for, one line for people. */
static int tell_waiting(struct sw_guest *guest, int64_t limit_ms, json_t *result, struct sw_err *err)
{
    static const char *const argv[] = {"systemctl",   "list-jobs",  "--plain", "--full",
                                       "--no-legend", "--no-pager", NULL};
    SW_AUTO_FREE char *jobs = ask(guest, argv, ASK_MS, err);
    SW_AUTO_FREE char *why = NULL;

    if (jobs == NULL)
        return -1;
    jobs[strcspn(jobs, "\n")] = '\0';
    why = sw_strf(err, "its services are not up after %lld s%s%s", (long long)(limit_ms / 1000),
                  jobs[0] != '\0' ? "; it waits for: " : "", jobs);
    if (why == NULL)
        return -1;
    return sw_json_set(result, "fault", json_string(sw_boot_fault_name(SW_BOOT_TIMEOUT)), err) < 0
               ? -1
               : sw_json_set(result, "why", sw_json_bytes(why, strlen(why)), err);
}

int services_look(struct sw_guest *guest, int64_t limit_ms, json_t *result, bool *passed, struct sw_err *err)
{
    static const char *const target_argv[] = {"systemctl", "get-default", NULL};
    SW_AUTO_FREE char *state = sw_guest_settle(guest, limit_ms, err);
    SW_AUTO_FREE char *target = state != NULL ? services_say(guest, target_argv, err) : NULL;

    if (target == NULL)
        return -1;
    *passed = strcmp(state, "running") == 0;
    if (!sw_state_is_settled(state) && tell_waiting(guest, limit_ms, result, err) < 0)
        return -1;
    return sw_json_set(result, "state", sw_json_bytes(state, strlen(state)), err) < 0 ||
                   sw_json_set(result, "target", sw_json_bytes(target, strlen(target)), err) < 0 ||
                   sw_json_set(result, "failedUnits", failed_units(guest, err), err) < 0
               ? -1
               : 0;
}
