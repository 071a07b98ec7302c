/* The options of an import as JSON: in its journal, and as digests that tell whether they changed. */
#include "src/import/options.h"

#include "src/base/fs.h"
#include "src/base/json.h"

#include <string.h>

enum { MAX_TAGS = 64, MAX_LICENCES = 64 };

/* What a member belongs to: a digest is over one group. */
enum group { GROUP_PLACE, GROUP_TASK, GROUP_AFTER, GROUPS };

enum kind { KIND_TEXT, KIND_BOOL, KIND_NUMBER, KIND_TAGS, KIND_JSON };

static const struct row {
    const char *name;
    enum group group;
    enum kind kind;
    size_t at;
} rows[] = {
    {"lane", GROUP_PLACE, KIND_TEXT, offsetof(struct sw_import_options, lane)},
    {"bucket", GROUP_PLACE, KIND_TEXT, offsetof(struct sw_import_options, bucket)},
    {"profile", GROUP_PLACE, KIND_TEXT, offsetof(struct sw_import_options, cloud.profile)},
    {"region", GROUP_PLACE, KIND_TEXT, offsetof(struct sw_import_options, cloud.region)},
    {"endpoint_url", GROUP_PLACE, KIND_TEXT, offsetof(struct sw_import_options, cloud.endpoint_url)},
    {"description", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, description)},
    {"role_name", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, role_name)},
    {"boot_mode", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, boot_mode)},
    {"platform", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, platform)},
    {"license_type", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, license_type)},
    {"usage_operation", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, usage_operation)},
    {"architecture", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, architecture)},
    {"encrypted", GROUP_TASK, KIND_BOOL, offsetof(struct sw_import_options, encrypted)},
    {"kms_key", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, kms_key)},
    {"comment", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, comment)},
    {"tags", GROUP_TASK, KIND_TAGS, offsetof(struct sw_import_options, task_tags)},
    {"root_device", GROUP_AFTER, KIND_TEXT, offsetof(struct sw_import_options, root_device)},
    {"volume_type", GROUP_AFTER, KIND_TEXT, offsetof(struct sw_import_options, volume_type)},
    {"tpm_support", GROUP_AFTER, KIND_TEXT, offsetof(struct sw_import_options, tpm_support)},
    {"imds_support", GROUP_AFTER, KIND_TEXT, offsetof(struct sw_import_options, imds_support)},
    {"uefi_data", GROUP_AFTER, KIND_TEXT, offsetof(struct sw_import_options, uefi_data)},
    {"volume_gib", GROUP_AFTER, KIND_NUMBER, offsetof(struct sw_import_options, volume_gib)},
    {"volume_iops", GROUP_AFTER, KIND_NUMBER, offsetof(struct sw_import_options, volume_iops)},
    {"volume_throughput", GROUP_AFTER, KIND_NUMBER, offsetof(struct sw_import_options, volume_throughput)},
    {"no_ena", GROUP_AFTER, KIND_BOOL, offsetof(struct sw_import_options, no_ena)},
    {"parent_snapshot", GROUP_TASK, KIND_TEXT, offsetof(struct sw_import_options, parent_snapshot)},
    {"name", GROUP_AFTER, KIND_TEXT, offsetof(struct sw_import_options, name)},
    {"distribution", GROUP_AFTER, KIND_JSON, offsetof(struct sw_import_options, distribution)},
    {"image_tags", GROUP_AFTER, KIND_TAGS, offsetof(struct sw_import_options, image_tags)},
    {"snapshot_tags", GROUP_AFTER, KIND_TAGS, offsetof(struct sw_import_options, snapshot_tags)},
    {"delete_object", GROUP_AFTER, KIND_BOOL, offsetof(struct sw_import_options, delete_object)},
};

