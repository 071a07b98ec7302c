/* A build's outputs: the final chain, flattened into each format that was asked for. */
#include "src/build/outputs.h"

#include "slipway/copy.h"
#include "slipway/envelope.h"
#include "slipway/manifest.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"

#include <string.h>

static bool knows_subformat(const struct sw_format *format, const char *name)
{
    for (const char *const *at = format->subformats; at != NULL && *at != NULL; at++)
        if (strcmp(*at, name) == 0)
            return true;
    return false;
}

/* A second output of one format carries its subformat in its name: disk-1.0.0-fixed.vhd. */
static char *file_name(const struct outputs *outputs, const struct output *output,
                       const struct sw_recipe *recipe, struct sw_err *err)
{
    const char *extension =
        output->format->extensions != NULL ? output->format->extensions[0] : output->format->name;
    bool again = false;

    for (size_t i = 0; i < outputs->n; i++)
        again |= outputs->items[i].format == output->format;
    if (again && output->subformat == NULL) {
        sw_fail(err, SW_USAGE, "output '%s' is asked for twice", output->format->name);
        return NULL;
    }
    return sw_strf(err, "%s-%s%s%s.%s%s", recipe->name, recipe->version, again ? "-" : "",
                   again ? output->subformat : "", extension, output->nr_seal > 0 ? ".sealed" : "");
}

static bool same_recipients(const struct output *a, const struct output *b)
{
    for (size_t i = 0; a->nr_seal == b->nr_seal && i < a->nr_seal; i++)
        if (strcmp(a->seal[i], b->seal[i]) != 0)
            return false;
    return a->nr_seal == b->nr_seal;
}

/* A passphrase is asked for once, not for every output. */
static int find_recipients(const struct outputs *outputs, struct output *output, struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = NULL;

    for (size_t i = 0; i < outputs->n && output->nr_seal > 0; i++) {
        if (!same_recipients(&outputs->items[i], output))
            continue;
        output->ring = outputs->items[i].ring;
        output->shares_ring = true;
        return 0;
    }
    if (output->nr_seal == 0)
        return 0;
    if (sw_seal_harden(err) < 0 || (ring = sw_keyring_new(SW_KEY_SEAL, err)) == NULL)
        return -1;
    for (size_t i = 0; i < output->nr_seal; i++)
        if (sw_keyring_add(ring, output->seal[i], err) < 0)
            return -1;
    output->ring = SW_STEAL_PTR(ring);
    return 0;
}

static int check_output(const struct outputs *outputs, struct output *output, struct sw_err *err)
{
    if ((output->format->caps & SW_FORMAT_CAN_WRITE) == 0)
        return sw_fail(err, SW_USAGE, "output '%s': this format is only read", output->format->name);
    if (output->subformat != NULL && !knows_subformat(output->format, output->subformat))
        return sw_fail(err, SW_USAGE, "output '%s': unknown subformat '%s'", output->format->name,
                       output->subformat);
    if (output->nr_seal > 0 && sw_format_check_sealed(output->format, output->subformat, err) < 0)
        return sw_context(err, "output '%s'", output->format->name);
    for (size_t i = 0; i < outputs->n; i++)
        if (strcmp(outputs->items[i].file, output->file) == 0)
            return sw_fail(err, SW_USAGE, "output '%s' is asked for twice", output->file);
    /* A key that is missing shall show now, not after the guest has run. */
    return find_recipients(outputs, output, err);
}

static int add_seal(struct output *output, const char *const *recipients, size_t n, struct sw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (output->nr_seal == SW_BUILD_RECIPIENTS_MAX)
            return sw_fail(err, SW_USAGE, "more than %d recipients", SW_BUILD_RECIPIENTS_MAX);
        output->seal[output->nr_seal++] = recipients[i];
    }
    return 0;
}

/* Takes over what output holds, also on failure. */
static int finish_output(struct outputs *outputs, struct output *output, const struct sw_recipe *recipe,
                         struct sw_err *err)
{
    if (outputs->n == SW_BUILD_OUTPUTS_MAX) {
        free(output->subformat);
        return sw_fail(err, SW_USAGE, "more than %d outputs", SW_BUILD_OUTPUTS_MAX);
    }
    output->file = file_name(outputs, output, recipe, err);
    if (output->file == NULL || check_output(outputs, output, err) < 0) {
        free(output->subformat);
        free(output->file);
        return -1;
    }
    outputs->items[outputs->n++] = *output;
    return 0;
}

