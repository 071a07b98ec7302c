/* What the bytes of a copy depend on, as one digest. */
#include "slipway/copy.h"

#include "src/base/ckd.h"
#include "src/base/json.h"
#include "src/copy/journal.h"
#include "src/copy/nowhere.h"

#include <string.h>

/* Of what is made of another file, such as a sealed one, that file tells. */
static const struct sw_in *file_beneath(const struct sw_in *in)
{
    while (in != NULL && in->fd < 0 && in->under != NULL)
        in = in->under;
    return in;
}

static int add_file(json_t *list, const struct sw_image *img, const struct sw_in *in, struct sw_err *err)
{
    struct sw_err no_file = {.code = SW_OK};
    json_t *file = journal_file(img, file_beneath(in), &no_file);

    /* A device does not tell when it changes. */
    if (file == NULL)
        file = json_pack("{s:s, s:I}", "format", img->format->name, "bytes",
                         in != NULL ? (json_int_t)in->size_bytes : 0);
    return sw_json_append(list, file, err);
}

static json_t *describe_source(const struct sw_image *src, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (const struct sw_image *img = src; img != NULL; img = img->parent) {
        if (add_file(list, img, img->in, err) < 0)
            return NULL;
        for (size_t i = 0; i < img->nr_others; i++)
            if (add_file(list, img, img->others[i], err) < 0)
                return NULL;
    }
    return SW_STEAL_PTR(list);
}

/* An image is made on no output, to hear what its coding is called. */
static json_t *describe_target(const struct sw_copy *copy, const char *program, struct sw_err *err)
{
    struct sw_out nowhere = {.ops = &nowhere_ops, .fd = -1, .name = "a target"};
    struct sw_create_opts create = copy->create;
    struct sw_image *img = NULL;
    const char *coding;
    json_t *json;

    if (create.size_bytes == 0)
        create.size_bytes = sw_round_up(copy->src->size_bytes, SW_SECTOR_BYTES);
    if (copy->format->create(&nowhere, &create, &img, err) < 0)
        return NULL;
    coding = copy->format->coding != NULL ? copy->format->coding(img) : NULL;
    json = json_pack("{s:s, s:s, s:s*, s:s*, s:I, s:I, s:i, s:I}", "program", program, "format",
                     copy->format->name, "subformat", img->subformat, "coding", coding, "disk_bytes",
                     (json_int_t)create.size_bytes, "unit_bytes", (json_int_t)img->unit_bytes, "level",
                     create.level, "epoch", (json_int_t)create.epoch);
    sw_image_close(img);
    return json;
}

int sw_copy_identity(const struct sw_copy *copy, const char *program, uint8_t digest[SW_COPY_IDENTITY_BYTES],
                     struct sw_err *err)
{
    SW_AUTO_JSON json_t *whole = json_object();
    SW_AUTO_FREE char *text = NULL;
    json_t *target = describe_target(copy, program, err);

    if (target == NULL && err->code != SW_OK)
        return -1;
    if (sw_json_set(whole, "target", target, err) < 0 ||
        sw_json_set(whole, "source", describe_source(copy->src, err), err) < 0)
        return -1;
    text = sw_json_canonical(whole, err);
    return text != NULL ? sw_sha256(text, strlen(text), digest, err) : -1;
}