static json_t *store_tags(const struct sw_import_tags *tags, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < tags->n; i++)
        if (sw_json_append(list, json_pack("[s, s]", tags->items[i].key, tags->items[i].value), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

static int store_row(const struct row *row, const struct sw_import_options *options, json_t *doc,
                     struct sw_err *err)
{
    const void *at = (const char *)options + row->at;
    const char *text;

    switch (row->kind) {
    case KIND_TEXT:
        text = *(const char *const *)at;
        return text != NULL ? sw_json_set(doc, row->name, json_string(text), err) : 0;
    case KIND_BOOL:
        return *(const bool *)at ? sw_json_set(doc, row->name, json_true(), err) : 0;
    case KIND_NUMBER:
        return *(const uint64_t *)at != 0
                   ? sw_json_set(doc, row->name, json_integer((json_int_t) * (const uint64_t *)at), err)
                   : 0;
    case KIND_JSON:
        return *(json_t *const *)at != NULL
                   ? sw_json_set(doc, row->name, json_incref(*(json_t *const *)at), err)
                   : 0;
    case KIND_TAGS:
        if (((const struct sw_import_tags *)at)->n == 0)
            return 0;
        return sw_json_set(doc, row->name, store_tags(at, err), err);
    }
    return sw_fail(err, SW_FAILED, "the option '%s' is of an unknown kind", row->name);
}

static int store_group(enum group group, const struct sw_import_options *options, json_t *doc,
                       struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++)
        if (rows[i].group == group && store_row(&rows[i], options, doc, err) < 0)
            return -1;
    return 0;
}

static json_t *store_licences(const struct sw_import_options *options, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < options->nr_license_specifications; i++)
        if (sw_json_append(list, json_string(options->license_specifications[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

/* From anywhere: a resumed import may be started in another folder. */
static char *absolute(const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *here = NULL;

    if (path[0] == '/')
        return sw_strdup(path, err);
    here = getcwd(NULL, 0);
    if (here == NULL) {
        sw_fail_errno(err, "cannot tell the present folder");
        return NULL;
    }
    return sw_path_join(here, path, err);
}

static int store_disk(const struct sw_import_disk *disk, json_t *list, struct sw_err *err)
{
    SW_AUTO_FREE char *path = absolute(disk->source_path, err);

    if (path == NULL)
        return -1;
    return sw_json_append(
        list,
        json_pack("{s:s, s:b, s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:i}", "path", path, "sealed",
                  disk->sealed, "format", disk->format, "stated", disk->stated, "key", disk->key, "device",
                  disk->device, "description", disk->description, "as", disk->as, "settings", disk->settings,
                  "allow_parent", disk->allow_parent, "package_disk", (int)disk->package_disk),
        err);
}

json_t *options_store(const struct sw_import_options *options, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = json_object();
    SW_AUTO_JSON json_t *disks = json_array();

    for (enum group group = 0; group < GROUPS; group++)
        if (store_group(group, options, doc, err) < 0)
            goto not_text;
    for (size_t i = 0; i < options->nr_disks; i++)
        if (store_disk(&options->disks[i], disks, err) < 0)
            goto not_text;
    if (sw_json_set(doc, "disks", json_incref(disks), err) < 0 ||
        (options->nr_license_specifications > 0 &&
         sw_json_set(doc, "license_specifications", store_licences(options, err), err) < 0))
        goto not_text;
    return SW_STEAL_PTR(doc);
not_text:
    err->code = SW_USAGE;
    sw_context(err, "the options of the import");
    return NULL;
}

int options_request(const struct sw_import_options *options, char out[SW_SHA256_HEX], struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = json_object();
    SW_AUTO_JSON json_t *disks = json_array();

    for (size_t i = 0; i < options->nr_disks; i++) {
        const struct sw_import_disk *disk = &options->disks[i];

        if (sw_json_append(disks,
                           json_pack("{s:s, s:s*, s:s*}", "format", disk->format, "device", disk->device,
                                     "description", disk->description),
                           err) < 0)
            return -1;
    }
    if (store_group(GROUP_TASK, options, doc, err) < 0 ||
        sw_json_set(doc, "disks", json_incref(disks), err) < 0 ||
        sw_json_set(doc, "license_specifications", store_licences(options, err), err) < 0)
        return -1;
    return sw_json_digest(doc, out, err);
}

int options_after(const struct sw_import_options *options, char out[SW_SHA256_HEX], struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = json_object();

    return store_group(GROUP_AFTER, options, doc, err) < 0 ? -1 : sw_json_digest(doc, out, err);
}

static int damaged(const char *field, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "its option '%s' is missing or out of range", field);
}

/* A text, or NULL where there is none; anything else is damage. */
static int load_text(const json_t *doc, const char *name, const char **out, struct sw_err *err)
{
    const json_t *value = json_object_get(doc, name);

    *out = json_string_value(value);
    return value == NULL || *out != NULL ? 0 : damaged(name, err);
}

static int load_number(const json_t *doc, const char *name, uint64_t *out, struct sw_err *err)
{
    const json_t *value = json_object_get(doc, name);

    *out = 0;
    if (value == NULL)
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return damaged(name, err);
    *out = (uint64_t)json_integer_value(value);
    return 0;
}

static int load_tags(const json_t *list, const char *name, struct sw_ec2_tag **kept,
                     struct sw_import_tags *out, struct sw_err *err)
{
    struct sw_ec2_tag *tags;
    const json_t *item;
    size_t i;

    if (list == NULL)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > MAX_TAGS)
        return damaged(name, err);
    tags = sw_calloc(json_array_size(list) + 1, sizeof(*tags), err);
    if (tags == NULL)
        return -1;
    *kept = tags;
    json_array_foreach (list, i, item) {
        tags[i] = (struct sw_ec2_tag){json_string_value(json_array_get(item, 0)),
                                      json_string_value(json_array_get(item, 1))};
        if (tags[i].key == NULL || tags[i].value == NULL)
            return damaged(name, err);
    }
    *out = (struct sw_import_tags){tags, i};
    return 0;
}

static int load_rows(const json_t *doc, struct import_recalled *out, struct sw_err *err)
{
    size_t nr_tags = 0;

    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        void *at = (char *)&out->options + row->at;
        int rc = 0;

        switch (row->kind) {
        case KIND_TEXT:
            rc = load_text(doc, row->name, at, err);
            break;
        case KIND_BOOL:
            *(bool *)at = json_is_true(json_object_get(doc, row->name));
            break;
        case KIND_NUMBER:
            rc = load_number(doc, row->name, at, err);
            break;
        case KIND_JSON:
            *(json_t **)at = json_object_get(doc, row->name);
            break;
        case KIND_TAGS:
            rc = load_tags(json_object_get(doc, row->name), row->name, &out->tags[nr_tags++], at, err);
            break;
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int load_disks(const json_t *doc, struct import_recalled *out, struct sw_err *err)
{
    const json_t *list = json_object_get(doc, "disks"), *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > SW_IMPORT_MAX_DISKS)
        return damaged("disks", err);
    json_array_foreach (list, i, item) {
        struct sw_import_disk *disk = &out->disks[i];

        if (load_text(item, "path", &disk->source_path, err) < 0 ||
            load_text(item, "format", &disk->format, err) < 0 ||
            load_text(item, "stated", &disk->stated, err) < 0 ||
            load_text(item, "key", &disk->key, err) < 0 ||
            load_text(item, "device", &disk->device, err) < 0 ||
            load_text(item, "description", &disk->description, err) < 0 ||
            load_text(item, "as", &disk->as, err) < 0 ||
            load_text(item, "settings", &disk->settings, err) < 0 ||
            load_text(item, "allow_parent", &disk->allow_parent, err) < 0)
            return -1;
        disk->package_disk = (unsigned)json_integer_value(json_object_get(item, "package_disk"));
        disk->sealed = json_is_true(json_object_get(item, "sealed"));
        if (disk->source_path == NULL || disk->format == NULL)
            return damaged("disks", err);
    }
    out->options.disks = out->disks;
    out->options.nr_disks = i;
    return 0;
}

static int load_licences(const json_t *list, struct import_recalled *out, struct sw_err *err)
{
    const json_t *item;
    size_t i;

    if (list == NULL)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > MAX_LICENCES)
        return damaged("license_specifications", err);
    out->licences = sw_calloc(json_array_size(list) + 1, sizeof(*out->licences), err);
    if (out->licences == NULL)
        return -1;
    json_array_foreach (list, i, item) {
        out->licences[i] = json_string_value(item);
        if (out->licences[i] == NULL)
            return damaged("license_specifications", err);
    }
    out->options.license_specifications = out->licences;
    out->options.nr_license_specifications = i;
    return 0;
}

int options_load(json_t *doc, struct import_recalled *out, struct sw_err *err)
{
    *out = (struct import_recalled){.doc = json_incref(doc)};
    if (load_rows(doc, out, err) == 0 && load_disks(doc, out, err) == 0 &&
        load_licences(json_object_get(doc, "license_specifications"), out, err) == 0)
        return 0;
    options_forget(out);
    return -1;
}

void options_forget(struct import_recalled *recalled)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(recalled->tags); i++)
        free(recalled->tags[i]);
    free(recalled->licences);
    json_decref(recalled->doc);
    *recalled = (struct import_recalled){.doc = NULL};
}
