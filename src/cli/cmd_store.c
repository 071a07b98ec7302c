/* slipway store init|ls|verify|export: what a store holds, whether it is whole, and a disk image of it. */
#include "slipway/store.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/cmd.h"
#include "src/cli/create_arg.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/sign_args.h"
#include "src/cli/store_arg.h"
#include "src/cli/store_export.h"
#include "src/cli/trust_args.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHORT_HEX = 12, SIZE_TEXT = 32 };

struct store_opts {
    struct common_opts common;
    const char *store;
    const char *output_format;
    struct opt_list settings, keys, seal_to;
    bool sync;
    const char *sign;
    struct trust_opts trust;
};

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

/* A file's name, or a message with one in it, may be no UTF-8: then what is not ASCII becomes '?'. */
static json_t *any_text(const char *text)
{
    json_t *json = json_string(text);
    char ascii[1024];
    size_t n = 0;

    if (json != NULL)
        return json;
    for (; text[n] != '\0' && n + 1 < sizeof(ascii); n++)
        ascii[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
    ascii[n] = '\0';
    return json_string(ascii);
}

static json_t *layer_json(const struct sw_layer *layer, bool of_image)
{
    json_t *json = json_pack("{s:s, s:s, s:I}", "digest", layer->digest, "parent", layer->parent,
                             "size_bytes", (json_int_t)layer->size_bytes);

    if (json != NULL && !of_image)
        json_object_set_new(json, "virtual_bytes", json_integer((json_int_t)layer->virtual_bytes));
    return json;
}

static json_t *layers_json(const struct sw_layer *layers, size_t n, bool of_image, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        if (sw_json_append(list, layer_json(&layers[i], of_image), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

static json_t *image_json(const struct sw_store_image *image, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "ref", text_or_null(image->ref), err) < 0 ||
        sw_json_set(json, "manifest", json_string(image->manifest), err) < 0 ||
        sw_json_set(json, "name", text_or_null(image->name), err) < 0 ||
        sw_json_set(json, "version", text_or_null(image->version), err) < 0 ||
        sw_json_set(json, "created", text_or_null(image->created), err) < 0 ||
        sw_json_set(json, "virtual_bytes", json_integer((json_int_t)image->virtual_bytes), err) < 0 ||
        sw_json_set(json, "layers", layers_json(image->layers, image->nr_layers, true, err), err) < 0)
        return NULL;
    if (image->fault != NULL && sw_json_set(json, "fault", any_text(image->fault), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

static json_t *record_json(const struct sw_plan_record *record, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "key", json_string(record->key), err) < 0 ||
        sw_json_set(json, "recipe", json_string(record->recipe), err) < 0 ||
        sw_json_set(json, "position", json_integer(record->position), err) < 0 ||
        sw_json_set(json, "layer", json_string(record->layer.digest), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

static int list_as_json(const struct sw_store *store, const struct sw_store_listing *listing,
                        struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();
    SW_AUTO_JSON json_t *images = json_array();
    SW_AUTO_JSON json_t *records = json_array();

    for (size_t i = 0; i < listing->nr_images; i++)
        if (sw_json_append(images, image_json(&listing->images[i], err), err) < 0)
            return -1;
    for (size_t i = 0; i < listing->nr_records; i++)
        if (sw_json_append(records, record_json(&listing->records[i], err), err) < 0)
            return -1;
    if (sw_json_set(json, "store", any_text(sw_store_dir(store)), err) < 0 ||
        sw_json_set(json, "images", SW_STEAL_PTR(images), err) < 0 ||
        sw_json_set(json, "layers", layers_json(listing->layers, listing->nr_layers, false, err), err) < 0 ||
        sw_json_set(json, "keys", SW_STEAL_PTR(records), err) < 0)
        return -1;
    return out_json(SW_STEAL_PTR(json), err);
}

static void print_images(const struct sw_store_listing *listing)
{
    printf("%zu image%s\n", listing->nr_images, listing->nr_images == 1 ? "" : "s");
    for (size_t i = 0; i < listing->nr_images; i++) {
        const struct sw_store_image *image = &listing->images[i];
        char size[SIZE_TEXT], disk[SIZE_TEXT];
        uint64_t sum = 0;

        for (size_t j = 0; j < image->nr_layers; j++)
            sum += image->layers[j].size_bytes;
        out_size(sum, size, sizeof(size));
        out_size(image->virtual_bytes, disk, sizeof(disk));
        printf("  %.*s  ", SHORT_HEX, image->manifest);
        out_safe(stdout, image->ref != NULL ? image->ref : "(no name)");
        if (image->fault != NULL) {
            printf(": ");
            out_safe(stdout, image->fault);
        } else {
            printf(": %zu layer%s, %s", image->nr_layers, image->nr_layers == 1 ? "" : "s", size);
            if (image->virtual_bytes > 0)
                printf(" of a disk of %s", disk);
        }
        putchar('\n');
    }
}

static void print_layers(const struct sw_store_listing *listing)
{
    printf("%zu layer%s\n", listing->nr_layers, listing->nr_layers == 1 ? "" : "s");
    for (size_t i = 0; i < listing->nr_layers; i++) {
        const struct sw_layer *layer = &listing->layers[i];
        char size[SIZE_TEXT];

        out_size(layer->size_bytes, size, sizeof(size));
        if (layer->parent[0] != '\0')
            printf("  %.*s  %10s  on %.*s\n", SHORT_HEX, layer->digest, size, SHORT_HEX, layer->parent);
        else
            printf("  %.*s  %10s  base\n", SHORT_HEX, layer->digest, size);
    }
}

static void print_records(const struct sw_store_listing *listing)
{
    printf("%zu plan key%s\n", listing->nr_records, listing->nr_records == 1 ? "" : "s");
    for (size_t i = 0; i < listing->nr_records; i++) {
        const struct sw_plan_record *record = &listing->records[i];

        printf("  %.*s  layer %.*s  ", SHORT_HEX, record->key, SHORT_HEX, record->layer.digest);
        out_safe(stdout, record->recipe);
        printf(" #%u\n", record->position);
    }
}

static int run_ls(struct sw_store *store, const struct store_opts *opts, const struct args *args,
                  struct sw_err *err)
{
    struct sw_store_listing listing;
    int rc = 0;

    (void)args;
    if (sw_store_list(store, &listing, err) < 0)
        return -1;
    if (opts->common.json) {
        rc = list_as_json(store, &listing, err);
    } else {
        print_images(&listing);
        print_layers(&listing);
        print_records(&listing);
    }
    sw_store_listing_clear(&listing);
    return rc;
}

struct verify_report {
    struct sw_store_verify base;
    json_t *damages; /* NULL: printed as they come */
    struct sw_err err;
};

static void note_damage(struct sw_store_verify *self, const char *what, const char *why)
{
    struct verify_report *report = (struct verify_report *)self;

    if (report->damages == NULL) {
        out_safe(stdout, what);
        printf(": ");
        out_safe(stdout, why);
        putchar('\n');
    } else if (report->err.code == SW_OK &&
               sw_json_append(report->damages,
                              json_pack("{s:o, s:o}", "what", any_text(what), "why", any_text(why)),
                              &report->err) < 0) {
        sw_context(&report->err, "damage of '%s'", what);
    }
}

static int print_verified(const struct verify_report *report, struct sw_err *err)
{
    const struct sw_store_verify *seen = &report->base;
    char size[SIZE_TEXT];

    if (report->damages != NULL)
        return out_json(json_pack("{s:I, s:I, s:I, s:O}", "blobs", (json_int_t)seen->nr_blobs, "bytes",
                                  (json_int_t)seen->bytes, "images", (json_int_t)seen->nr_images, "damages",
                                  report->damages),
                        err);
    out_size(seen->bytes, size, sizeof(size));
    printf("%" PRIu64 " blob%s (%s), %" PRIu64 " image%s: ", seen->nr_blobs, seen->nr_blobs == 1 ? "" : "s",
           size, seen->nr_images, seen->nr_images == 1 ? "" : "s");
    if (seen->nr_damages == 0)
        printf("all whole\n");
    else
        printf("%" PRIu64 " damage%s; remove a damaged blob, and what needs it is made again\n",
               seen->nr_damages, seen->nr_damages == 1 ? "" : "s");
    return 0;
}

static int run_verify(struct sw_store *store, const struct store_opts *opts, const struct args *args,
                      struct sw_err *err)
{
    struct verify_report report = {.base = {.damage = note_damage}};
    SW_AUTO_JSON json_t *damages = opts->common.json ? json_array() : NULL;
    struct out_progress progress;
    int rc;

    (void)args;
    report.damages = damages;
    report.base.progress = &progress.base;
    out_progress_begin(&progress, "verifying", &opts->common);
    rc = sw_store_verify(store, &report.base, err);
    out_progress_end(&progress);
    if (rc == 0 && report.err.code != SW_OK) {
        *err = report.err;
        return -1;
    }
    if (rc < 0 || print_verified(&report, err) < 0)
        return -1;
    return report.base.nr_damages > 0 ? SW_INTEGRITY : 0;
}

static int run_export(struct sw_store *store, const struct store_opts *opts, const struct args *args,
                      struct sw_err *err)
{
    const struct store_export ask = {.common = &opts->common,
                                     .what = args->items[1],
                                     .dst = args->items[2],
                                     .output_format = opts->output_format,
                                     .settings = &opts->settings,
                                     .seal_to = &opts->seal_to,
                                     .sign = opts->sign,
                                     .sync = opts->sync};

    return store_export(store, &ask, err);
}

static int run_init(const struct store_opts *opts, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_store_sealed_path(opts->store, err);
    SW_AUTO_FREE char *keys = path != NULL ? sw_seal_sidecar_path(path, err) : NULL;
    AUTO_SIGN_ARGS struct sign_args sign = {.signer = NULL};
    AUTO_RING struct sw_keyring *ring = NULL;

    if (keys == NULL)
        return -1;
    if (opts->seal_to.n == 0)
        return sw_fail(err, SW_USAGE,
                       "init takes --seal-to RECIPIENT (a plain store is made by the first build)");
    if (sw_seal_harden(err) < 0 || sign_args_open(opts->sign, path, &sign, err) < 0)
        return -1;
    ring = seal_args_ring(SW_KEY_SEAL, &opts->seal_to, err);
    if (ring == NULL || sw_store_init_sealed(opts->store, ring, err) < 0 ||
        sign_args_write(&sign, path, keys, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < sw_keyring_count(ring); i++)
        sw_log(SW_LOG_INFO, "the store is sealed to %s", sw_keyring_name(ring, i));
    return 0;
}

static const struct {
    const char *name;
    size_t nr_args; /* with the name */
    int (*run)(struct sw_store *store, const struct store_opts *opts, const struct args *args,
               struct sw_err *err);
} verbs[] = {{"ls", 1, run_ls}, {"verify", 1, run_verify}, {"export", 3, run_export}};

static int run_store(const void *opts, const struct args *args, struct sw_err *err)
{
    const struct store_opts *store_opts = opts;

    if (strcmp(args->items[0], "init") == 0)
        return args->n == 1 ? run_init(store_opts, err) : sw_fail(err, SW_USAGE, "init takes no arguments");
    for (size_t i = 0; i < SW_ARRAY_LEN(verbs); i++) {
        struct sw_store *store = NULL;
        int rc;

        if (strcmp(args->items[0], verbs[i].name) != 0)
            continue;
        if (args->n != verbs[i].nr_args)
            return sw_fail(err, SW_USAGE,
                           verbs[i].nr_args == 1 ? "%s takes no arguments" : "%s takes REF FILE",
                           verbs[i].name);
        if (store_arg_open(store_opts->store, &store_opts->keys, &store_opts->trust, &store, err) < 0)
            return -1;
        rc = verbs[i].run(store, store_opts, args, err);
        sw_store_close(store);
        return rc;
    }
    return sw_fail(err, SW_USAGE, "'%s' is neither init, ls, verify nor export", args->items[0]);
}

static const struct opt store_opt_rows[] = {
    {.name = "store",
     .arg = "DIR",
     .kind = OPT_STRING,
     .at = offsetof(struct store_opts, store),
     .help = "the store; else $XDG_DATA_HOME/slipway/store"},
    {'O', "output-format", "FORMAT", OPT_STRING, offsetof(struct store_opts, output_format),
     "export: format of FILE (default: by its name's ending)"},
    {'o', "option", "KEY=VAL,…", OPT_LIST, offsetof(struct store_opts, settings), "export: as for convert"},
    {0, "sync", NULL, OPT_FLAG, offsetof(struct store_opts, sync), "export: as for convert"},
    {'k', "key", "KEY", OPT_LIST, offsetof(struct store_opts, keys), "opens a sealed store"},
    {0, "seal-to", "RECIPIENT", OPT_LIST, offsetof(struct store_opts, seal_to),
     "init, export: whose key opens the store, or FILE; any one of several"},
    {0, "sign", "KEY", OPT_STRING, offsetof(struct store_opts, sign),
     "init, export: pem:FILE or pkcs11:URI; say whose it is: X.manifest.json and X.manifest.sig beside it"},
    TRUST_PATH_ROW(struct store_opts),
    TRUST_UNSIGNED_ROW(struct store_opts),
    OPT_END,
};

const struct cmd cmd_store = {
    .name = "store",
    .args = "init | ls | verify | export REF FILE",
    .summary = "make a sealed store, list what a store holds, check that it is whole, or write a disk of it",
    .more =
        "A store is an OCI image layout: skopeo copy oci:STORE:REF … moves an image to a registry and back,\n"
        "and qemu-img info --backing-chain STORE/blobs/sha256/LAYER opens a layer in place.\n\n"
        "verify reads every blob and ends with status 5 when one is damaged, missing or out of place.\n\n"
        "export writes the disk of a name or of a layer's digest, as ls shows them. What earlier exports and builds have\n"
        "encoded is taken from the store's cache, of at most $SLIPWAY_CODED_MAX (16G; 0: none): the bytes are the same.\n"
        "The disk of a sealed store is for its owner alone to read (mode 0600), or sealed to others: --seal-to.\n\n"
        "init makes a store in which everything is sealed: each file is an Encryption SDK message under the store's key,\n"
        "which STORE/store.keys carries to the recipients (slipway rewrap STORE/store.sealed gives it to others). Names\n"
        "and bytes tell nothing without a key; sizes and times do. It is no OCI layout, and keeps no cache.\n\n"
        "Whoever has a recipient's public key can make another store for it. So init --sign says whose it is, and where\n"
        "trusted keys are configured (--trust), a sealed store that none of them signed is refused.",
    .opts = store_opt_rows,
    .opts_size = sizeof(struct store_opts),
    .min_args = 1,
    .max_args = 3,
    .run = run_store,
};
