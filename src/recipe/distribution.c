/* distribution: of a recipe, or Image Builder's distribution configuration: where an image goes and who gets it. */
#include "src/base/json.h"
#include "src/recipe/component.h"
#include "src/recipe/recipe.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    REGIONS_MAX = 64,
    ACCOUNTS_MAX = 1536, /* AWS's limits, as are those below */
    ORGANIZATIONS_MAX = 25,
    TAGS_MAX = 50,
    TAG_KEY_MAX = 128,
    TAG_VALUE_MAX = 256,
    NAME_MAX_CHARS = 127,
    DESCRIPTION_MAX = 500,
};

/* Bad when the text is not all of these, or its length is none of least … most. */
static bool made_of(const struct sw_node *node, const char *allowed, size_t least, size_t most)
{
    return node->len >= least && node->len <= most && strspn(node->text, allowed) == node->len;
}

static bool is_account(const struct sw_node *node)
{
    return made_of(node, "0123456789", 12, 12);
}

static bool is_arn_of(const struct sw_node *node, const char *kind)
{
    return strncmp(node->text, "arn:aws", 7) == 0 && strstr(node->text, ":organizations::") != NULL &&
           strstr(node->text, kind) != NULL;
}

static bool is_organization(const struct sw_node *node)
{
    return is_arn_of(node, ":organization/o-");
}

static bool is_unit(const struct sw_node *node)
{
    return is_arn_of(node, ":ou/o-");
}

static bool is_group(const struct sw_node *node)
{
    return strcmp(node->text, "all") == 0;
}

/* A list whose items are all of one kind, none of them twice. */
struct parties {
    const char *key;
    size_t most;
    bool (*good)(const struct sw_node *item);
    const char *must; /* "an account of 12 digits" */
};

static void check_twice(struct sw_doc *doc, const struct sw_node *list, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (list->items[j]->kind == SW_NODE_SCALAR &&
            strcmp(list->items[j]->text, list->items[i]->text) == 0) {
            sw_doc_fault(doc, list->items[i], "'%s' is there twice", sw_show(list->items[i]->text).text);
            return;
        }
}

static void check_parties(struct sw_doc *doc, const struct sw_node *map, const struct parties *p)
{
    const struct sw_node *list = sw_doc_field(doc, map, p->key, SW_NODE_LIST, false);

    if (list == NULL)
        return;
    if (list->n > p->most) {
        sw_doc_fault(doc, list, "'%s' has %zu items: AWS takes at most %zu", p->key, list->n, p->most);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct sw_node *item = list->items[i];

        if (item->kind != SW_NODE_SCALAR)
            sw_doc_fault(doc, item, "an item of '%s' is %s here, and must be %s", p->key,
                         sw_kind_name(item->kind), p->must);
        else if (!p->good(item))
            sw_doc_fault(doc, item, "'%s' in '%s' is not %s", sw_show(item->text).text, p->key, p->must);
        else
            check_twice(doc, list, i);
    }
}

static const struct parties target_accounts = {"targetAccountIds", ACCOUNTS_MAX, is_account,
                                               "an account of 12 digits"};

static void check_launch(struct sw_doc *doc, const struct sw_node *map)
{
    static const char *const keys[] = {"userIds", "userGroups", "organizationArns", "organizationalUnitArns",
                                       NULL};
    static const struct parties lists[] = {
        {"userIds", ACCOUNTS_MAX, is_account, "an account of 12 digits"},
        {"userGroups", 1, is_group, "'all'"},
        {"organizationArns", ORGANIZATIONS_MAX, is_organization, "the ARN of an organization"},
        {"organizationalUnitArns", ORGANIZATIONS_MAX, is_unit, "the ARN of an organizational unit"},
    };

    if (map == NULL)
        return;
    sw_doc_keys(doc, map, keys, "'launchPermission'");
    for (size_t i = 0; i < SW_ARRAY_LEN(lists); i++)
        check_parties(doc, map, &lists[i]);
}

