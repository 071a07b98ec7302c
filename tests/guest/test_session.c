/* One session over an overlay, run by the shell cases: each argument after the folder is a boundary's script. */
#include "slipway/guest.h"
#include "slipway/progress.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_log(enum sw_log_level level, const char *text)
{
    (void)level;
    fprintf(stderr, "log: %s\n", text);
}

static void print_output(void *ctx, enum sw_stream stream, const void *bytes, size_t len)
{
    (void)ctx;
    fwrite(bytes, 1, len, stream == SW_STREAM_STDOUT ? stdout : stderr);
    fflush(stdout);
}

/* Runs the step so many times; how long they took altogether is printed. */
static int repeat(struct sw_guest *guest, const struct sw_guest_run *run, long times, struct sw_err *err)
{
    int64_t began = sw_monotonic_ns();
    struct sw_guest_exit end = {.value = -1};

    for (long i = 0; i < times; i++)
        if (guest->ops->run(guest, run, &end, err) < 0)
            return -1;
    fprintf(stderr, "%ld steps: %d ms\n", times, (int)((sw_monotonic_ns() - began) / 1000000));
    return 0;
}

/* "SECONDS:script" bounds the step; the boundary's number and the step's end are printed. "SECONDS*TIMES:" does it before
 * as well. */
static int boundary(struct sw_session *session, unsigned number, const char *script, struct sw_err *err)
{
    struct sw_guest *guest;
    struct sw_guest_run run = {.output = print_output};
    struct sw_guest_exit end = {.value = -1};
    char *rest;
    long times = 0;
    int64_t began = sw_monotonic_ns();

    run.timeout_ms = strtol(script, &rest, 10) * 1000;
    if (*rest == '*')
        times = strtol(rest + 1, &rest, 10);
    run.script = rest + (*rest == ':');
    run.script_len = strlen(run.script);
    if (sw_session_begin(session, &guest, err) < 0)
        return -1;
    fprintf(stderr, "begin: %d ms\n", (int)((sw_monotonic_ns() - began) / 1000000));
    if (repeat(guest, &run, times, err) < 0 || guest->ops->run(guest, &run, &end, err) < 0)
        return -1;
    printf("boundary %u: kind %d value %d\n", number, (int)end.kind, end.value);
    fflush(stdout);
    began = sw_monotonic_ns();
    if (sw_session_end(session, err) < 0)
        return -1;
    fprintf(stderr, "end: %d ms\n", (int)((sw_monotonic_ns() - began) / 1000000));
    return 0;
}

static int copy_overlay(const char *overlay, unsigned number)
{
    char command[1024];

    snprintf(command, sizeof(command), "cp --sparse=always '%s' '%s.%u'", overlay, overlay, number);
    return system(command); /* NOLINT: a test's own file names */
}

static int run(struct sw_session *session, int argc, char **argv, struct sw_err *err)
{
    for (int i = 3; i < argc; i++) {
        if (boundary(session, (unsigned)i - 2, argv[i], err) < 0)
            return -1;
        if (copy_overlay(argv[1], (unsigned)i - 2) != 0)
            return sw_fail(err, SW_FAILED, "cannot copy the overlay");
    }
    fprintf(stderr, "launch: %d ms\n", (int)sw_session_launch_ms(session));
    return sw_session_close(session, err);
}

int main(int argc, char **argv)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_session *session;
    int rc;

    if (argc < 3)
        return SW_USAGE;
    sw_log_to(print_log);
    sw_catch_signals();
    struct sw_session_opts opts = {.overlay = argv[1], .scratch_dir = argv[2]};
    if (sw_session_start(&opts, &session, &err) < 0) {
        fprintf(stderr, "error: %s\n", err.text);
        return (int)err.code;
    }
    rc = run(session, argc, argv, &err);
    sw_session_free(session);
    if (rc < 0)
        fprintf(stderr, "error: %s\n", err.text);
    return rc < 0 ? (int)err.code : 0;
}
