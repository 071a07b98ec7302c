/* blockDeviceMappings and additionalInstanceConfiguration: what a build acts on, and what it keeps for an import. */
#include "src/recipe/recipe.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEVICE_NAME_MAX = 1024,
    VOLUME_MAX_GIB = 16000,
    IOPS_MIN = 100,
    IOPS_MAX = 64000,
    THROUGHPUT_MIN = 125,
    THROUGHPUT_MAX = 1000,
    USER_DATA_MAX = 21847,
};

/* The number, or -1 with a fault. */
static long number(struct sw_recipe_reading *r, const struct sw_node *map, const char *key, long least,
                   long most)
{
    const struct sw_node *node = sw_doc_field(r->doc, map, key, SW_NODE_SCALAR, false);
    char *end;
    long value;

    if (node == NULL)
        return 0;
    value = strtol(node->text, &end, 10);
    if (node->len > 0 && node->len < 10 && node->text[strspn(node->text, "0123456789")] == '\0' &&
        value >= least && value <= most)
        return value;
    sw_doc_fault(r->doc, node, "%s is '%s': it must be a number from %ld to %ld", key,
                 sw_show(node->text).text, least, most);
    return -1;
}

static void check_flag(struct sw_recipe_reading *r, const struct sw_node *map, const char *key)
{
    const struct sw_node *node = sw_doc_field(r->doc, map, key, SW_NODE_SCALAR, false);
    bool flag;

    if (node != NULL && sw_text_bool(node->text, &flag) < 0)
        sw_doc_fault(r->doc, node, "%s is '%s': it must be true or false", key, sw_show(node->text).text);
}

/* The names under which an instance has its first disk. */
static bool is_root_device(const char *name)
{
    static const char *const names[] = {"/dev/sda",  "/dev/sda1", "/dev/xvda",    "/dev/xvda1", "/dev/vda",
                                        "/dev/vda1", "/dev/hda",  "/dev/nvme0n1", NULL};

    return sw_word_find(names, name) >= 0;
}

static long check_ebs(struct sw_recipe_reading *r, const struct sw_node *ebs)
{
    static const char *const keys[] = {"encrypted",  "deleteOnTermination", "iops",
                                       "kmsKeyId",   "snapshotId",          "volumeSize",
                                       "volumeType", "throughput",          NULL};
    static const char *const types[] = {"standard", "io1", "io2", "gp2", "gp3", "sc1", "st1", NULL};
    const struct sw_node *type = sw_doc_field(r->doc, ebs, "volumeType", SW_NODE_SCALAR, false);

    sw_doc_keys(r->doc, ebs, keys, "'ebs'");
    check_flag(r, ebs, "encrypted");
    check_flag(r, ebs, "deleteOnTermination");
    (void)number(r, ebs, "iops", IOPS_MIN, IOPS_MAX);
    (void)number(r, ebs, "throughput", THROUGHPUT_MIN, THROUGHPUT_MAX);
    if (type != NULL && sw_word_find(types, type->text) < 0)
        sw_doc_fault(r->doc, type, "volumeType is '%s': it must be standard, io1, io2, gp2, gp3, sc1 or st1",
                     sw_show(type->text).text);
    return number(r, ebs, "volumeSize", 1, VOLUME_MAX_GIB);
}

static const struct sw_node *device_name(struct sw_recipe_reading *r, const struct sw_node *list, size_t i)
{
    const struct sw_node *name = sw_doc_field(r->doc, list->items[i], "deviceName", SW_NODE_SCALAR, false);

    if (name == NULL)
        return NULL;
    if (name->len == 0 || name->len > DEVICE_NAME_MAX)
        sw_doc_fault(r->doc, name, "deviceName must have 1 to %d characters", (int)DEVICE_NAME_MAX);
    for (size_t k = 0; k < i; k++) {
        const struct sw_node *other = sw_node_get(list->items[k], "deviceName");

        if (other != NULL && other->kind == SW_NODE_SCALAR && strcmp(other->text, name->text) == 0) {
            sw_doc_fault(r->doc, name, "the device '%s' is there twice", sw_show(name->text).text);
            break;
        }
    }
    return name;
}

