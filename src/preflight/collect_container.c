/* The file that a disk lies in. */
#include "slipway/import.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/preflight/collect.h"

#include <string.h>

static json_t *text(const char *bytes)
{
    return bytes != NULL ? sw_json_bytes(bytes, strlen(bytes)) : NULL;
}

static uint64_t file_bytes(const struct sw_image *img)
{
    uint64_t sum = img->in->size_bytes;

    for (size_t i = 0; i < img->nr_others; i++)
        sum += img->others[i]->size_bytes;
    return sum;
}

/* Why a lane does not take the file as it is. EBS takes blocks, whatever they come from. */
static int add_refusals(struct sw_image *img, json_t *container, struct sw_err *err)
{
    SW_AUTO_JSON json_t *refusals = json_object();

    for (const char *const *lane = sw_import_lanes; *lane != NULL; lane++) {
        struct sw_err cause = {.code = SW_OK};
        const char *why = NULL;

        if (strcmp(*lane, "ebs-direct") == 0)
            continue;
        if (sw_import_why_encode(*lane, img, &why, &cause) < 0)
            why = cause.text;
        if (why != NULL && sw_json_set(refusals, *lane, text(why), err) < 0)
            return -1;
    }
    return sw_json_set(container, "not_as_it_is", json_incref(refusals), err);
}

static int add_list(json_t *container, const char *key, const struct sw_image *img, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (unsigned i = 0; i < img->nr_warnings; i++)
        if (sw_json_append(list, text(img->warnings[i]), err) < 0)
            return -1;
    return sw_json_set(container, key, json_incref(list), err);
}

static int add_cause(json_t *container, const struct sw_preflight_disk *disk, struct sw_err *err)
{
    SW_AUTO_JSON json_t *damage = json_array();

    if (disk->cause != NULL &&
        (sw_json_set(container, "error", text(disk->cause->text), err) < 0 ||
         (disk->cause->code == SW_INTEGRITY && sw_json_append(damage, text(disk->cause->text), err) < 0)))
        return -1;
    return sw_json_set(container, "damage", json_incref(damage), err);
}

static int add_image(json_t *container, const struct sw_preflight_disk *disk, struct sw_err *err)
{
    struct sw_image *img = disk->image;
    const struct sw_package *package = img->package;

    if (sw_json_set(container, "format", text(img->format->name), err) < 0 ||
        sw_json_set(container, "subformat", img->subformat != NULL ? text(img->subformat) : json_null(),
                    err) < 0 ||
        sw_json_set(container, "virtual_bytes", json_integer((json_int_t)img->size_bytes), err) < 0 ||
        sw_json_set(container, "file_bytes", json_integer((json_int_t)file_bytes(img)), err) < 0 ||
        sw_json_set(container, "parent", img->parent_name != NULL ? text(img->parent_name) : json_null(),
                    err) < 0 ||
        sw_json_set(container, "parent_opened", json_boolean(img->parent != NULL), err) < 0 ||
        (package != NULL &&
         sw_json_set(container, "package_disks", json_integer(package->nr_disks), err) < 0) ||
        add_list(container, "warnings", img, err) < 0)
        return -1;
    return add_refusals(img, container, err);
}

json_t *collect_container(const struct sw_preflight_disk *disk, struct sw_err *err)
{
    SW_AUTO_JSON json_t *container = json_object();

    if (sw_json_set(container, "sealed", json_boolean(disk->sealed), err) < 0)
        return NULL;
    if (disk->image != NULL && add_image(container, disk, err) < 0)
        return NULL;
    if (disk->image == NULL && disk->named_format != NULL &&
        sw_json_set(container, "named_format", text(disk->named_format), err) < 0)
        return NULL;
    if (add_cause(container, disk, err) < 0)
        return NULL;
    return json_incref(container);
}
