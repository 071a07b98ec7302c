/* Options of slipway import for what an image is registered as and what comes after it. */
#include "src/cli/after_args.h"

#include "slipway/recipe.h"
#include "src/base/buf.h"
#include "src/base/json.h"

#include <string.h>

/* The list of amiDistributionConfiguration.launchPermission that this party belongs to; NULL for none. */
static const char *party_list(const char *party)
{
    if (strcmp(party, "all") == 0)
        return "userGroups";
    if (strlen(party) == 12 && party[strspn(party, "0123456789")] == '\0')
        return "userIds";
    if (strncmp(party, "arn:", 4) != 0 || strstr(party, ":organizations::") == NULL)
        return NULL;
    if (strstr(party, ":ou/") != NULL)
        return "organizationalUnitArns";
    return strstr(party, ":organization/") != NULL ? "organizationArns" : NULL;
}

static json_t *launch_permission(const struct opt_list *shares, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();

    for (size_t i = 0; i < shares->n; i++) {
        const char *member = party_list(shares->items[i]);
        json_t *list;

        if (member == NULL) {
            sw_fail(err, SW_USAGE,
                    "--share '%s' is no account (12 digits), ARN of an organization or unit, or all",
                    shares->items[i]);
            return NULL;
        }
        list = json_object_get(out, member);
        if (list == NULL) {
            list = json_array();
            if (sw_json_set(out, member, list, err) < 0)
                return NULL;
        }
        if (sw_json_append(list, json_string(shares->items[i]), err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(out);
}

/* One of kms=KEY and name=NAME into the configuration. */
static int take_word(const char *option, const char *word, json_t *config, struct sw_err *err)
{
    const struct {
        const char *prefix, *member;
    } words[] = {{"kms=", "kmsKeyId"}, {"name=", "name"}};

    for (size_t i = 0; i < SW_ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i].prefix);

        if (strncmp(word, words[i].prefix, len) == 0 && word[len] != '\0')
            return sw_json_set(config, words[i].member, json_string(word + len), err);
    }
    return sw_fail(err, SW_USAGE, "--copy-to '%s': '%s' is neither kms=KEY nor name=NAME", option, word);
}

/* REGION[,kms=KEY][,name=NAME] as an entry of the distribution. */
static int add_copy(const char *option, json_t *permission, json_t *list, struct sw_err *err)
{
    SW_AUTO_FREE char *text = sw_strdup(option, err);
    SW_AUTO_JSON json_t *config = json_object();
    char *rest = NULL, *region = text != NULL ? strtok_r(text, ",", &rest) : NULL, *word;

    if (text == NULL)
        return -1;
    if (region == NULL || region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return sw_fail(err, SW_USAGE, "--copy-to '%s' does not begin with a region", option);
    while ((word = strtok_r(NULL, ",", &rest)) != NULL)
        if (take_word(option, word, config, err) < 0)
            return -1;
    if (json_object_size(permission) > 0 &&
        sw_json_set(config, "launchPermission", json_incref(permission), err) < 0)
        return -1;
    return sw_json_append(
        list, json_pack("{s:s, s:O}", "region", region, "amiDistributionConfiguration", config), err);
}

/* The own region's entry has no name of it: only the session knows it. */
static json_t *from_options(const struct after_opts *opts, struct sw_err *err)
{
    SW_AUTO_JSON json_t *permission = launch_permission(&opts->shares, err);
    SW_AUTO_JSON json_t *list = json_array();

    if (permission == NULL)
        return NULL;
    if (json_object_size(permission) > 0 &&
        sw_json_append(list,
                       json_pack("{s:{s:O}}", "amiDistributionConfiguration", "launchPermission", permission),
                       err) < 0)
        return NULL;
    for (size_t i = 0; i < opts->copies.n; i++)
        if (add_copy(opts->copies.items[i], permission, list, err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

int after_args_take(const struct after_opts *opts, struct after_args *args, struct sw_import_options *out,
                    struct sw_err *err)
{
    bool said = opts->copies.n + opts->shares.n > 0;

    if (opts->distribution != NULL && said)
        return sw_fail(err, SW_USAGE, "--copy-to and --share are what the file of --distribution says");
    if (opts->distribution != NULL)
        args->distribution = sw_distribution_load(opts->distribution, NULL, err);
    else if (said)
        args->distribution = from_options(opts, err);
    if ((opts->distribution != NULL || said) && args->distribution == NULL)
        return -1;
    out->distribution = args->distribution;
    out->name = opts->name;
    out->root_device = opts->root_device;
    out->volume_type = opts->volume_type;
    out->tpm_support = opts->tpm;
    out->imds_support = opts->imds;
    out->uefi_data = opts->uefi_data;
    out->volume_gib = opts->volume_gib;
    out->volume_iops = opts->volume_iops;
    out->volume_throughput = opts->volume_throughput;
    out->no_ena = opts->no_ena;
    out->image_tags = out->snapshot_tags = out->task_tags;
    return 0;
}

const char *after_args_given(const struct after_opts *opts)
{
    const struct {
        const char *name;
        bool given;
    } told[] = {
        {"--name", opts->name != NULL},
        {"--copy-to", opts->copies.n > 0},
        {"--share", opts->shares.n > 0},
        {"--distribution", opts->distribution != NULL},
        {"--no-ena", opts->no_ena},
        {"--root-device", opts->root_device != NULL},
        {"--volume-type", opts->volume_type != NULL},
        {"--volume-size", opts->volume_gib != 0},
        {"--volume-iops", opts->volume_iops != 0},
        {"--volume-throughput", opts->volume_throughput != 0},
        {"--tpm", opts->tpm != NULL},
        {"--imds", opts->imds != NULL},
        {"--uefi-data", opts->uefi_data != NULL},
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(told); i++)
        if (told[i].given)
            return told[i].name;
    return NULL;
}

void after_args_free(struct after_args *args)
{
    json_decref(args->distribution);
    args->distribution = NULL;
}
