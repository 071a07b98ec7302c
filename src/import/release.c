/* What comes after an image: its name, tags, who may launch it, and its copies in other regions. */
#include "src/import/release.h"

#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/import/register.h"
#include "src/import/snapshot.h"

#include <stdio.h>
#include <string.h>

enum { MAX_REGIONS = 64 };

static int set(struct import_flow *flow, const char *key, json_t *value, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    if (state->release == NULL)
        state->release = json_object();
    if (state->release == NULL) {
        json_decref(value);
        return sw_fail(err, SW_FAILED, "out of memory");
    }
    return sw_json_set(state->release, key, value, err);
}

int release_note(struct import_flow *flow, const char *key, json_t *value, struct sw_err *err)
{
    return set(flow, key, value, err) < 0 ? -1 : flow_save(flow, err);
}

static const json_t *config_of(const json_t *entry)
{
    return json_object_get(entry, "amiDistributionConfiguration");
}

/* The region of an entry; without one it is the own region. */
static const char *region_of(const json_t *entry, const char *home)
{
    const char *region = sw_json_text(entry, "region");

    return region != NULL ? region : home;
}

/* The own region's entry of the distribution; NULL when it has none. */
static const json_t *home_config(const struct import_flow *flow)
{
    const char *home = sw_cloud_region(flow->cloud);
    const json_t *entry;
    size_t i;

    json_array_foreach (flow->options->distribution, i, entry) {
        if (strcmp(region_of(entry, home), home) == 0)
            return config_of(entry);
    }
    return NULL;
}

const char *release_home_name(const struct import_flow *flow)
{
    return flow->options->name != NULL ? flow->options->name : sw_json_text(home_config(flow), "name");
}

/* "2026-11-22T06-40-36.123Z": a name has no colons. */
static int build_date(struct import_flow *flow, const char **out, struct sw_err *err)
{
    char text[SW_TIME_TEXT];
    int64_t ns;

    /* A check has no import yet: any date has this form. */
    *out = "2026-11-22T06-40-36.123Z";
    if (flow == NULL)
        return 0;
    *out = sw_json_text(flow->journal.state.release, "date");
    if (*out != NULL)
        return 0;
    if (sw_source_date(-1, &ns, err) < 0)
        return -1;
    sw_time_text(ns < 0 ? sw_now_ns() : ns * 1000000000, text);
    for (char *at = text; *at != '\0'; at++)
        if (*at == ':')
            *at = '-';
    if (release_note(flow, "date", json_string(text), err) < 0)
        return -1;
    *out = sw_json_text(flow->journal.state.release, "date");
    return 0;
}

/* What the placeholder between the braces stands for; NULL: nothing that is known. */
static int placeholder(struct import_flow *flow, const char *name, size_t len, const char **out,
                       struct sw_err *err)
{
    if (len == strlen("imagebuilder:buildDate") && strncmp(name, "imagebuilder:buildDate", len) == 0)
        return build_date(flow, out, err);
    if (len == strlen("imagebuilder:buildVersion") && strncmp(name, "imagebuilder:buildVersion", len) == 0) {
        *out = "1";
        return 0;
    }
    return sw_fail(err, SW_USAGE, "the placeholder '{{%.*s}}' is not known", (int)len, name);
}

/* One {{ … }}: at is behind the opening braces; *end gets the place behind the closing ones. */
static int replace(struct import_flow *flow, const char *at, const char **end, struct sw_buf *out,
                   struct sw_err *err)
{
    const char *close = strstr(at, "}}"), *value = "";
    size_t len;

    if (close == NULL)
        return sw_fail(err, SW_USAGE, "a '{{' has no '}}'");
    *end = close + 2;
    while (at < close && *at == ' ')
        at++;
    for (len = (size_t)(close - at); len > 0 && at[len - 1] == ' ';)
        len--;
    return placeholder(flow, at, len, &value, err) < 0 ? -1 : sw_buf_puts(out, value, err);
}