/* "FORMAT[,subformat=…]" */
static int parse_output(const char *text, struct output *output, struct sw_err *err)
{
    static const char key[] = "subformat=";
    SW_AUTO_FREE char *name = sw_strdup(text, err);
    char *comma;

    if (name == NULL)
        return -1;
    comma = strchr(name, ',');
    if (comma != NULL)
        *comma++ = '\0';
    output->format = sw_format_by_name(name);
    if (output->format == NULL)
        return sw_fail(err, SW_USAGE, "-O: unknown format '%s'", name);
    if (comma == NULL)
        return 0;
    if (strncmp(comma, key, sizeof(key) - 1) != 0)
        return sw_fail(err, SW_USAGE, "-O: unknown option '%s' (subformat= is known)", comma);
    output->subformat = sw_strdup(comma + sizeof(key) - 1, err);
    return output->subformat != NULL ? 0 : -1;
}

static int from_recipe(const struct sw_output_spec *spec, struct output *output, struct sw_err *err)
{
    output->format = sw_format_by_name(spec->format);
    if (output->format == NULL)
        return sw_fail(err, SW_RECIPE, "outputs: unknown format '%s'", spec->format);
    if (spec->subformat != NULL && (output->subformat = sw_strdup(spec->subformat, err)) == NULL)
        return -1;
    return add_seal(output, spec->seal, spec->nr_seal, err);
}

static int resolve_one(const struct sw_build_opts *opts, const struct sw_recipe *recipe, size_t i,
                       struct outputs *outputs, struct sw_err *err)
{
    struct output output = {.format = NULL};
    int rc;

    if (opts->nr_outputs > 0)
        rc = parse_output(opts->outputs[i], &output, err);
    else if (recipe->nr_outputs > 0)
        rc = from_recipe(&recipe->outputs[i], &output, err);
    else
        rc = parse_output("vmdk", &output, err);
    if (rc == 0)
        rc = add_seal(&output, opts->seal_to, opts->nr_seal_to, err);
    if (rc < 0) {
        free(output.subformat);
        return -1;
    }
    return finish_output(outputs, &output, recipe, err);
}

int outputs_resolve(const struct sw_build_opts *opts, const struct sw_recipe *recipe, struct outputs *outputs,
                    struct sw_err *err)
{
    size_t n = opts->nr_outputs > 0 ? opts->nr_outputs : recipe->nr_outputs > 0 ? recipe->nr_outputs : 1;

    if (opts->layers_only)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (resolve_one(opts, recipe, i, outputs, err) < 0) {
            outputs_clear(outputs);
            return -1;
        }
    }
    return 0;
}

void outputs_clear(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->n; i++) {
        free(outputs->items[i].subformat);
        free(outputs->items[i].file);
        if (!outputs->items[i].shares_ring)
            sw_keyring_free(outputs->items[i].ring);
    }
    outputs->n = 0;
}

/* A format that is written from front to back wherever it goes: its digests cost no second look. */
static bool is_stream(const struct output *output)
{
    const char *usual = output->format->subformats != NULL ? output->format->subformats[0] : NULL;
    unsigned wanted = SW_FORMAT_STREAM_OUT | SW_FORMAT_WHOLE_UNITS;

    return (output->format->caps & wanted) == wanted &&
           (output->subformat == NULL || (usual != NULL && strcmp(output->subformat, usual) == 0));
}

/* Those of an output that goes back to what it has written: of the file as it will be committed. */
static int digest_target(const struct sw_out *out, unsigned jobs, struct sw_digests *digests,
                         struct sw_err *err)
{
    struct sw_in *in = NULL;
    int fd, rc;

    if (!sw_out_seekable(out))
        return 0; /* taken as it is written */
    fd = dup(out->fd);
    if (fd < 0)
        return sw_fail_errno(err, "cannot read '%s'", out->name);
    if (sw_in_open_fd(fd, out->name, &in, err) < 0)
        return -1;
    rc = sw_digest_in(in, jobs, NULL, digests, err);
    sw_in_close(in);
    return rc;
}

/* An output that is there, and what was noted of it. */
struct written {
    const struct output *output;
    const char *path;
    struct sw_copy_stats stats;
    struct sw_digests digests;
};

/* mode: of one that is not sealed. */
static int open_target(struct written *written, unsigned mode, unsigned jobs, struct sw_out **out,
                       struct sw_err *err)
{
    const struct output *output = written->output;
    const struct sw_seal_opts seal = {.recipients = output->ring, .jobs = jobs, .digests = &written->digests};

    if (output->nr_seal > 0)
        return sw_seal_create_image(&seal, output->format->name, written->path, out, err);
    if (sw_out_create_file(written->path, mode, out, err) < 0)
        return -1;
    if (is_stream(output))
        *out = sw_digest_out(*out, 0, jobs, &written->digests, err);
    return *out != NULL ? 0 : -1;
}

