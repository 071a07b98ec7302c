/* Where a build's scratch lies, and what lies beneath its overlay. */
#include "src/build/beneath.h"

#include "slipway/nbd.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/base/medium.h"
#include "src/base/sockets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int scratch_check(const struct sw_build_opts *opts, const struct sw_store *store, const char *dir,
                  uint64_t disk_bytes, struct sw_err *err)
{
    enum sw_medium medium;

    if (!sw_store_is_sealed(store) || opts->plain_scratch)
        return 0;
    if (dir == NULL)
        dir = opts->scratch_dir != NULL ? opts->scratch_dir : sw_store_dir(store);
    if (sw_medium_of(dir, &medium, err) < 0)
        return sw_context(err, "scratch");
    if (medium != SW_MEDIUM_PLAIN) {
        sw_log(SW_LOG_DEBUG, "scratch in '%s', which is %s", dir,
               medium == SW_MEDIUM_MEMORY ? "memory" : "encrypted");
        return 0;
    }
    return sw_fail(
        err, SW_REFUSED,
        "the store is sealed, and '%s' is neither in memory nor on an encrypted device: what the "
        "guest writes would lie there in clear. Name a folder that is (--scratch /dev/shm; what the "
        "components change must fit into memory there, at most the disk's %" PRIu64
        " MiB, beside 1280 MiB for the appliance), or say --plain-scratch",
        dir, disk_bytes >> 20);
}

int scratch_open(const struct sw_build_opts *opts, struct sw_store *store, uint64_t disk_bytes,
                 struct sw_scratch **out, struct sw_err *err)
{
    struct sw_scratch *made = NULL;
    int rc = opts->scratch_dir != NULL ? sw_scratch_open_at(opts->scratch_dir, &made, err)
                                       : sw_scratch_open(store, &made, err);

    if (rc == 0)
        rc = scratch_check(opts, store, sw_scratch_dir(made), disk_bytes, err);
    if (rc < 0)
        sw_scratch_close(made);
    else
        *out = made;
    return rc;
}

int beneath_open_image(struct sw_image *image, const char *name, const char *scratch_dir, struct beneath *out,
                       struct sw_err *err)
{
    static const char socket[] = "base.sock";
    SW_AUTO_FREE char *socket_path = NULL;

    if (sw_sockets_open(scratch_dir, sizeof(socket), &out->sockets, err) < 0)
        return -1;
    socket_path = sw_sockets_path(out->sockets, socket, err);
    if (socket_path == NULL || sw_nbd_start(image, socket_path, name, &out->server, err) < 0)
        return -1;
    out->format = "raw";
    out->name = sw_nbd_uri(name, socket_path, err);
    return out->name != NULL ? 0 : -1;
}

static int serve(struct sw_store *store, const char *digest, const char *scratch_dir, struct beneath *out,
                 struct sw_err *err)
{
    if (sw_store_open_chain(store, digest, &out->image, err) < 0)
        return -1;
    return beneath_open_image(out->image, digest, scratch_dir, out, err);
}

int beneath_open(struct sw_store *store, const char *digest, const char *scratch_dir, struct beneath *out,
                 struct sw_err *err)
{
    snprintf(out->digest, sizeof(out->digest), "%s", digest);
    if (sw_store_is_sealed(store)) {
        if (serve(store, digest, scratch_dir, out, err) == 0)
            return 0;
        return sw_context(err, "the disk beneath the overlay");
    }
    out->format = "qcow2";
    out->name = sw_store_blob_path(store, digest, err);
    return out->name != NULL ? 0 : -1;
}

/* Nobody else's lock is asked for: a file that changes is found by its stamps. */
static char *name_raw_file(const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *whole = realpath(path, NULL), *text = NULL;
    SW_AUTO_JSON json_t *json = whole == NULL
                                    ? NULL
                                    : json_pack("{s:s, s:{s:s, s:s, s:s}}", "driver", "raw", "file", "driver",
                                                "file", "filename", whole, "locking", "off");

    if (json == NULL || (text = json_dumps(json, JSON_COMPACT)) == NULL) {
        sw_fail(err, SW_REFUSED, "QEMU cannot be told the name of '%s'", path);
        return NULL;
    }
    return sw_strf(err, "json:%s", text);
}

static int open_plain_file(const char *path, const char *format, struct sw_image **out, struct sw_err *err)
{
    const struct sw_open_opts opts = {.parents = NULL};
    struct sw_in *in;
    struct stat st;

    if (sw_in_open_file(path, &in, err) < 0)
        return -1;
    if (fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode))
        return sw_image_open(in, format, &opts, out, err);
    sw_in_close(in);
    return sw_fail(err, SW_REFUSED, "'%s' is no plain file", path);
}

int beneath_open_file(const char *path, const char *format, const char *scratch_dir, struct beneath *out,
                      uint64_t *disk_bytes, struct sw_err *err)
{
    if (open_plain_file(path, format, &out->image, err) < 0)
        return -1;
    out->file = path;
    out->file_format = format;
    *disk_bytes = sw_round_up(out->image->size_bytes, SW_SECTOR_BYTES);
    if (out->image->format != sw_format_by_name("raw"))
        return beneath_open_image(out->image, "base", scratch_dir, out, err);
    out->format = "raw";
    out->name = name_raw_file(path, err);
    return out->name != NULL ? 0 : -1;
}

int beneath_becomes(struct beneath *beneath, struct sw_store *store, const char *digest, struct sw_err *err)
{
    beneath->store = store;
    snprintf(beneath->digest, sizeof(beneath->digest), "%s", digest);
    return beneath_check(beneath, err);
}

static int check_file(const struct beneath *beneath, struct sw_err *err)
{
    struct sw_layer layer;
    int known;

    if (beneath->store == NULL)
        return 0;
    known = sw_store_known_base(beneath->store, beneath->file, beneath->file_format, false, &layer, err);
    if (known < 0)
        return -1;
    return known > 0 && strcmp(layer.digest, beneath->digest) == 0
               ? 0
               : sw_fail(
                     err, SW_INTEGRITY,
                     "base image '%s' changed while the guest read it: build again once nobody writes to it",
                     beneath->file);
}

int beneath_check(const struct beneath *beneath, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};

    if (check_file(beneath, err) < 0)
        return -1;
    if (beneath->server == NULL || sw_nbd_check(beneath->server, &cause) == 0)
        return 0;
    return sw_fail(err, cause.code, "the disk beneath the overlay cannot be read: %s", cause.text);
}

void beneath_blame(const struct beneath *beneath, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};

    if (beneath_check(beneath, &cause) < 0)
        *err = cause;
}

void beneath_close(struct beneath *beneath)
{
    sw_nbd_stop(beneath->server);
    sw_image_close(beneath->image);
    sw_sockets_close(beneath->sockets);
    free(beneath->name);
    *beneath = (struct beneath){.name = NULL};
}
