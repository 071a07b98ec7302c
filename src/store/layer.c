/* New layers: a disk image becomes a base, an overlay becomes a layer on its parent. */
#include "src/store/internal.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/log.h"

#include <string.h>

/* Encodes into a blob. copy has everything but format and out. */
static int write_layer(struct sw_store *store, struct sw_copy *copy, struct sw_store_made *made,
                       struct sw_err *err)
{
    struct sw_out *out = NULL;
    int rc;

    copy->format = sw_format_by_name("qcow2");
    if (copy->format == NULL)
        return sw_fail(err, SW_FAILED, "the format 'qcow2' is missing");
    if (store_blob_create(store, &out, err) < 0)
        return -1;
    copy->out = out;
    rc = sw_copy_image(copy, &made->stats, err);
    if (rc == 0)
        rc = store_blob_publish(out, made->layer.digest, &made->layer.size_bytes, err);
    sw_out_close(out);
    return rc;
}

static int describe(const struct sw_in *in, struct stat *st, struct sw_err *err)
{
    if (fstat(in->fd, st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", in->name);
    return 0;
}

/*
 * A file system stamps times in ticks: a write in the tick of the last change leaves the stamp as it is. Waits until
 * that tick is over, so that whatever is written from now on shows. False when the stamp says nothing: it lies in the
 * future, or the file is being written right now.
 */
static bool settle(const struct sw_in *in, const struct stat *st)
{
    enum { TICK_NS = 20 * 1000 * 1000 };
    int64_t changed_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
    int64_t age_ns = sw_now_ns() - changed_ns;
    struct stat now;

    if (!S_ISREG(st->st_mode) || age_ns < 0)
        return false;
    if (age_ns < TICK_NS)
        usleep((unsigned)((TICK_NS - age_ns) / 1000 + 1));
    return fstat(in->fd, &now) == 0 && store_base_same(st, &now);
}

/* The image in file, which belongs to *image afterwards or, where it is beneath what was opened, to *beneath. */
static int open_base(const struct sw_store_ingest *ask, struct sw_in *file, struct sw_in **beneath,
                     struct sw_image **image, struct sw_err *err)
{
    const struct sw_open_opts opts = {.parents = NULL};
    const char *format = ask->format;
    struct sw_in *content = file;

    if (ask->open != NULL) {
        *beneath = file;
        if (ask->open(ask->opener, ask->path, &content, &format, err) < 0)
            return -1;
    }
    return sw_image_open(content, format, &opts, image, err);
}

/* Takes over file. before: what it looked like when it was opened. */
static int encode_base(struct sw_store *store, const struct sw_store_ingest *ask, struct sw_in *file,
                       const struct stat *before, struct sw_store_made *made, struct sw_err *err)
{
    bool settled = settle(file, before);
    SW_AUTO_IN struct sw_in *beneath = NULL;
    SW_AUTO_IMAGE struct sw_image *image = NULL;
    struct sw_copy copy = {.jobs = ask->jobs, .progress = ask->progress};
    struct stat after;

    if (open_base(ask, file, &beneath, &image, err) < 0)
        return -1;
    for (unsigned i = 0; i < image->nr_warnings; i++)
        sw_log(SW_LOG_WARNING, "%s: %s", ask->path, image->warnings[i]);
    if (image->size_bytes == 0)
        return sw_fail(err, SW_FAILED, "'%s' is an empty disk", ask->path);
    copy.src = image;
    copy.create.size_bytes = sw_round_up(image->size_bytes, SW_SECTOR_BYTES);
    made->layer.virtual_bytes = copy.create.size_bytes;
    if (write_layer(store, &copy, made, err) < 0 ||
        describe(beneath != NULL ? beneath : image->in, &after, err) < 0)
        return -1;
    if (!store_base_same(before, &after))
        return sw_fail(err, SW_INTEGRITY, "'%s' changed while it was read", ask->path);
    return settled ? store_base_record(store, before, ask->format, ask->open != NULL, &made->layer, err) : 0;
}

int sw_store_ingest(struct sw_store *store, const struct sw_store_ingest *ask, struct sw_store_made *out,
                    struct sw_err *err)
{
    struct sw_in *in = NULL;
    struct stat st;
    int known = 0;

    memset(out, 0, sizeof(*out));
    if (sw_in_open_file(ask->path, &in, err) < 0)
        return -1;
    if (describe(in, &st, err) < 0)
        known = -1;
    else if (S_ISREG(st.st_mode))
        known = store_base_find(store, &st, ask->format, ask->open != NULL, &out->layer, err);
    if (known != 0) {
        sw_in_close(in);
        out->known = known > 0;
        return known > 0 ? 0 : -1;
    }
    return encode_base(store, ask, in, &st, out, err);
}

/* The layer beneath the overlay must lie in parent's chain, or what differs from parent would not be all in the overlay. */
static int check_beneath(const char *beneath, const struct store_chain *parent, struct sw_err *err)
{
    for (unsigned i = 0; i < parent->n; i++)
        if (strcmp(parent->layers[i].digest, beneath) == 0)
            return 0;
    return sw_fail(err, SW_INTEGRITY, "the layer beneath it, '%s', is not in the chain of layer '%s'",
                   beneath, parent->layers[0].digest);
}

static int encode_overlay(struct sw_store *store, const struct sw_store_commit *ask,
                          struct sw_store_made *made, struct sw_err *err)
{
    struct store_chain parent;
    struct sw_image *beneath = NULL;
    struct sw_open_opts top_only = {.top_only = true};
    SW_AUTO_IMAGE struct sw_image *src = NULL;
    SW_AUTO_IMAGE struct sw_image *top = NULL;
    SW_AUTO_IMAGE struct sw_image *base = NULL;
    struct sw_copy copy = {.jobs = ask->jobs, .progress = ask->progress};
    struct sw_store_sight sight;
    struct sw_in *in = NULL;

    if (store_chain_open(store, ask->parent, &parent, &base, err) < 0 ||
        check_beneath(ask->beneath, &parent, err) < 0 ||
        sw_store_open_chain(store, ask->beneath, &beneath, err) < 0 ||
        sw_overlay_open(ask->overlay_path, &beneath, &src, err) < 0)
        return -1;
    if (parent.n == SW_STORE_LAYERS_MAX)
        return sw_fail(err, SW_FAILED, "a chain has at most %d layers", SW_STORE_LAYERS_MAX);
    if (sw_in_open_file(ask->overlay_path, &in, err) < 0 ||
        sw_image_open(in, "qcow2", &top_only, &top, err) < 0)
        return -1;
    sight = (struct sw_store_sight){.now = src, .top = top, .parent = base};
    if (ask->look != NULL && ask->look(ask->look_arg, &sight, err) < 0)
        return -1;
    copy.src = sight.now;
    copy.top = sight.top;
    copy.base = base;
    copy.create = (struct sw_create_opts){
        .size_bytes = src->size_bytes, .backing_name = ask->parent, .backing_format = "qcow2"};
    if (store_grain(&sight, &copy.create.unit_bytes, err) < 0)
        return -1;
    made->layer.virtual_bytes = src->size_bytes;
    memcpy(made->layer.parent, ask->parent, SW_STORE_HEX);
    return write_layer(store, &copy, made, err);
}

int sw_store_commit_layer(struct sw_store *store, const struct sw_store_commit *ask,
                          struct sw_store_made *out, struct sw_err *err)
{
    memset(out, 0, sizeof(*out));
    if (encode_overlay(store, ask, out, err) < 0)
        return sw_context(err, "overlay '%s'", ask->overlay_path);
    return 0;
}
