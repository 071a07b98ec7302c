/* The fields of a recipe itself. */
#include "src/base/fs.h"
#include "src/recipe/recipe.h"

#include <ctype.h>
#include <string.h>

enum {
    TEXT_MAX = 1024,
    NAME_LEAST = 3,
    NAME_MOST = 128,
    TAGS_MAX = 50,
    TAG_KEY_MAX = 128,
    TAG_VALUE_MAX = 256,
    WATERMARKS_MAX = 5,
};

static void check_name(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *node = sw_doc_field(r->doc, root, "name", SW_NODE_SCALAR, true);
    SW_RULE(r->doc, "name");
    bool good = node != NULL && node->len >= NAME_LEAST && node->len <= NAME_MOST;

    if (node == NULL)
        return;
    r->recipe->name = node->text;
    for (size_t i = 0; good && i < node->len; i++) {
        unsigned char c = (unsigned char)node->text[i];
        bool inner = i > 0 && i + 1 < node->len;

        good = (c < 0x80 && isalnum(c)) || c == '-' || c == '_' || (c == ' ' && inner);
    }
    if (!good)
        sw_doc_fault(r->doc, node,
                     "the name '%s' must be 3 to 128 letters, digits, '-', '_' and inner blanks",
                     sw_show(node->text).text);
}

/* A version whose one x, behind the last dot or before, is for the service to count up. */
static bool is_counted(const char *text)
{
    return strchr(text, 'x') != NULL && strcmp(text, "x.x.x") != 0 &&
           strchr(text, 'x') == strrchr(text, 'x') && sw_version_pattern(text);
}

static const char *count_from_zero(struct sw_recipe_reading *r, const char *text)
{
    char *copy = sw_arena_copy(r->doc->arena, text, strlen(text), r->err);

    if (copy != NULL)
        *strchr(copy, 'x') = '0';
    return copy;
}

static int check_version(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *node = sw_doc_field(r->doc, root, "semanticVersion", SW_NODE_SCALAR, true);
    SW_RULE(r->doc, "version");

    if (node == NULL)
        return 0;
    r->recipe->version = node->text;
    if (is_counted(node->text)) {
        sw_doc_warn(r->doc, node, "the service counts the 'x' of '%s' up: a local build takes 0",
                    sw_show(node->text).text);
        r->recipe->version = count_from_zero(r, node->text);
        return r->recipe->version != NULL ? 0 : -1;
    }
    if (!sw_version_parse(node->text, NULL))
        sw_doc_fault(r->doc, node, "semanticVersion is '%s': it must be three numbers, such as 1.0.0",
                     sw_show(node->text).text);
    return 0;
}