int release_name(struct import_flow *flow, const char *template, char out[SW_EC2_IMAGE_NAME],
                 struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf name = {0};

    for (const char *at = template; *at != '\0';) {
        if (strncmp(at, "{{", 2) == 0) {
            if (replace(flow, at + 2, &at, &name, err) < 0)
                return sw_context(err, "the name '%s'", template);
        } else if (sw_buf_append(&name, at++, 1, err) < 0) {
            return -1;
        }
    }
    if (name.len == 0 || !register_name_ok(name.data))
        return sw_fail(err, SW_USAGE,
                       "'%s' is no name for an image: 3 to 128 letters, digits, spaces and ()[]./-'@_",
                       template);
    memcpy(out, name.data, name.len + 1);
    return 0;
}

/* What is noted of a copy is noted by its region. */
static int check_regions(const json_t *distribution, const char *home, struct sw_err *err)
{
    const json_t *entry;
    size_t i;

    if (json_array_size(distribution) > MAX_REGIONS)
        return sw_fail(err, SW_USAGE, "the distribution has more than %d regions", MAX_REGIONS);
    json_array_foreach (distribution, i, entry) {
        const char *region = region_of(entry, home);

        for (size_t j = 0; j < i; j++)
            if (strcmp(region_of(json_array_get(distribution, j), home), region) == 0)
                return sw_fail(err, SW_USAGE, "the distribution names region '%s' twice", region);
    }
    return 0;
}

int release_check(const struct sw_import_options *options, const char *home, struct sw_err *err)
{
    struct sw_ec2_tag tags[RELEASE_MAX_TAGS];
    char name[SW_EC2_IMAGE_NAME];
    const json_t *entry;
    size_t i, n;

    if (check_regions(options->distribution, home, err) < 0)
        return -1;
    if (options->name != NULL && release_name(NULL, options->name, name, err) < 0)
        return -1;
    json_array_foreach (options->distribution, i, entry) {
        const char *wished = sw_json_text(config_of(entry), "name");

        if ((wished != NULL && release_name(NULL, wished, name, err) < 0) ||
            release_tags(&options->image_tags, json_object_get(config_of(entry), "amiTags"), tags, &n, err) <
                0)
            return -1;
    }
    return 0;
}

static int copy_token(const struct import_flow *flow, const struct sw_ec2_copy *request, const char *region,
                      unsigned attempt, char out[IMPORT_TOKEN], struct sw_err *err)
{
    SW_AUTO_FREE char *purpose =
        sw_strf(err, "copy\n%s\n%s\n%s\n%s\n%s\n%d\n%u", request->source_image, region, request->name,
                request->description != NULL ? request->description : "",
                request->kms_key != NULL ? request->kms_key : "", request->encrypted, attempt);

    return purpose != NULL ? flow_token(flow, purpose, out, err) : -1;
}

static json_t *replaced_by(const struct sw_ec2_image *image, bool failed, struct sw_err *err)
{
    json_t *list = state_snapshots(image->snapshots, image->nr_snapshots, err);

    if (list == NULL)
        return NULL;
    return json_pack("{s:s, s:b, s:o}", "image_id", image->id, "failed", failed, "snapshots", list);
}

static int drop_snapshots(struct import_flow *flow, const json_t *snapshots, struct sw_err *err)
{
    const json_t *item;
    size_t i;
    bool in_use;

    json_array_foreach (snapshots, i, item) {
        const char *id = json_string_value(item);

        if (id == NULL)
            continue;
        if (snapshot_delete(flow->cloud, id, &in_use, err) < 0)
            return -1;
        if (in_use)
            sw_log(SW_LOG_INFO, "snapshot '%s' stays: another image was made of it", id);
    }
    return 0;
}

static unsigned attempt_of(const json_t *record)
{
    json_int_t attempt = json_integer_value(json_object_get(record, "attempt"));

    return attempt > 0 && attempt < 1000000 ? (unsigned)attempt : 1;
}

/*
 * The copy that was to replace an image is none: the image is what it was, and the copy is what goes, by the next run, which
 * copies anew. Keeps err.
 */
