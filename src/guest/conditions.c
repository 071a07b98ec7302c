/* Conditions that ask the guest: is there a program, a file, a folder, and what is a file's hash? */
#include "src/guest/exec.h"

#include "src/base/digest.h"
#include "src/base/json.h"

#include <string.h>

enum { ASK_TIME_MAX_MS = 60000 };

static const char *working_dir(const struct step_ctx *ctx)
{
    return ctx->exec->working_dir != NULL ? ctx->exec->working_dir : "/tmp";
}

/* As the shell looks for it: on PATH, by its path, or among what the shell has built in. */
static int has_program(struct step_ctx *ctx, const char *name, bool *holds, struct sw_err *err)
{
    static const char *const shells[] = {"bash", "sh"};
    struct sw_guest_exit end = {.kind = SW_EXIT_NOEXEC};

    *holds = false;
    for (size_t i = 0; i < SW_ARRAY_LEN(shells) && end.kind == SW_EXIT_NOEXEC; i++) {
        const char *const argv[] = {shells[i], "-c", "type \"$1\" >/dev/null 2>&1", shells[i], name, NULL};
        const struct sw_guest_run run = {
            .argv = argv, .cwd = working_dir(ctx), .timeout_ms = ASK_TIME_MAX_MS};

        if (ctx->guest->ops->run(ctx->guest, &run, &end, err) < 0)
            return -1;
    }
    if (end.kind == SW_EXIT_TIMEOUT)
        return sw_fail(err, SW_GUEST, "the guest's shell did not answer within %d s", ASK_TIME_MAX_MS / 1000);
    *holds = end.kind == SW_EXIT_STATUS && end.value == 0;
    return 0;
}

static char *absolute(const struct step_ctx *ctx, const char *path, struct sw_err *err)
{
    return path[0] == '/' ? sw_strdup(path, err) : sw_strf(err, "%s/%s", working_dir(ctx), path);
}

static int is_kind(struct step_ctx *ctx, const char *path, enum sw_file_kind kind, bool *holds,
                   struct sw_err *err)
{
    struct sw_guest_stat st = {.kind = SW_FILE_NONE};
    struct sw_err why = {.code = SW_OK};

    /* A path that cannot be followed leads to nothing. */
    if (ctx->guest->ops->stat(ctx->guest, path, true, &st, &why) < 0 && why.code != SW_GUEST) {
        *err = why;
        return -1;
    }
    *holds = why.code == SW_OK && st.kind == kind;
    return 0;
}

static int add(void *arg, const void *bytes, size_t len, struct sw_err *err)
{
    return sw_digest_update(arg, bytes, len, err);
}

static enum sw_hash hash_of(enum sw_operator op)
{
    switch (op) {
    case SW_OP_FILE_MD5_EQUALS:
        return SW_HASH_MD5;
    case SW_OP_FILE_SHA1_EQUALS:
        return SW_HASH_SHA1;
    case SW_OP_FILE_SHA512_EQUALS:
        return SW_HASH_SHA512;
    default:
        return SW_HASH_SHA256;
    }
}

/* A file that is not there has no hash. */
static int has_hash(struct step_ctx *ctx, enum sw_hash hash, const char *want, const char *path, bool *holds,
                    struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = NULL;
    uint8_t expected[SW_HASH_BYTES_MAX], found[SW_HASH_BYTES_MAX];
    size_t len = sw_hash_bytes(hash);

    if (sw_unhex(want, strlen(want), expected, len) < 0)
        return sw_fail(err, SW_GUEST, "a %s hash has %zu digits in hex", sw_hash_name(hash), 2 * len);
    if (is_kind(ctx, path, SW_FILE_REGULAR, holds, err) < 0)
        return -1;
    if (!*holds)
        return 0;
    digest = sw_digest_new_of(hash, err);
    if (digest == NULL || ctx->guest->ops->get_to(ctx->guest, path, add, digest, err) < 0 ||
        sw_digest_final(digest, found, err) < 0)
        return -1;
    *holds = memcmp(expected, found, len) == 0;
    return 0;
}

static int ask(void *arg, enum sw_operator op, const char *text, const char *path, bool *holds,
               struct sw_err *err)
{
    struct step_ctx *ctx = arg;
    SW_AUTO_FREE char *place = NULL;

    *holds = false;
    if (op == SW_OP_BINARY_EXISTS)
        return has_program(ctx, text, holds, err);
    place = absolute(ctx, path != NULL ? path : text, err);
    if (place == NULL)
        return -1;
    if (op == SW_OP_FILE_EXISTS || op == SW_OP_FOLDER_EXISTS)
        return is_kind(ctx, place, op == SW_OP_FILE_EXISTS ? SW_FILE_REGULAR : SW_FILE_DIR, holds, err);
    return has_hash(ctx, hash_of(op), text, place, holds, err);
}

static void doubt(void *arg, enum sw_operator op)
{
    const struct step_ctx *ctx = arg;

    sw_runlog_line(ctx->exec->log, "%s: %s: letters' case decided here, and it %s", ctx->step->name,
                   sw_operator_name(op), op == SW_OP_STRING_EQUALS ? "counts" : "does not count");
}

int step_holds(struct step_ctx *ctx, const struct sw_condition *condition, bool *holds, struct sw_err *err)
{
    const struct sw_condition_host host = {.ask = ask, .doubt = doubt, .arg = ctx};

    *holds = false;
    return sw_condition_holds(&ctx->scope, condition, &host, holds, err);
}

int action_assert(struct step_ctx *ctx, struct sw_err *err)
{
    const struct sw_condition *assertion = ctx->step->assertion;
    SW_AUTO_FREE char *text = NULL;
    bool holds;

    if (step_holds(ctx, assertion, &holds, err) < 0)
        return -1;
    if (holds)
        return 0;
    text = ctx->log.silent ? sw_strdup(sw_operator_name(assertion->op), err)
                           : sw_condition_text(&ctx->scope, assertion, err);
    return text != NULL ? sw_fail(err, SW_GUEST, "the assertion is false: %s", text) : -1;
}