/* Something that only AWS can resolve: an AMI, an ARN, a parameter's name, a Marketplace product. */
static bool is_remote(const char *image)
{
    static const char *const prefixes[] = {"arn:", "ssm:", "prod-", "{{resolve:ssm:"};

    for (size_t i = 0; i < SW_ARRAY_LEN(prefixes); i++)
        if (strncmp(image, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    if (strncmp(image, "ami-", 4) == 0)
        return image[4] != '\0' && image[4 + strspn(image + 4, "0123456789abcdef")] == '\0';
    return strlen(image) == 36 && image[8] == '-' && image[13] == '-' && image[18] == '-' &&
           image[23] == '-' && image[strspn(image, "0123456789abcdefABCDEF-")] == '\0';
}

static int read_base(struct sw_recipe_reading *r, const struct sw_node *node, const char *format)
{
    const char *path = node->text;

    if (is_remote(path)) {
        r->recipe->base_format = format;
        if (sw_catalogue_image(r, path, &r->recipe->base_path, &r->recipe->base_format) < 0)
            return -1;
        if (r->recipe->base_path == NULL)
            sw_doc_warn(r->doc, node,
                        "parentImage '%s' is not a local image: --base IMAGE or a catalogue has to name one",
                        sw_show(path).text);
        return 0;
    }
    if (strncmp(path, "file://", 7) == 0)
        path += 7;
    else if (strncmp(path, "file:", 5) == 0)
        path += 5;
    if (*path == '\0') {
        sw_doc_fault(r->doc, node, "parentImage is '%s', without a path", sw_show(node->text).text);
        return 0;
    }
    r->recipe->base_format = format;
    r->recipe->base_path = sw_recipe_path(r, path);
    return r->recipe->base_path != NULL ? 0 : -1;
}

static const char *suffix(const char *path)
{
    const char *dot = strrchr(sw_path_base(path), '.');

    return dot != NULL ? dot : "";
}

/* The base of the command line. What the recipe says about its own image's format holds for one named alike. */
static int override_base(struct sw_recipe_reading *r, const char *format)
{
    const struct sw_overrides *over = r->overrides;
    const char *parent = r->recipe->parent_image;

    if (over->base_format != NULL)
        format = over->base_format;
    else if (parent == NULL || suffix(parent)[0] == '\0' || strcmp(suffix(parent), suffix(over->base)) != 0)
        format = NULL;
    r->recipe->base_path = sw_arena_copy(r->doc->arena, over->base, strlen(over->base), r->err);
    if (r->recipe->base_path == NULL)
        return -1;
    if (format != NULL)
        r->recipe->base_format = sw_arena_copy(r->doc->arena, format, strlen(format), r->err);
    return format == NULL || r->recipe->base_format != NULL ? 0 : -1;
}

static int check_base(struct sw_recipe_reading *r, const struct sw_node *root)
{
    SW_RULE(r->doc, "parent-image");
    const struct sw_node *format = sw_doc_field(r->doc, root, "parentImageFormat", SW_NODE_SCALAR, false);
    const struct sw_node *image = sw_doc_field(r->doc, root, "parentImage", SW_NODE_SCALAR, true);
    const char *format_text = format != NULL ? format->text : NULL;

    if (format != NULL && !sw_recipe_format(format_text))
        sw_doc_fault(r->doc, format, "parentImageFormat is '%s': it must be raw, vmdk, vhd, qcow2 or ova",
                     sw_show(format_text).text);
    r->recipe->parent_image = image != NULL ? image->text : NULL;
    if (r->overrides->base != NULL)
        return override_base(r, format_text);
    return image != NULL ? read_base(r, image, format_text) : 0;
}

static void check_network(struct sw_recipe_reading *r, const struct sw_node *root)
{
    static const char *const words[] = {"deny", "allow", NULL};
    const struct sw_node *node = sw_doc_field(r->doc, root, "network", SW_NODE_SCALAR, false);
    int found = node != NULL ? sw_word_find(words, node->text) : 0;

    if (found < 0)
        sw_doc_fault(r->doc, node, "network is '%s': it must be deny or allow", sw_show(node->text).text);
    r->recipe->network = found == 1;
}

void sw_recipe_engine(struct sw_recipe_reading *r, const struct sw_node *holder, bool *booted)
{
    static const char *const words[] = {"appliance", "boot", NULL};
    const struct sw_node *node = sw_doc_field(r->doc, holder, "engine", SW_NODE_SCALAR, false);
    int found = node != NULL ? sw_word_find(words, node->text) : *booted;

    if (found < 0)
        sw_doc_fault(r->doc, node, "engine is '%s': it must be appliance or boot", sw_show(node->text).text);
    *booted = found == 1;
}

/* What becomes of a script's start of a service, where nothing can be started. */
static int check_starts(struct sw_recipe_reading *r, const struct sw_node *root)
{
    static const char *const words[] = {"fail", "skip", NULL};
    const struct sw_node *node = sw_doc_field(r->doc, root, "serviceStarts", SW_NODE_SCALAR, false);
    const char *over = r->overrides->service_starts;
    int found = node != NULL ? sw_word_find(words, node->text) : 0;

    if (found < 0)
        sw_doc_fault(r->doc, node, "serviceStarts is '%s': it must be fail or skip",
                     sw_show(node->text).text);
    if (over != NULL && (found = sw_word_find(words, over)) < 0)
        return sw_fail(r->err, SW_USAGE, "--service-starts is '%s': it must be fail or skip",
                       sw_show(over).text);
    r->recipe->skip_starts = found == 1;
    return 0;
}

/* From the root, or from a drive. */
static bool is_absolute(const char *path)
{
    return path[0] == '/' || (isalpha((unsigned char)path[0]) && path[1] == ':' &&
                              (path[2] == '/' || path[2] == '\\') && strchr(path, '"') == NULL);
}

/* A list of paths, relative to the recipe's folder; what is there is for the build to see. */
static int read_repositories(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, "repositories", SW_NODE_LIST, false);
    struct sw_recipe *recipe = r->recipe;

    if (list == NULL)
        return 0;
    if (list->n > SW_RECIPE_MAX_REPOSITORIES) {
        sw_doc_fault(r->doc, list, "there are %zu repositories, and %d are the most", list->n,
                     (int)SW_RECIPE_MAX_REPOSITORIES);
        return 0;
    }
    recipe->repositories =
        sw_arena_alloc(r->doc->arena, list->n > 0 ? list->n : 1, sizeof(*recipe->repositories), r->err);
    if (recipe->repositories == NULL)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        const struct sw_node *item = list->items[i];

        if (item->kind != SW_NODE_SCALAR || item->len == 0 || sw_node_is_null(item)) {
            sw_doc_fault(r->doc, item, "a repository is the path of a folder, an ISO image or a tar");
            continue;
        }
        if (strstr(item->text, "://") != NULL) {
            sw_doc_fault(r->doc, item,
                         "the repository '%s' is not local: name a folder, an ISO image or a tar",
                         sw_show(item->text).text);
            continue;
        }
        recipe->repositories[recipe->nr_repositories] = sw_recipe_path(r, item->text);
        if (recipe->repositories[recipe->nr_repositories++] == NULL)
            return -1;
    }
    return 0;
}