/* The placeholders of a name, and what remains of it. */
static void check_name(struct sw_doc *doc, const struct sw_node *map)
{
    static const char *const known[] = {"imagebuilder:buildDate", "imagebuilder:buildVersion", NULL};
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[] ./-'@_";
    const struct sw_node *node = sw_doc_field(doc, map, "name", SW_NODE_SCALAR, false);
    SW_RULE(doc, "distribution-name");
    const char *at;

    if (node == NULL)
        return;
    if (sw_utf8_chars(node->text, node->len) > NAME_MAX_CHARS || node->len == 0)
        sw_doc_fault(doc, node, "a name has 1 to %d characters", NAME_MAX_CHARS);
    for (at = node->text; *at != '\0';) {
        char word[64];
        int end = 0;

        if (strncmp(at, "{{", 2) != 0) {
            if (strchr(plain, *at++) != NULL)
                continue;
            sw_doc_fault(doc, node, "the name '%s' may have letters, digits, blanks and ()[]./-'@_ only",
                         sw_show(node->text).text);
            return;
        }
        if (sscanf(at, "{{ %63[A-Za-z:] }}%n", word, &end) != 1 || end == 0 ||
            sw_word_find(known, word) < 0) {
            sw_doc_fault(doc, node,
                         "the name '%s' has a placeholder that is neither {{ imagebuilder:buildDate }} nor "
                         "{{ imagebuilder:buildVersion }}",
                         sw_show(node->text).text);
            return;
        }
        at += end;
    }
}

static void check_tags(struct sw_doc *doc, const struct sw_node *map)
{
    const struct sw_node *tags = sw_doc_field(doc, map, "amiTags", SW_NODE_MAP, false);

    if (tags == NULL)
        return;
    if (tags->n > TAGS_MAX)
        sw_doc_fault(doc, tags, "'amiTags' has %zu tags: AWS takes at most %d", tags->n, TAGS_MAX);
    for (size_t i = 0; i < tags->n; i++) {
        const struct sw_node *key = tags->keys[i], *value = tags->items[i];

        if (key->len == 0 || sw_utf8_chars(key->text, key->len) > TAG_KEY_MAX ||
            strncasecmp(key->text, "aws:", 4) == 0)
            sw_doc_fault(doc, key, "the tag '%s' must have 1 to %d characters, and not begin with aws:",
                         sw_show(key->text).text, TAG_KEY_MAX);
        if (value->kind != SW_NODE_SCALAR || sw_utf8_chars(value->text, value->len) > TAG_VALUE_MAX)
            sw_doc_fault(doc, value, "the value of the tag '%s' must be a text of at most %d characters",
                         sw_show(key->text).text, TAG_VALUE_MAX);
    }
}

static void check_ami(struct sw_doc *doc, const struct sw_node *entry)
{
    static const char *const keys[] = {
        "name", "description", "targetAccountIds", "amiTags", "kmsKeyId", "launchPermission", NULL};
    const struct sw_node *map = sw_doc_field(doc, entry, "amiDistributionConfiguration", SW_NODE_MAP, false);
    const struct sw_node *description, *kms;

    if (map == NULL)
        return;
    sw_doc_keys(doc, map, keys, "'amiDistributionConfiguration'");
    check_name(doc, map);
    check_tags(doc, map);
    check_parties(doc, map, &target_accounts);
    check_launch(doc, sw_doc_field(doc, map, "launchPermission", SW_NODE_MAP, false));
    description = sw_doc_field(doc, map, "description", SW_NODE_SCALAR, false);
    if (description != NULL && sw_utf8_chars(description->text, description->len) > DESCRIPTION_MAX)
        sw_doc_fault(doc, description, "a description has at most %d characters", DESCRIPTION_MAX);
    kms = sw_doc_field(doc, map, "kmsKeyId", SW_NODE_SCALAR, false);
    if (kms != NULL && kms->len == 0)
        sw_doc_fault(doc, kms, "'kmsKeyId' is empty");
}

/* What Image Builder does with an image besides, and an import does not. */
static void warn_absent(struct sw_doc *doc, const struct sw_node *entry)
{
    static const char *const absent[] = {"containerDistributionConfiguration", "licenseConfigurationArns",
                                         "launchTemplateConfigurations",       "s3ExportConfiguration",
                                         "fastLaunchConfigurations",           "ssmParameterConfigurations"};

    for (size_t i = 0; i < SW_ARRAY_LEN(absent); i++) {
        const struct sw_node *node = sw_node_get(entry, absent[i]);

        if (node != NULL)
            sw_doc_warn(doc, node, "'%s' is left to Image Builder: an import does nothing about it",
                        absent[i]);
    }
}

