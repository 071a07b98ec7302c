/* slipway store export: a state of the store as a disk image. */
#include "src/cli/store_export.h"

#include "slipway/copy.h"
#include "src/base/cleanup.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/create_arg.h"
#include "src/cli/disk_target.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/store_arg.h"

#include <string.h>

SW_DEFINE_AUTO(coded, struct sw_coded_cache, sw_store_coded_free)

static int show(const struct store_export *ask, const char *digest, const struct sw_format *format,
                const struct sw_copy_stats *stats, struct sw_err *err)
{
    char stored[32], again[32];

    if (ask->common->json)
        return out_json(json_pack("{s:s, s:o, s:s, s:I, s:I, s:I, s:I}", "layer", digest, "target",
                                  json_untrusted(ask->dst), "target_format", format->name, "virtual_bytes",
                                  (json_int_t)stats->virtual_bytes, "read_bytes",
                                  (json_int_t)stats->read_bytes, "coded_bytes",
                                  (json_int_t)stats->coded_bytes, "stored_bytes",
                                  (json_int_t)stats->stored_bytes),
                        err);
    out_size(stats->stored_bytes, stored, sizeof(stored));
    out_size(stats->coded_bytes, again, sizeof(again));
    sw_log(SW_LOG_INFO, "'%s': %s of %s; %s of the disk were encoded before", ask->dst, stored, format->name,
           again);
    return 0;
}

/* How the disk leaves the store. */
struct leaving {
    struct sw_keyring *ring; /* NULL: in clear */
    struct sign_args sign;
};

static void leaving_free(struct leaving *leaving)
{
    sw_keyring_free(leaving->ring);
    sign_args_close(&leaving->sign);
}

static int open_leaving(const struct store_export *ask, bool sealed, struct leaving *leaving,
                        struct sw_err *err)
{
    if (ask->seal_to->n > 0) {
        leaving->ring = sw_seal_harden(err) == 0 ? seal_args_ring(SW_KEY_SEAL, ask->seal_to, err) : NULL;
        if (leaving->ring == NULL)
            return -1;
    } else if (sealed) {
        sw_log(
            SW_LOG_WARNING,
            "the store is sealed, and '%s' holds its disk in clear, for its owner alone to read: --seal-to "
            "seals it",
            ask->dst);
    }
    return sign_args_open(ask->sign, ask->dst, &leaving->sign, err);
}

static int write_image(const struct store_export *ask, const struct disk_target *target,
                       const struct sw_copy *plan, struct sw_copy_stats *stats, struct sw_err *err)
{
    struct out_progress progress;
    struct sw_copy copy = *plan;
    int rc;

    if (out_check_replaced(ask->dst, err) < 0)
        return -1;
    copy.progress = &progress.base;
    out_progress_begin(&progress, "export", ask->common);
    rc = disk_target_write(target, &copy, stats, err);
    out_progress_end(&progress);
    return rc < 0 ? -1 : disk_target_sign(target, plan, stats, err);
}

int store_export(struct sw_store *store, const struct store_export *ask, struct sw_err *err)
{
    SW_AUTO_IMAGE struct sw_image *chain = NULL;
    SW_CLEANUP(coded_auto) struct sw_coded_cache *coded = NULL;
    struct create_arg create = {.subformat = ""};
    struct sw_copy copy = {.jobs = opt_jobs(ask->common)};
    struct sw_copy_stats stats = {0};
    SW_CLEANUP(leaving_free) struct leaving leaving = {.ring = NULL};
    struct disk_target target = {.path = ask->dst, .sync = ask->sync, .one_run = true, .sign = &leaving.sign};
    char digest[SW_STORE_HEX];

    if (create_arg_parse(ask->settings, &create, err) < 0 ||
        sw_source_date(0, &create.create.epoch, err) < 0 ||
        create_arg_format(ask->output_format, ask->dst, &copy.format, err) < 0 ||
        (ask->seal_to->n > 0 && sw_format_check_sealed(copy.format, create.create.subformat, err) < 0) ||
        open_leaving(ask, sw_store_is_sealed(store), &leaving, err) < 0 ||
        store_arg_layer(store, ask->what, digest, err) < 0 ||
        sw_store_open_chain(store, digest, &chain, err) < 0 ||
        sw_store_coded_new(store, digest, &coded, err) < 0)
        return -1;
    copy.src = chain;
    copy.coded = coded;
    copy.create = create.create;
    copy.create.name = ask->dst;
    target.recipients = leaving.ring;
    target.mode = sw_store_is_sealed(store) ? 0600 : 0666;
    if (write_image(ask, &target, &copy, &stats, err) < 0)
        return -1;
    return show(ask, digest, copy.format, &stats, err);
}