static int give_back(struct import_flow *flow, const char *old)
{
    struct import_state *state = &flow->journal.state;
    unsigned attempt = attempt_of(json_object_get(state->release, "renaming")) + 1;
    struct sw_err ignored = {.code = SW_OK};
    struct sw_ec2_image copy = {.found = false};
    char id[sizeof(state->image_id)];

    snprintf(id, sizeof(id), "%s", old);
    if (sw_ec2_describe_image(flow->cloud, state->image_id, &copy, &ignored) < 0)
        sw_log(SW_LOG_DEBUG, "%s", ignored.text);
    memcpy(copy.id, state->image_id, sizeof(copy.id));
    memcpy(state->image_id, id, sizeof(id));
    json_object_del(state->release, "renamed");
    if (set(flow, "renaming", json_pack("{s:i}", "attempt", (int)attempt), &ignored) < 0 ||
        release_note(flow, "replaced", replaced_by(&copy, true, &ignored), &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

/* The image of before goes once the one that replaces it can be used; its snapshots, when they are its alone, too. */
static int drop_replaced(struct import_flow *flow, struct sw_err *err)
{
    const json_t *old = json_object_get(flow->journal.state.release, "replaced");
    const json_t *snapshots = json_object_get(old, "snapshots");
    const char *id = sw_json_text(old, "image_id");
    bool failed, is_failure = json_is_true(json_object_get(old, "failed"));

    /* Noted before the new one is there. */
    if (id == NULL || strcmp(id, flow->journal.state.image_id) == 0)
        return 0;
    if (release_wait(flow, flow->cloud, flow->journal.state.image_id, &failed, err) < 0)
        /* What was registered over the same snapshots has none to give back. */
        return failed && snapshots != NULL && !is_failure ? give_back(flow, id) : -1;
    if (sw_ec2_deregister_image(flow->cloud, id, err) < 0 || drop_snapshots(flow, snapshots, err) < 0)
        return -1;
    if (!is_failure)
        flow_tell(flow, "renamed",
                  json_pack("{s:s, s:s}", "image_id", flow->journal.state.image_id, "replaced", id));
    return release_note(flow, "replaced", json_null(), err);
}

/* An image that AWS registered has AWS's name: a copy has the right one, and the key that was asked for. */
static int rename_by_copy(struct import_flow *flow, const char *name, const char *kms_key, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    struct import_state *state = &flow->journal.state;
    const json_t *before = json_object_get(state->release, "renamed");
    char token[IMPORT_TOKEN], copy[64];
    struct sw_ec2_image image;
    struct sw_ec2_copy request = {.client_token = token,
                                  .source_region = sw_cloud_region(flow->cloud),
                                  .source_image = state->image_id,
                                  .name = name,
                                  .description = o->description,
                                  .kms_key = kms_key != NULL ? kms_key : o->kms_key,
                                  .encrypted = o->encrypted};
    const char *had_key = sw_json_text(before, "kms_key");
    bool failed;

    if (release_wait(flow, flow->cloud, state->image_id, &failed, err) < 0 ||
        sw_ec2_describe_image(flow->cloud, state->image_id, &image, err) < 0)
        return -1;
    if (strcmp(image.name, name) == 0 &&
        (kms_key == NULL || (had_key != NULL && strcmp(had_key, kms_key) == 0)))
        return 0;
    if (copy_token(flow, &request, request.source_region,
                   attempt_of(json_object_get(state->release, "renaming")), token, err) < 0 ||
        sw_ec2_copy_image(flow->cloud, &request, copy, err) < 0)
        return -1;
    memcpy(state->image_id, copy, sizeof(copy));
    if (set(flow, "replaced", replaced_by(&image, false, err), err) < 0)
        return -1;
    return release_note(flow, "renamed", json_pack("{s:s, s:s*}", "name", name, "kms_key", kms_key), err);
}

/* The name of a copy in the own region: without one of its own, the copy under another key has one made of the image's, once. */
static int copy_name(struct import_flow *flow, const char *wished, const char *kms_key,
                     char out[SW_EC2_IMAGE_NAME], struct sw_err *err)
{
    const json_t *before = json_object_get(flow->journal.state.release, "renamed");
    const char *had_key = sw_json_text(before, "kms_key"), *had_name = sw_json_text(before, "name");
    struct sw_ec2_image image;

    if (wished != NULL)
        return release_name(flow, wished, out, err);
    if (had_key != NULL && had_name != NULL && strcmp(had_key, kms_key) == 0) {
        snprintf(out, SW_EC2_IMAGE_NAME, "%s", had_name);
        return 0;
    }
    if (sw_ec2_describe_image(flow->cloud, flow->journal.state.image_id, &image, err) < 0)
        return -1;
    snprintf(out, SW_EC2_IMAGE_NAME, "%.120s-kms", image.name);
    return 0;
}

/* The own region's image: under its name, and nothing beside it. */
static int settle_home(struct import_flow *flow, struct sw_err *err)
{
    const char *wished = release_home_name(flow), *kms_key = sw_json_text(home_config(flow), "kmsKeyId");
    char name[SW_EC2_IMAGE_NAME];

    if (drop_replaced(flow, err) < 0)
        return -1;
    if (json_object_get(flow->journal.state.release, "registered") != NULL && kms_key == NULL) {
        if (register_again(flow, err) < 0)
            return -1;
    } else if (wished != NULL || kms_key != NULL) {
        if (copy_name(flow, wished, kms_key, name, err) < 0 || rename_by_copy(flow, name, kms_key, err) < 0)
            return -1;
    }
    return drop_replaced(flow, err);
}

/* What the journal has of the copy to a region; made when there is nothing yet. */
static json_t *copy_record(struct import_flow *flow, const char *region, struct sw_err *err)
{
    json_t *copies = json_object_get(flow->journal.state.release, "copies"), *record;

    if (copies == NULL) {
        copies = json_object();
        if (release_note(flow, "copies", copies, err) < 0)
            return NULL;
    }
    record = json_object_get(copies, region);
    if (record != NULL)
        return record;
    record = json_pack("{s:i}", "attempt", 1);
    return sw_json_set(copies, region, record, err) < 0 ? NULL : record;
}

/* Asks for the copy unless the journal has just this one. */
static int begin_copy(struct import_flow *flow, struct sw_cloud *cloud, const json_t *config,
                      struct sw_err *err)
{
    const char *region = sw_cloud_region(cloud), *wished = sw_json_text(config, "name");
    const char *fallback = release_home_name(flow), *token_before;
    json_t *record = copy_record(flow, region, err);
    struct sw_ec2_image image;
    char name[SW_EC2_IMAGE_NAME], token[IMPORT_TOKEN], image_id[64];
    struct sw_ec2_copy request = {.client_token = token,
                                  .source_region = sw_cloud_region(flow->cloud),
                                  .source_image = flow->journal.state.image_id,
                                  .name = name,
                                  .description = sw_json_text(config, "description"),
                                  .kms_key = sw_json_text(config, "kmsKeyId"),
                                  .encrypted = flow->options->encrypted};

    if (record == NULL)
        return -1;
    if (wished == NULL && fallback == NULL) {
        if (sw_ec2_describe_image(flow->cloud, request.source_image, &image, err) < 0)
            return -1;
        memcpy(name, image.name, sizeof(name));
    } else if (release_name(flow, wished != NULL ? wished : fallback, name, err) < 0) {
        return -1;
    }
    if (copy_token(flow, &request, region, attempt_of(record), token, err) < 0)
        return -1;
    token_before = sw_json_text(record, "token");
    if (token_before != NULL && strcmp(token_before, token) == 0 && sw_json_text(record, "image_id") != NULL)
        return 0;
    if (sw_ec2_copy_image(cloud, &request, image_id, err) < 0)
        return -1;
    flow_tell(flow, "copy-begun",
              json_pack("{s:s, s:s, s:s}", "region", region, "image_id", image_id, "name", name));
    if (sw_json_set(record, "token", json_string(token), err) < 0 ||
        sw_json_set(record, "name", json_string(name), err) < 0 ||
        sw_json_set(record, "image_id", json_string(image_id), err) < 0)
        return -1;
    return flow_save(flow, err);
}

static int end_copy(struct import_flow *flow, struct sw_cloud *cloud, const json_t *config,
                    struct sw_err *err)
{
    const char *region = sw_cloud_region(cloud);
    json_t *record = copy_record(flow, region, err);
    const char *image_id = sw_json_text(record, "image_id");
    struct sw_err ignored = {.code = SW_OK};
    bool failed = false;

    if (image_id == NULL)
        return sw_fail(err, SW_INTEGRITY, "the journal's copy to %s is damaged", region);
    if (release_wait(flow, cloud, image_id, &failed, err) < 0) {
        /* The same token would bring the same failure back, and what failed has the name. */
        if (failed && (sw_ec2_deregister_image(cloud, image_id, &ignored) < 0 ||
                       sw_json_set(record, "attempt", json_integer(attempt_of(record) + 1), &ignored) < 0 ||
                       json_object_del(record, "image_id") < 0 || flow_save(flow, &ignored) < 0))
            sw_log(SW_LOG_WARNING, "a copy that failed is still there: %s", ignored.text);
        return -1;
    }
    if (release_dress(flow, cloud, image_id, config, err) < 0)
        return -1;
    flow_tell(flow, "copied", json_pack("{s:s, s:s}", "region", region, "image_id", image_id));
    return 0;
}

/* The sessions of the other regions, as far as they were needed. */
struct regions {
    struct sw_cloud *clouds[MAX_REGIONS]; /* by the distribution's entries */
};

static void regions_close(struct regions *regions)
{
    for (size_t i = 0; i < MAX_REGIONS; i++)
        sw_cloud_close(regions->clouds[i]);
}

/* The same session towards another region. */
static int open_region(struct import_flow *flow, const char *region, struct sw_cloud **out,
                       struct sw_err *err)
{
    struct sw_cloud_config config = flow->options->cloud;

    config.region = region;
    return sw_cloud_open(&config, sw_cloud_transport(flow->cloud), out, err);
}

/* All copies are asked for before the first is waited for. */
static int each_region(struct import_flow *flow, struct regions *regions,
                       int (*step)(struct import_flow *, struct sw_cloud *, const json_t *, struct sw_err *),
                       struct sw_err *err)
{
    const json_t *entry;
    size_t i;

    json_array_foreach (flow->options->distribution, i, entry) {
        const char *region = region_of(entry, sw_cloud_region(flow->cloud));

        if (strcmp(region, sw_cloud_region(flow->cloud)) == 0)
            continue;
        if ((regions->clouds[i] == NULL && open_region(flow, region, &regions->clouds[i], err) < 0) ||
            step(flow, regions->clouds[i], config_of(entry), err) < 0)
            return sw_context(err, "region '%s'", region);
    }
    return 0;
}

int release_result(struct import_flow *flow, struct sw_err *err)
{
    const json_t *copies = json_object_get(flow->journal.state.release, "copies"), *entry;
    size_t i;

    json_decref(flow->result->images);
    flow->result->images = json_pack("[{s:s, s:s}]", "region", sw_cloud_region(flow->cloud), "image_id",
                                     flow->journal.state.image_id);
    if (flow->result->images == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    json_array_foreach (flow->options->distribution, i, entry) {
        const char *region = region_of(entry, sw_cloud_region(flow->cloud));
        const json_t *record = json_object_get(copies, region);

        if (record != NULL &&
            sw_json_append(flow->result->images,
                           json_pack("{s:s, s:s*, s:s*}", "region", region, "image_id",
                                     sw_json_text(record, "image_id"), "name", sw_json_text(record, "name")),
                           err) < 0)
            return -1;
    }
    return 0;
}

int release_run(struct import_flow *flow, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    SW_CLEANUP(regions_close) struct regions regions = {.clouds = {NULL}};
    bool failed;

    if (settle_home(flow, err) < 0)
        return -1;
    if (json_array_size(o->distribution) > 0 &&
        release_wait(flow, flow->cloud, flow->journal.state.image_id, &failed, err) < 0)
        return -1;
    if (release_dress(flow, flow->cloud, flow->journal.state.image_id, home_config(flow), err) < 0 ||
        each_region(flow, &regions, begin_copy, err) < 0)
        return -1;
    return each_region(flow, &regions, end_copy, err);
}