static void written_free(struct written *written)
{
    sw_digests_free(&written->digests);
}

static int describe_sealed(const struct written *written, json_t *json, struct sw_err *err)
{
    SW_AUTO_FREE char *keys = sw_seal_sidecar_path(written->path, err);

    if (keys == NULL)
        return -1;
    return sw_manifest_set_sealed(json, sw_seal_stored_context(written->path, err), sw_path_base(keys), err);
}

static json_t *describe(const struct written *written, struct sw_err *err)
{
    const struct output *output = written->output;
    SW_AUTO_JSON json_t *json = sw_manifest_output(output->file, &written->digests, err);
    const char *subformat = output->subformat;

    if (subformat == NULL && output->format->subformats != NULL)
        subformat = output->format->subformats[0];
    if (json == NULL || sw_json_set(json, "format", json_string(output->format->name), err) < 0 ||
        (subformat != NULL && sw_json_set(json, "subformat", json_string(subformat), err) < 0) ||
        sw_json_set(json, "virtualBytes", json_integer((json_int_t)written->stats.virtual_bytes), err) < 0 ||
        sw_json_set(json, "sealed", json_false(), err) < 0 ||
        (output->nr_seal > 0 && describe_sealed(written, json, err) < 0))
        return NULL;
    return SW_STEAL_PTR(json);
}

/* The final chain, and what of it was encoded before. */
struct flat {
    struct sw_image *chain;
    struct sw_coded_cache *coded;
    unsigned mode; /* of outputs that are not sealed: what was sealed before is not for others to read */
};

static json_t *write_output(const struct output *output, const struct flat *flat, const char *dir,
                            const struct sw_build_opts *opts, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(dir, output->file, err);
    SW_CLEANUP(written_free) struct written written = {.output = output, .path = path};
    SW_AUTO_OUT struct sw_out *out = NULL;
    struct sw_copy copy = {.src = flat->chain,
                           .coded = flat->coded,
                           .format = output->format,
                           .create = {.subformat = output->subformat, .name = output->file},
                           .jobs = opts->jobs,
                           .progress = opts->progress};

    if (path == NULL || sw_source_date(0, &copy.create.epoch, err) < 0)
        return NULL;
    sw_log(SW_LOG_INFO, "writing '%s'", path);
    if (open_target(&written, flat->mode, opts->jobs, &out, err) < 0)
        return NULL;
    copy.out = out;
    if (sw_copy_image(&copy, &written.stats, err) < 0 ||
        digest_target(out, opts->jobs, &written.digests, err) < 0 || sw_out_commit(out, err) < 0)
        return NULL;
    return describe(&written, err);
}

static json_t *write_all(const struct outputs *outputs, const struct flat *flat, const char *dir,
                         const struct sw_build_opts *opts, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < outputs->n; i++) {
        json_t *item = write_output(&outputs->items[i], flat, dir, opts, err);

        if (item == NULL || sw_json_append(list, item, err) < 0) {
            sw_context(err, "output '%s'", outputs->items[i].file);
            return NULL;
        }
    }
    return SW_STEAL_PTR(list);
}

static void warn_of_clear(const struct outputs *outputs, const char *dir)
{
    size_t n = 0;

    for (size_t i = 0; i < outputs->n; i++)
        n += outputs->items[i].nr_seal == 0;
    if (n > 0)
        sw_log(
            SW_LOG_WARNING,
            "the store is sealed, and %zu of %zu outputs in '%s' hold%s its disk in clear, for their owner alone "
            "to read: --seal-to seals them",
            n, outputs->n, dir, n == 1 ? "s" : "");
}

json_t *outputs_write(const struct outputs *outputs, struct sw_store *store, const char *layer,
                      const char *dir, const struct sw_build_opts *opts, struct sw_err *err)
{
    SW_AUTO_IMAGE struct sw_image *chain = NULL;
    struct flat flat = {.chain = NULL};
    json_t *list;

    if (sw_store_open_chain(store, layer, &chain, err) < 0 ||
        sw_store_coded_new(store, layer, &flat.coded, err) < 0)
        return NULL;
    flat.chain = chain;
    flat.mode = sw_store_is_sealed(store) || opts->overrides.keys != NULL ? 0600 : 0644;
    if (sw_store_is_sealed(store))
        warn_of_clear(outputs, dir);
    list = write_all(outputs, &flat, dir, opts, err);
    sw_store_coded_free(flat.coded);
    return list;
}
