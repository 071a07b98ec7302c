/* A disk image that a verb writes: under its name once it is whole, resumed, or sealed as it is written, and signed. */
#include "src/cli/disk_target.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/cli/disk_out.h"

#include <errno.h>
#include <stdlib.h>

enum { CHECKPOINT_MS = 10000, CHECKPOINT_MAX_MS = 86400000 };

/* Tests want more check-points than there are on a small disk. */
static int checkpoint_ms(int64_t *out, struct sw_err *err)
{
    const char *text = getenv("SLIPWAY_CHECKPOINT_MS");
    char *end;

    *out = CHECKPOINT_MS;
    if (text == NULL)
        return 0;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *out < 0 || *out > CHECKPOINT_MAX_MS)
        return sw_fail(err, SW_USAGE, "SLIPWAY_CHECKPOINT_MS: '%s' is not a number from 0 to %d", text,
                       CHECKPOINT_MAX_MS);
    return 0;
}

/* seal: for whom it is sealed, if for anybody. */
static int open_out(const struct disk_target *target, const struct sw_seal_opts *seal,
                    struct sw_resume *resume, struct sw_copy *copy, struct sw_err *err)
{
    int rc;

    if (seal->recipients != NULL)
        return sw_seal_create_image(seal, copy->format->name, target->path, &copy->out, err);
    if (!target->one_run && sw_copy_can_resume(copy)) {
        copy->resume = resume;
        rc = checkpoint_ms(&resume->every_ms, err) < 0
                 ? -1
                 : sw_out_open_partial(target->path, target->mode, &copy->out, err);
    } else {
        rc = sw_out_create_file(target->path, target->mode, &copy->out, err);
    }
    if (rc == 0)
        copy->out->lazy = !target->sync;
    return rc;
}

int disk_target_write(const struct disk_target *target, const struct sw_copy *plan,
                      struct sw_copy_stats *stats, struct sw_err *err)
{
    struct sw_resume resume = {.program = SLIPWAY_VERSION, .restart = target->restart};
    struct sw_seal_opts seal = {.recipients = target->recipients,
                                .jobs = plan->jobs,
                                .digests = target->sign->signer != NULL ? &target->sign->digests : NULL,
                                .lazy = !target->sync};
    struct sw_copy copy = *plan;
    int rc;

    if (open_out(target, &seal, &resume, &copy, err) < 0)
        return -1;
    rc = sw_copy_image(&copy, stats, err);
    if (rc == 0 && target->check != NULL)
        rc = target->check(target->arg, &copy, err);
    if (rc == 0)
        rc = sw_out_commit(copy.out, err);
    sw_out_close(copy.out);
    return rc;
}

int disk_target_sign(const struct disk_target *target, const struct sw_copy *plan,
                     const struct sw_copy_stats *stats, struct sw_err *err)
{
    bool sealed = target->recipients != NULL;
    SW_AUTO_JSON json_t *more = NULL;
    SW_AUTO_FREE char *keys = sealed ? sw_seal_sidecar_path(target->path, err) : NULL;
    char digest[DISK_DIGEST_CHARS];

    if (target->sign->signer == NULL)
        return 0;
    if (plan->verity != NULL)
        disk_digest_text(plan->verity, digest);
    more = json_pack("{s:s, s:s*, s:I, s:s*}", "format", plan->format->name, "subformat",
                     plan->create.subformat, "virtualBytes", (json_int_t)stats->virtual_bytes, "fsverity",
                     plan->verity != NULL ? digest : NULL);
    if (more == NULL || (sealed && keys == NULL))
        return sw_fail(err, SW_FAILED, "cannot describe '%s'", target->path);
    return sign_args_write(target->sign, target->path, keys, more, err);
}