static void check_entry(struct sw_doc *doc, const struct sw_node *list, size_t i)
{
    static const char *const keys[] = {"region",
                                       "amiDistributionConfiguration",
                                       "containerDistributionConfiguration",
                                       "licenseConfigurationArns",
                                       "launchTemplateConfigurations",
                                       "s3ExportConfiguration",
                                       "fastLaunchConfigurations",
                                       "ssmParameterConfigurations",
                                       NULL};
    const struct sw_node *entry = list->items[i], *region;

    if (entry->kind != SW_NODE_MAP) {
        sw_doc_fault(doc, entry, "a distribution is %s here, and must be a map ('- region: eu-central-1')",
                     sw_kind_name(entry->kind));
        return;
    }
    sw_doc_keys(doc, entry, keys, "a distribution");
    warn_absent(doc, entry);
    region = sw_doc_field(doc, entry, "region", SW_NODE_SCALAR, true);
    if (region != NULL && !made_of(region, "abcdefghijklmnopqrstuvwxyz0123456789-", 5, 32))
        sw_doc_fault(doc, region, "'%s' is no region, such as eu-central-1", sw_show(region->text).text);
    for (size_t j = 0; region != NULL && j < i; j++) {
        const struct sw_node *other = sw_node_get(list->items[j], "region");

        if (other != NULL && other->kind == SW_NODE_SCALAR && strcmp(other->text, region->text) == 0)
            sw_doc_fault(doc, region, "the region '%s' is there twice", sw_show(region->text).text);
    }
    check_ami(doc, entry);
}

void sw_distribution_check(struct sw_doc *doc, const struct sw_node *list)
{
    SW_RULE(doc, "distribution");

    if (list->n == 0 || list->n > REGIONS_MAX)
        sw_doc_fault(doc, list, "a distribution has %zu regions: it must have 1 to %d", list->n, REGIONS_MAX);
    for (size_t i = 0; i < list->n && i < REGIONS_MAX; i++)
        check_entry(doc, list, i);
}

/* The list of regions, whatever form the file has; NULL after a fault. */
static const struct sw_node *find_list(struct sw_doc *doc, const struct sw_node *root)
{
    static const char *const keys[] = {"name",   "description", "distributions", "tags", "clientToken",
                                       "dryRun", NULL};
    const struct sw_node *inner = sw_node_get(root, "distributionConfiguration");

    if (root->kind == SW_NODE_LIST)
        return root;
    if (sw_node_get(root, "distribution") != NULL)
        return sw_doc_field(doc, root, "distribution", SW_NODE_LIST, true);
    /* What `aws imagebuilder get-distribution-configuration` prints has more in it than one may say. */
    if (inner != NULL && inner->kind == SW_NODE_MAP)
        return sw_doc_field(doc, inner, "distributions", SW_NODE_LIST, true);
    if (sw_node_get(root, "distributions") == NULL) {
        sw_doc_fault(doc, root,
                     "neither a recipe with 'distribution' nor a configuration with 'distributions'");
        return NULL;
    }
    sw_doc_keys(doc, root, keys, "a distribution configuration");
    return sw_doc_field(doc, root, "distributions", SW_NODE_LIST, true);
}

const struct sw_node *sw_distribution_lint(struct sw_doc *doc, const struct sw_node *root)
{
    const struct sw_node *list = find_list(doc, root);

    if (list != NULL)
        sw_distribution_check(doc, list);
    return list;
}

json_t *sw_distribution_load(const char *path, struct sw_diags *diags, struct sw_err *err)
{
    SW_CLEANUP(sw_diags_free) struct sw_diags own = {0};
    struct sw_doc doc = {.diags = diags != NULL ? diags : &own};
    const struct sw_node *root = NULL, *list = NULL;
    json_t *out = NULL;

    if (sw_doc_read(&doc, path, &root, err) == 0) {
        list = root != NULL ? sw_distribution_lint(&doc, root) : NULL;
        if (sw_doc_verdict(&doc, err) == 0 && list != NULL)
            out = sw_node_json(list, err);
    }
    if (doc.arena != NULL)
        sw_arena_free(doc.arena);
    sw_diags_sort(doc.diags);
    return out;
}