static void read_mapping(struct sw_recipe_reading *r, const struct sw_node *list, size_t i)
{
    static const char *const keys[] = {"deviceName", "virtualName", "noDevice", "ebs", NULL};
    const struct sw_node *map = list->items[i], *name, *ebs, *size;
    long gib;

    if (map->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, map, "a mapping is %s here, and must be a map ('- deviceName: /dev/xvda')",
                     sw_kind_name(map->kind));
        return;
    }
    sw_doc_keys(r->doc, map, keys, "a mapping");
    name = device_name(r, list, i);
    ebs = sw_doc_field(r->doc, map, "ebs", SW_NODE_MAP, false);
    gib = ebs != NULL ? check_ebs(r, ebs) : 0;
    if (gib <= 0)
        return;
    size = sw_node_get(ebs, "volumeSize");
    if (name == NULL || !is_root_device(name->text)) {
        sw_doc_warn(
            r->doc, size,
            "a volume beside the root disk (/dev/xvda, /dev/sda1): kept for the import, a build makes none");
        return;
    }
    r->recipe->volume_bytes = (uint64_t)gib << 30;
    r->recipe->volume_line = size->line;
    r->recipe->volume_column = size->column;
}

void sw_recipe_volumes(struct sw_recipe_reading *r, const struct sw_node *list)
{
    SW_RULE(r->doc, "block-device");

    for (size_t i = 0; i < list->n; i++)
        read_mapping(r, list, i);
}

static bool is_base64(const char *text, size_t len)
{
    size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    size_t pad = strspn(text + digits, "=");

    return digits + pad == len && len % 4 == 0 && pad <= 2;
}

/* The service takes its own agent out again; a local build brings none, and one that the base has is the user's. */
static void check_agent(struct sw_recipe_reading *r, const struct sw_node *agent)
{
    const struct sw_node *node = sw_node_get(agent, "uninstallAfterBuild");
    bool remove = false;

    check_flag(r, agent, "uninstallAfterBuild");
    if (node == NULL || node->kind != SW_NODE_SCALAR || sw_text_bool(node->text, &remove) < 0 || !remove)
        return;
    sw_doc_warn(r->doc, node,
                "a local build installs no Systems Manager agent and removes none: where the base image has "
                "one, a component has to remove it (apt-get purge amazon-ssm-agent)");
}

void sw_recipe_instance(struct sw_recipe_reading *r, const struct sw_node *map)
{
    static const char *const keys[] = {"systemsManagerAgent", "userDataOverride", NULL};
    static const char *const agent_keys[] = {"uninstallAfterBuild", NULL};
    const struct sw_node *agent = sw_doc_field(r->doc, map, "systemsManagerAgent", SW_NODE_MAP, false);
    const struct sw_node *data = sw_doc_field(r->doc, map, "userDataOverride", SW_NODE_SCALAR, false);
    SW_RULE(r->doc, "instance-configuration");

    sw_doc_keys(r->doc, map, keys, "'additionalInstanceConfiguration'");
    if (agent != NULL) {
        sw_doc_keys(r->doc, agent, agent_keys, "'systemsManagerAgent'");
        check_agent(r, agent);
    }
    if (data == NULL)
        return;
    if (data->len == 0 || data->len > USER_DATA_MAX || !is_base64(data->text, data->len))
        sw_doc_fault(r->doc, data, "userDataOverride must be 1 to %d characters of base64",
                     (int)USER_DATA_MAX);
    else
        sw_doc_warn(r->doc, data,
                    "userDataOverride is for the instance that the service builds on: it is "
                    "kept for the import and not run here");
}