static void check_directory(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *node = sw_doc_field(r->doc, root, "workingDirectory", SW_NODE_SCALAR, false);

    r->recipe->working_directory = node != NULL ? node->text : "/tmp";
    if (node != NULL && (!is_absolute(node->text) || node->len > TEXT_MAX))
        sw_doc_fault(r->doc, node, "workingDirectory is '%s': it must be an absolute path",
                     sw_show(node->text).text);
}

static void check_description(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *node = sw_doc_field(r->doc, root, "description", SW_NODE_SCALAR, false);

    r->recipe->description = node != NULL ? node->text : "";
    if (node != NULL && sw_utf8_chars(node->text, node->len) > TEXT_MAX)
        sw_doc_fault(r->doc, node, "the description is longer than %d characters", (int)TEXT_MAX);
}

/* Tags of the recipe, and of the AMI. */
static void check_tags(struct sw_recipe_reading *r, const struct sw_node *root, const char *field)
{
    const struct sw_node *map = sw_doc_field(r->doc, root, field, SW_NODE_MAP, false);
    SW_RULE(r->doc, "tags");

    if (map == NULL)
        return;
    if (map->n > TAGS_MAX)
        sw_doc_fault(r->doc, map, "'%s' has %zu tags: at most %d are allowed", field, map->n, (int)TAGS_MAX);
    for (size_t i = 0; i < map->n; i++) {
        const struct sw_node *key = map->keys[i], *value = map->items[i];

        if (value->kind != SW_NODE_SCALAR)
            sw_doc_fault(r->doc, value, "the tag '%s' is %s here, and must be a text",
                         sw_show(key->text).text, sw_kind_name(value->kind));
        else if (sw_utf8_chars(value->text, value->len) > TAG_VALUE_MAX)
            sw_doc_fault(r->doc, value, "the tag '%s' is longer than %d characters", sw_show(key->text).text,
                         (int)TAG_VALUE_MAX);
        if (key->len == 0 || sw_utf8_chars(key->text, key->len) > TAG_KEY_MAX)
            sw_doc_fault(r->doc, key, "a tag's name must have 1 to %d characters", (int)TAG_KEY_MAX);
        else if (strncmp(key->text, "aws:", 4) == 0)
            sw_doc_fault(r->doc, key, "the tag '%s' begins with 'aws:', which is AWS's own",
                         sw_show(key->text).text);
    }
}

static void check_watermarks(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, "amiWatermarks", SW_NODE_LIST, false);

    if (list != NULL && list->n > WATERMARKS_MAX)
        sw_doc_fault(r->doc, list, "more than %d watermarks", (int)WATERMARKS_MAX);
}

/* What a local build keeps for the import, but for the size of the root disk. */
static void check_data(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *volumes = sw_doc_field(r->doc, root, "blockDeviceMappings", SW_NODE_LIST, false);
    const struct sw_node *instance =
        sw_doc_field(r->doc, root, "additionalInstanceConfiguration", SW_NODE_MAP, false);

    if (volumes != NULL)
        sw_recipe_volumes(r, volumes);
    if (instance != NULL)
        sw_recipe_instance(r, instance);
    check_tags(r, root, "tags");
    check_tags(r, root, "amiTags");
    check_watermarks(r, root);
    (void)sw_doc_field(r->doc, root, "clientToken", SW_NODE_SCALAR, false);
}

int sw_recipe_fields(struct sw_recipe_reading *r, const struct sw_node *root)
{
    static const char *const keys[] = {"name",
                                       "description",
                                       "semanticVersion",
                                       "components",
                                       "parentImage",
                                       "blockDeviceMappings",
                                       "tags",
                                       "amiTags",
                                       "amiWatermarks",
                                       "workingDirectory",
                                       "additionalInstanceConfiguration",
                                       "clientToken",
                                       "dryRun",
                                       "parentImageFormat",
                                       "outputs",
                                       "inputs",
                                       "uploads",
                                       "network",
                                       "engine",
                                       "serviceStarts",
                                       "ssmParameters",
                                       "cleanup",
                                       "repositories",
                                       "distribution",
                                       NULL};

    sw_doc_keys(r->doc, root, keys, "a recipe");
    check_name(r, root);
    if (check_version(r, root) < 0)
        return -1;
    check_description(r, root);
    check_network(r, root);
    sw_recipe_engine(r, root, &r->recipe->booted);
    if (check_starts(r, root) < 0)
        return -1;
    check_directory(r, root);
    check_data(r, root);
    if (read_repositories(r, root) < 0)
        return -1;
    return check_base(r, root);
}
