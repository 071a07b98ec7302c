/* What a build's appliance runs on: scratch, an overlay, the disk beneath it; and the appliance. */
#include "src/build/rig.h"

#include "src/base/fs.h"
#include "src/base/log.h"

#include <stdlib.h>
#include <string.h>

/* ---- Over a layer of the store ----------------------------------------------------------------------------- */

static int make_place(const struct sw_build_opts *opts, struct sw_store *store, uint64_t disk_bytes,
                      struct rig *out, struct sw_err *err)
{
    if (scratch_open(opts, store, disk_bytes, &out->scratch, err) < 0)
        return -1;
    out->overlay = sw_path_join(sw_scratch_dir(out->scratch), "overlay.qcow2", err);
    return out->overlay != NULL ? 0 : -1;
}

static int make_overlay(const struct rig *rig, uint64_t disk_bytes, struct sw_err *err)
{
    const struct sw_create_opts create = {
        .size_bytes = disk_bytes, .backing_name = rig->beneath.name, .backing_format = rig->beneath.format};

    return sw_overlay_create(rig->overlay, &create, err);
}

static int make_ready(const struct sw_build_opts *opts, const struct plan *plan, uint64_t disk_bytes,
                      struct rig *out, struct sw_err *err)
{
    out->how = (struct sw_session_opts){.overlay = out->overlay,
                                        .scratch_dir = sw_scratch_dir(out->scratch),
                                        .accel = opts->accel,
                                        .stock_appliance = opts->stock_appliance,
                                        .network = plan->recipe->network,
                                        .media = plan->media};
    if (plan->media != NULL && sw_media_make_images(plan->media, err) < 0)
        return -1;
    return make_overlay(out, disk_bytes, err);
}

int rig_prepare(const struct sw_build_opts *opts, const struct plan *plan, struct sw_store *store,
                size_t first, struct rig *out, struct sw_err *err)
{
    uint64_t disk_bytes = plan_disk_bytes(plan, first);

    if (make_place(opts, store, disk_bytes, out, err) < 0 ||
        beneath_open(store, plan->layers[first - 1].layer.digest, sw_scratch_dir(out->scratch), &out->beneath,
                     err) < 0)
        return -1;
    return make_ready(opts, plan, disk_bytes, out, err);
}

/* ---- Ahead of it ------------------------------------------------------------------------------------------- */

/* Any other backend than libguestfs's own may hand the disks that it is given to another user. */
static bool backend_leaves_files_alone(void)
{
    const char *backend = getenv("LIBGUESTFS_BACKEND");

    return backend == NULL || backend[0] == '\0' || strcmp(backend, "direct") == 0;
}

static int begin_ahead(const struct sw_build_opts *opts, const struct plan *plan, struct sw_store *store,
                       struct rig *out, struct sw_err *err)
{
    const struct sw_recipe *recipe = plan->recipe;
    uint64_t disk_bytes;

    if (make_place(opts, store, recipe->volume_bytes, out, err) < 0 ||
        beneath_open_file(recipe->base_path, recipe->base_format, sw_scratch_dir(out->scratch), &out->beneath,
                          &disk_bytes, err) < 0)
        return -1;
    if (plan_is_volume(plan, 1))
        disk_bytes = recipe->volume_bytes;
    if (make_ready(opts, plan, disk_bytes, out, err) < 0)
        return -1;
    return rig_open(out, err);
}

void rig_ahead(const struct sw_build_opts *opts, const struct plan *plan, struct sw_store *store,
               struct rig *out)
{
    struct sw_err why = {.code = SW_OK};

    if (!plan_needs_launch(plan) || !plan_begins_offline(plan, 1) || !backend_leaves_files_alone())
        return;
    if (begin_ahead(opts, plan, store, out, &why) == 0) {
        out->ahead = true;
        return;
    }
    sw_log(SW_LOG_DEBUG, "the launch waits for the base to be in the store: %s", why.text);
    rig_close(out);
}

bool rig_holds(struct rig *rig, const struct plan *plan, struct sw_store *store, size_t first)
{
    struct sw_err why = {.code = SW_OK};

    if (rig->session == NULL || first != 1)
        return false;
    if (beneath_becomes(&rig->beneath, store, plan->layers[0].layer.digest, &why) == 0)
        return true;
    sw_log(SW_LOG_DEBUG, "the launch begins again, over the layer: %s", why.text);
    return false;
}

/* ---- The session ------------------------------------------------------------------------------------------- */

void rig_set_clock(struct rig *rig, int64_t clock_s)
{
    rig->how.clock_s = clock_s;
    if (rig->session != NULL)
        sw_session_set_clock(rig->session, clock_s);
}

int rig_open(struct rig *rig, struct sw_err *err)
{
    return rig->session != NULL ? 0 : sw_session_start(&rig->how, &rig->session, err);
}

int rig_trim(struct rig *rig, struct sw_err *err)
{
    if (rig->session == NULL && !rig->trims)
        return 0;
    return rig_open(rig, err) < 0 ? -1 : sw_session_trim(rig->session, err);
}

int rig_shut(struct rig *rig, struct sw_err *err)
{
    struct sw_session *session = rig->session;

    if (session == NULL)
        return 0;
    rig->trims = sw_session_trims(session);
    if (sw_session_close(session, err) < 0)
        return -1;
    sw_log(SW_LOG_INFO, "the appliance was launched in %.1f s (%s, %s)%s",
           (double)sw_session_launch_ms(session) / 1000.0, sw_session_is_tcg(session) ? "TCG" : "KVM",
           sw_session_appliance(session), rig->ahead ? ", while the base was taken into the store" : "");
    rig->ahead = false;
    rig_drop(rig);
    return 0;
}

void rig_drop(struct rig *rig)
{
    sw_session_free(SW_STEAL_PTR(rig->session));
}

void rig_close(struct rig *rig)
{
    rig_drop(rig);
    beneath_close(&rig->beneath);
    free(rig->overlay);
    sw_scratch_close(rig->scratch);
    *rig = (struct rig){.scratch = NULL};
}
