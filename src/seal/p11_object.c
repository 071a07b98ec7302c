/* Finding objects and reading their attributes; what a module answers is believed only within bounds. */
#include "src/seal/p11_object.h"

#include "src/base/digest.h"

#include <stdio.h>
#include <string.h>

enum { TEMPLATE_MAX = 3, TEXT_BYTES = 24 };

static unsigned long build_template(const struct p11_search *search, ck_object_class_t *class,
                                    struct ck_attribute out[TEMPLATE_MAX])
{
    unsigned long n = 0;

    *class = search->class;
    out[n++] = (struct ck_attribute){CKA_CLASS, class, sizeof(*class)};
    if (search->label != NULL)
        out[n++] = *search->label;
    if (search->id != NULL)
        out[n++] = *search->id;
    return n;
}

static int take_found(struct p11_token *token, struct p11_object found[P11_FOUND_MAX], size_t *n,
                      struct sw_err *err)
{
    while (*n < P11_FOUND_MAX) {
        ck_object_handle_t handle = 0;
        unsigned long count = 0;
        ck_rv_t rv = token->module->C_FindObjects(token->session, &handle, 1, &count);

        if (rv != CKR_OK)
            return p11_fail(token, "C_FindObjects", rv, err);
        if (count == 0)
            break;
        found[(*n)++] = (struct p11_object){token, handle};
    }
    return 0;
}

int p11_find(struct p11_token *token, const struct p11_search *search, struct p11_object found[P11_FOUND_MAX],
             size_t *n, struct sw_err *err)
{
    struct ck_attribute template[TEMPLATE_MAX];
    ck_object_class_t class;
    unsigned long nr = build_template(search, &class, template);
    ck_rv_t rv = token->module->C_FindObjectsInit(token->session, template, nr);
    int rc;

    if (rv != CKR_OK)
        return p11_fail(token, "C_FindObjectsInit", rv, err);
    rc = take_found(token, found, n, err);
    (void)token->module->C_FindObjectsFinal(token->session);
    return rc;
}

static ck_rv_t get(const struct p11_object *object, ck_attribute_type_t type, void *value, unsigned long *len)
{
    struct ck_attribute attribute = {type, value, *len};
    ck_rv_t rv =
        object->token->module->C_GetAttributeValue(object->token->session, object->handle, &attribute, 1);

    *len = attribute.value_len;
    return rv;
}

int p11_attribute(const struct p11_object *object, ck_attribute_type_t type, struct sw_buf *out,
                  struct sw_err *err)
{
    unsigned long len = 0, room;
    ck_rv_t rv = get(object, type, NULL, &len);

    if (rv != CKR_OK)
        return p11_fail(object->token, "C_GetAttributeValue", rv, err);
    if (len == 0 || len > P11_ATTRIBUTE_MAX) /* "unavailable" is the largest number */
        return sw_fail(err, SW_INTEGRITY, "%s: the object's attribute 0x%lx is missing, empty or too long",
                       object->token->name, (unsigned long)type);
    if (sw_buf_reserve(out, len, err) < 0)
        return -1;
    room = len;
    rv = get(object, type, out->data + out->len, &len);
    if (rv != CKR_OK)
        return p11_fail(object->token, "C_GetAttributeValue", rv, err);
    if (len == 0 || len > room)
        return sw_fail(err, SW_INTEGRITY, "%s: the object's attribute 0x%lx changed its length",
                       object->token->name, (unsigned long)type);
    out->len += len;
    out->data[out->len] = '\0';
    return 0;
}

unsigned long p11_number(const struct p11_object *object, ck_attribute_type_t type, unsigned long otherwise)
{
    unsigned long value = 0, len = sizeof(value);

    return get(object, type, &value, &len) == CKR_OK && len == sizeof(value) ? value : otherwise;
}

bool p11_flag(const struct p11_object *object, ck_attribute_type_t type)
{
    unsigned char value = 0;
    unsigned long len = sizeof(value);

    return get(object, type, &value, &len) == CKR_OK && len == sizeof(value) && value != 0;
}

void p11_object_text(const struct p11_object *object, char text[P11_OBJECT_TEXT])
{
    SW_AUTO_BUF struct sw_buf label = {.len = 0}, id = {.len = 0};
    struct sw_err ignored = {.code = SW_OK};
    char hex[2 * TEXT_BYTES + 1] = "none";

    if (p11_attribute(object, CKA_LABEL, &label, &ignored) < 0)
        label.len = 0;
    if (p11_attribute(object, CKA_ID, &id, &ignored) == 0)
        sw_hex((const uint8_t *)id.data, id.len < TEXT_BYTES ? id.len : TEXT_BYTES, hex);
    for (size_t i = 0; i < label.len; i++)
        if ((unsigned char)label.data[i] < 0x20 || label.data[i] == 0x7f)
            label.data[i] = '?';
    snprintf(text, P11_OBJECT_TEXT, "'%.*s' (id %s)", label.len < TEXT_BYTES ? (int)label.len : TEXT_BYTES,
             label.data != NULL ? label.data : "", hex);
}
