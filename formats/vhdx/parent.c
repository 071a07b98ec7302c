/* A differencing VHDX's parent: name and identifier from its locator, opened only by the caller's resolver. */
#include "formats/vhdx/vhdx.h"
#include "src/base/buf.h"
#include "src/base/endian.h"

#include <string.h>

/* A key or path is at most this long, in UTF-16 code units. */
enum { TEXT_MAX_UNITS = 1024 };

static char *text_at(const struct vhdx_image *vhdx, uint32_t at, uint32_t len, struct sw_err *err)
{
    uint16_t units[TEXT_MAX_UNITS];

    if (len > sizeof(units) || at > vhdx->locator_bytes || vhdx->locator_bytes - at < len) {
        sw_fail(err, SW_INTEGRITY,
                "'%s': a text of %u bytes at %u of the parent locator; it has %u, and %zu are taken",
                vhdx->base.in->name, len, at, vhdx->locator_bytes, sizeof(units));
        return NULL;
    }
    for (uint32_t i = 0; i < len / 2; i++)
        units[i] = le16_get(vhdx->locator + at + (size_t)i * 2);
    return sw_utf16_to_utf8(units, len / 2, err);
}

/* *value: the value of a key, or NULL when it is not there. */
static int find_value(const struct vhdx_image *vhdx, const char *key, char **value, struct sw_err *err)
{
    const struct vhdx_locator *locator = (const struct vhdx_locator *)vhdx->locator;
    const struct vhdx_locator_entry *entries =
        (const struct vhdx_locator_entry *)(vhdx->locator + sizeof(*locator));
    uint32_t n = le16_get(locator->count);

    *value = NULL;
    if ((vhdx->locator_bytes - sizeof(*locator)) / sizeof(*entries) < n)
        return sw_fail(err, SW_INTEGRITY, "'%s': %u entries do not fit into a parent locator of %u bytes",
                       vhdx->base.in->name, n, vhdx->locator_bytes);
    for (uint32_t i = 0; i < n; i++) {
        SW_AUTO_FREE char *name =
            text_at(vhdx, le32_get(entries[i].key_offset), le16_get(entries[i].key_length), err);

        if (name == NULL)
            return -1;
        if (strcmp(name, key) != 0)
            continue;
        *value = text_at(vhdx, le32_get(entries[i].value_offset), le16_get(entries[i].value_length), err);
        return *value != NULL ? 0 : -1;
    }
    return 0;
}

/* Folders that it names are another machine's: only the last part of a path means anything here. */
static int find_name(struct vhdx_image *vhdx, struct sw_err *err)
{
    static const uint8_t type[] = VHDX_GUID_PARENT_VHDX;
    static const char *const keys[] = {"relative_path", "absolute_win32_path"};

    if (memcmp(((const struct vhdx_locator *)vhdx->locator)->type, type, sizeof(type)) != 0)
        return sw_fail(err, SW_REFUSED, "'%s': its parent locator is of a type that is not known",
                       vhdx->base.in->name);
    for (size_t i = 0; i < SW_ARRAY_LEN(keys) && vhdx->parent_name == NULL; i++)
        if (find_value(vhdx, keys[i], &vhdx->parent_name, err) < 0)
            return -1;
    if (vhdx->parent_name == NULL)
        return sw_fail(err, SW_INTEGRITY, "'%s': its parent locator has no %s", vhdx->base.in->name, keys[0]);
    (void)sw_portable_name(vhdx->parent_name, false);
    vhdx->base.parent_name = vhdx->parent_name;
    vhdx->base.parent_format = sw_format_vhdx.name;
    return 0;
}

/* "{8-4-4-4-12}" into the order of the file. */
static bool parse_guid(const char *text, uint8_t guid[VHDX_GUID_BYTES])
{
    static const uint8_t order[VHDX_GUID_BYTES] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    const char *at = text + 1;

    if (strlen(text) != 38 || text[0] != '{' || text[37] != '}')
        return false;
    for (size_t i = 0; i < VHDX_GUID_BYTES; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
            return false;
        if (sw_unhex(at, 2, &guid[order[i]], 1) < 0)
            return false;
        at += 2;
    }
    return true;
}

/* The parent's last write must be one that the child was made over; a merge in progress leaves two of them. */
static int check_linkage(const struct vhdx_image *vhdx, const uint8_t have[VHDX_GUID_BYTES],
                         struct sw_err *err)
{
    static const char *const keys[] = {"parent_linkage", "parent_linkage2"};

    for (size_t i = 0; i < SW_ARRAY_LEN(keys); i++) {
        SW_AUTO_FREE char *text = NULL;
        uint8_t guid[VHDX_GUID_BYTES];

        if (find_value(vhdx, keys[i], &text, err) < 0)
            return -1;
        if (text == NULL && i == 0)
            return sw_fail(err, SW_INTEGRITY, "'%s': its parent locator has no %s", vhdx->base.in->name,
                           keys[i]);
        if (text == NULL)
            continue;
        if (!parse_guid(text, guid))
            return sw_fail(err, SW_INTEGRITY, "'%s': %s '%.60s' in the parent locator is not a GUID",
                           vhdx->base.in->name, keys[i], text);
        if (memcmp(guid, have, sizeof(guid)) == 0)
            return 0;
    }
    return sw_fail(err, SW_INTEGRITY, "'%s': '%s' is not the parent it was made over: its identifier differs",
                   vhdx->base.in->name, vhdx->parent_name);
}

int vhdx_open_parent(struct vhdx_image *vhdx, const struct sw_open_opts *opts, struct sw_err *err)
{
    const struct sw_image *parent;

    if (find_name(vhdx, err) < 0)
        return -1;
    if (opts->top_only)
        return 0;
    if (opts->parents == NULL)
        return sw_fail(
            err, SW_REFUSED,
            "'%s' is a differencing disk over '%.200s': without its parent its content is not known",
            vhdx->base.in->name, vhdx->parent_name);
    if (opts->parents->open(opts->parents, vhdx->parent_name, sw_format_vhdx.name, &vhdx->base.parent, err) <
        0)
        return sw_context(err, "parent of '%s'", vhdx->base.in->name);
    parent = vhdx->base.parent;
    if (parent->format != &sw_format_vhdx)
        return sw_fail(err, SW_INTEGRITY, "'%s': its parent '%.200s' is %s, not vhdx", vhdx->base.in->name,
                       vhdx->parent_name, parent->format->name);
    return check_linkage(vhdx, ((const struct vhdx_image *)parent)->data_write_guid, err);
}
