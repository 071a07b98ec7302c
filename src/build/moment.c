/* The moment at which a build takes place, wherever and whenever it does: its layers are made to look so. */
#include "src/build/moment.h"

#include "slipway/ext.h"
#include "src/base/cleanup.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"

#define WITHOUT_A_DATE INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

static int of_base(struct sw_store *store, const char *layer, int64_t *epoch, struct sw_err *err)
{
    SW_AUTO_IMAGE struct sw_image *base = NULL;

    if (sw_store_open_chain(store, layer, &base, err) < 0 || sw_ext_newest(base, epoch, err) < 0)
        return -1;
    if (*epoch == 0)
        *epoch = WITHOUT_A_DATE;
    return 0;
}

int sw_build_moment(struct sw_store *store, const char *base, int64_t *epoch, struct sw_err *err)
{
    if (sw_source_date(-1, epoch, err) < 0)
        return -1;
    return *epoch >= 0 ? 0 : of_base(store, base, epoch, err);
}

int moment_describe(json_t *inputs, struct sw_err *err)
{
    int64_t epoch;

    if (sw_source_date(-1, &epoch, err) < 0)
        return -1;
    return epoch < 0 ? 0 : sw_json_set(inputs, "epoch", json_integer(epoch), err);
}

static void tell(const struct sw_ext *ext)
{
    for (size_t i = 0; i < sw_ext_count(ext); i++) {
        const struct sw_ext_fs *fs = sw_ext_at(ext, i);

        if (fs->done)
            sw_log(
                SW_LOG_DEBUG,
                "the file system at byte %llu: %llu inodes made to look as of the build's date, %llu KiB left out",
                (unsigned long long)fs->off_bytes, (unsigned long long)fs->nr_inodes,
                (unsigned long long)(fs->hidden_bytes >> 10));
        else
            sw_log(SW_LOG_INFO,
                   "the file system at byte %llu is taken as it is, and another build's may differ: %s",
                   (unsigned long long)fs->off_bytes, fs->why);
    }
}

int moment_look(void *arg, struct sw_store_sight *sight, struct sw_err *err)
{
    struct moment_look *look = arg;
    const struct sw_ext_ask ask = {
        .now = sight->now, .top = sight->top, .parent = sight->parent, .epoch = look->epoch};

    if (sw_ext_open(&ask, &look->ext, err) < 0)
        return -1;
    tell(look->ext);
    sight->now = sw_ext_now(look->ext);
    sight->top = sw_ext_top(look->ext);
    return 0;
}

void moment_look_end(struct moment_look *look)
{
    sw_ext_close(look->ext);
    look->ext = NULL;
}
