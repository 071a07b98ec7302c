/* An image made ready: available, tagged, shared. */
#include "src/base/buf.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/import/release.h"

#include <string.h>

enum { MAX_UNKNOWN = 20, MAX_SLOWNESS = 4, MAX_PARTIES = 500 };

static bool is_over(const char *state)
{
    static const char *const ends[] = {"failed", "error", "invalid", "deregistered"};

    for (size_t i = 0; i < SW_ARRAY_LEN(ends); i++)
        if (strcmp(state, ends[i]) == 0)
            return true;
    return false;
}

int release_wait(struct import_flow *flow, struct sw_cloud *cloud, const char *image_id, bool *failed,
                 struct sw_err *err)
{
    struct sw_transport *transport = sw_cloud_transport(cloud);
    struct sw_ec2_image image;

    *failed = false;
    for (unsigned round = 1, unknown = 0;; round++) {
        if (sw_ec2_describe_image(cloud, image_id, &image, err) < 0)
            return -1;
        if (image.found && strcmp(image.state, "available") == 0)
            return 0;
        if (image.found && is_over(image.state)) {
            *failed = true;
            return sw_fail(err, SW_FAILED, "image '%s' in %s ended as %s: %s", image_id,
                           sw_cloud_region(cloud), image.state,
                           image.reason[0] != '\0' ? image.reason : "no reason was given");
        }
        /* An image just made may not be visible at once. */
        unknown = image.found ? 0 : unknown + 1;
        if (unknown == MAX_UNKNOWN)
            return sw_fail(err, SW_FAILED, "EC2 does not know image '%s' in %s", image_id,
                           sw_cloud_region(cloud));
        if (round == 1)
            sw_log(SW_LOG_INFO, "waiting for image '%s' in %s", image_id, sw_cloud_region(cloud));
        if (transport->ops->sleep_ms(
                transport, flow_poll_ms(flow) * (round < MAX_SLOWNESS ? round : MAX_SLOWNESS), err) < 0)
            return -1;
    }
}

/* Texts of a list, borrowed from it. */
struct texts {
    const char *items[MAX_PARTIES];
    size_t n;
};

static int add_texts(const json_t *list, const char *what, struct texts *out, struct sw_err *err)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        if (out->n == MAX_PARTIES)
            return sw_fail(err, SW_USAGE, "'%s' has more than %d items", what, MAX_PARTIES);
        out->items[out->n] = json_string_value(item);
        if (out->items[out->n++] == NULL)
            return sw_fail(err, SW_INTEGRITY, "'%s' is not a list of texts", what);
    }
    return 0;
}

static int share(struct sw_cloud *cloud, const struct sw_ec2_image *image, const json_t *config,
                 struct sw_err *err)
{
    const json_t *launch = json_object_get(config, "launchPermission");
    const json_t *targets = json_object_get(config, "targetAccountIds");
    struct texts accounts = {.n = 0}, organizations = {.n = 0}, units = {.n = 0}, groups = {.n = 0},
                 owners = {.n = 0};
    struct sw_ec2_permission permission;

    if (add_texts(json_object_get(launch, "userIds"), "userIds", &accounts, err) < 0 ||
        add_texts(targets, "targetAccountIds", &accounts, err) < 0 ||
        add_texts(targets, "targetAccountIds", &owners, err) < 0 ||
        add_texts(json_object_get(launch, "organizationArns"), "organizationArns", &organizations, err) < 0 ||
        add_texts(json_object_get(launch, "organizationalUnitArns"), "organizationalUnitArns", &units, err) <
            0 ||
        add_texts(json_object_get(launch, "userGroups"), "userGroups", &groups, err) < 0)
        return -1;
    if (accounts.n + organizations.n + units.n + groups.n == 0)
        return 0;
    permission = (struct sw_ec2_permission){accounts.items, accounts.n, organizations.items, organizations.n,
                                            units.items,    units.n,    groups.n > 0};
    if (sw_ec2_share_image(cloud, image->id, &permission, err) < 0)
        return -1;
    /* Whoever is to have a copy has to be able to read what it is made of. */
    for (unsigned i = 0; i < image->nr_snapshots; i++)
        if (sw_ec2_share_snapshot(cloud, image->snapshots[i], owners.items, owners.n, err) < 0)
            return -1;
    return 0;
}

static int add_tag(struct sw_ec2_tag tag, struct sw_ec2_tag out[RELEASE_MAX_TAGS], size_t *n,
                   struct sw_err *err)
{
    if (*n == RELEASE_MAX_TAGS)
        return sw_fail(err, SW_USAGE,
                       "an image is to have more than the %d tags that AWS takes: '%s' is one too many",
                       RELEASE_MAX_TAGS, tag.key);
    out[(*n)++] = tag;
    return 0;
}

int release_tags(const struct sw_import_tags *own, json_t *ami_tags, struct sw_ec2_tag out[RELEASE_MAX_TAGS],
                 size_t *n, struct sw_err *err)
{
    const char *key;
    json_t *value;

    *n = 0;
    for (size_t i = 0; i < own->n; i++)
        if (json_object_get(ami_tags, own->items[i].key) == NULL && add_tag(own->items[i], out, n, err) < 0)
            return -1;
    json_object_foreach (ami_tags, key, value) {
        if (!json_is_string(value))
            return sw_fail(err, SW_INTEGRITY, "the tag '%s' is no text", key);
        if (add_tag((struct sw_ec2_tag){key, json_string_value(value)}, out, n, err) < 0)
            return -1;
    }
    return 0;
}

int release_dress(struct import_flow *flow, struct sw_cloud *cloud, const char *image_id,
                  const json_t *config, struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    struct sw_ec2_tag tags[RELEASE_MAX_TAGS];
    const char *snapshots[SW_EC2_MAX_SNAPSHOTS];
    struct sw_ec2_image image;
    size_t n;

    if (release_tags(&o->image_tags, json_object_get(config, "amiTags"), tags, &n, err) < 0)
        return -1;
    if (n == 0 && o->snapshot_tags.n == 0 && config == NULL)
        return 0;
    if (sw_ec2_describe_image(cloud, image_id, &image, err) < 0)
        return -1;
    if (!image.found)
        return sw_fail(err, SW_FAILED, "image '%s' is gone", image_id);
    for (unsigned i = 0; i < image.nr_snapshots; i++)
        snapshots[i] = image.snapshots[i];
    if (sw_ec2_create_tags(cloud, &image_id, 1, tags, n, err) < 0 ||
        sw_ec2_create_tags(cloud, snapshots, image.nr_snapshots, o->snapshot_tags.items, o->snapshot_tags.n,
                           err) < 0)
        return -1;
    return share(cloud, &image, config, err);
}
