/* A tiny root folder and the runner in it, for the tests of one program. */
#ifndef TESTS_UNIT_GUEST_FOLDER_H
#define TESTS_UNIT_GUEST_FOLDER_H

#include "slipway/guest.h"
#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/base/proc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder_path[64];
static struct sw_guest *folder_guest;

/* Makes the folder and enters it; the whole program is skipped where that cannot be done. */
static inline int folder_setup(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf said = {0};
    int status = 0;

    (void)state;
    snprintf(folder_path, sizeof(folder_path), "/tmp/slipway-guest.XXXXXX");
    if (mkdtemp(folder_path) == NULL)
        return -1;
    const char *const argv[] = {SLIPWAY_SOURCE "/tests/lib/tiny-root", folder_path, NULL};
    if (sw_run_program(argv, 60000, &said, &status, &err) < 0)
        return -1;
    if (status == 0 && sw_folder_guest_open(folder_path, &folder_guest, &err) == 0)
        return 0;
    fprintf(stderr, "status %d: %s %s\n", status, err.text, said.data != NULL ? said.data : "");
    if (status == 77 || err.sys == EPERM || err.sys == ENOSPC) {
        status = sw_remove_tree(folder_path, &err);
        exit(77);
    }
    return -1;
}

static inline int folder_teardown(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    sw_folder_guest_close(folder_guest);
    return sw_remove_tree(folder_path, &err);
}

/* The next boundary: a new runner over the same folder, with these media. */
static inline void folder_reopen(const char *const *media, size_t n)
{
    struct sw_err err = {.code = SW_OK};

    sw_folder_guest_close(folder_guest);
    if (sw_folder_guest_open_media(folder_path, media, n, &folder_guest, &err) < 0)
        fail_msg("%s", err.text);
}

/* What a run left. */
struct ran {
    char notices[1024]; /* one a line */
    struct sw_guest_exit end;
    struct sw_buf out, err;
    size_t out_bytes;
    bool keep_nothing;
};

static inline void ran_output(void *ctx, enum sw_stream stream, const void *bytes, size_t len)
{
    struct ran *ran = ctx;
    struct sw_err err = {.code = SW_OK};

    ran->out_bytes += len;
    if (!ran->keep_nothing)
        assert_int_equal(sw_buf_append(stream == SW_STREAM_STDOUT ? &ran->out : &ran->err, bytes, len, &err),
                         0);
}

static inline void ran_notice(void *ctx, enum sw_notice what, const char *command, size_t len)
{
    static const char *const words[] = {"", "no start: ", "left out: "};
    struct ran *ran = ctx;
    size_t have = strlen(ran->notices);

    snprintf(ran->notices + have, sizeof(ran->notices) - have, "%s%.*s\n", words[what], (int)len, command);
}

static inline void ran_free(struct ran *ran)
{
    sw_buf_free(&ran->out);
    sw_buf_free(&ran->err);
}

/* The script, and what the caller set besides. */
static inline struct ran run_script_as(struct sw_guest_run run, const char *script)
{
    struct ran ran = {.out_bytes = 0};
    struct sw_err err = {.code = SW_OK};

    run.script = script;
    run.script_len = strlen(script);
    run.output = ran_output;
    run.notice = ran_notice;
    run.ctx = &ran;
    if (folder_guest->ops->run(folder_guest, &run, &ran.end, &err) < 0)
        fail_msg("%s", err.text);
    return ran;
}

static inline struct ran run_script_for(const char *script, int64_t timeout_ms)
{
    return run_script_as((struct sw_guest_run){.timeout_ms = timeout_ms}, script);
}

static inline struct ran run_script(const char *script)
{
    return run_script_for(script, 0);
}

/* The script's output, which must be this, and its exit status. */
static inline void expect_script(const char *script, int status, const char *out)
{
    struct ran ran = run_script(script);

    assert_int_equal(ran.end.kind, SW_EXIT_STATUS);
    assert_string_equal(ran.out.data != NULL ? ran.out.data : "", out);
    assert_int_equal(ran.end.value, status);
    ran_free(&ran);
}

#endif
