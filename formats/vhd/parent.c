/* A differencing VHD's parent: the name from its locators, opened only by the caller's resolver. */
#include "formats/vhd/vhd.h"
#include "src/base/buf.h"
#include "src/base/endian.h"

#include <string.h>

/* A path in a locator is at most this long, in UTF-16 code units. */
enum { NAME_MAX_UNITS = 1024 };

static int put_utf8(struct sw_buf *out, uint32_t c, struct sw_err *err)
{
    char text[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n - 1; i > 0; i--) {
        text[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    text[0] = (char)(lead[n] | c);
    return sw_buf_append(out, text, n, err);
}

/* Code units in host order, up to the first 0, as UTF-8. A lone surrogate is refused. */
static char *to_utf8(const uint16_t *units, size_t n, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf out = {0};

    if (sw_buf_puts(&out, "", err) < 0)
        return NULL;
    for (size_t i = 0; i < n && units[i] != 0; i++) {
        uint32_t c = units[i];

        if (c >= 0xd800 && c < 0xe000) {
            if (c >= 0xdc00 || i + 1 == n || units[i + 1] < 0xdc00 || units[i + 1] >= 0xe000) {
                sw_fail(err, SW_INTEGRITY, "the parent's name is not UTF-16");
                return NULL;
            }
            c = 0x10000 + ((c - 0xd800) << 10) + (units[++i] - 0xdc00u);
        }
        if (put_utf8(&out, c, err) < 0)
            return NULL;
    }
    return sw_buf_steal(&out);
}

/* A locator's path; UTF-16, little endian, unlike all else in the file. */
static char *locator_name(struct vhd_image *vhd, const struct vhd_locator *locator, struct sw_err *err)
{
    uint8_t bytes[2 * NAME_MAX_UNITS];
    uint16_t units[NAME_MAX_UNITS];
    uint32_t len = be32_get(locator->data_length);

    if (len > sizeof(bytes)) {
        sw_fail(err, SW_INTEGRITY, "'%s': a parent locator of %u bytes; at most %zu are taken",
                vhd->base.in->name, len, sizeof(bytes));
        return NULL;
    }
    if (sw_in_read(vhd->base.in, bytes, len, be64_get(locator->data_offset), err) < 0)
        return NULL;
    for (uint32_t i = 0; i < len / 2; i++)
        units[i] = le16_get(bytes + (size_t)i * 2);
    return to_utf8(units, len / 2, err);
}

static char *header_name(const struct vhd_header *header, struct sw_err *err)
{
    uint16_t units[VHD_PARENT_NAME_UNITS];

    for (size_t i = 0; i < VHD_PARENT_NAME_UNITS; i++)
        units[i] = be16_get(header->parent_name + 2 * i);
    return to_utf8(units, VHD_PARENT_NAME_UNITS, err);
}

/* Windows' separators become ours; of a path from another machine's root only the last part means anything here. */
static char *portable(char *name, bool relative)
{
    char *last;

    for (char *at = name; *at != '\0'; at++)
        if (*at == '\\')
            *at = '/';
    last = strrchr(name, '/');
    if (!relative && last != NULL)
        memmove(name, last + 1, strlen(last + 1) + 1);
    return name;
}

/* By the relative path when there is one, then the absolute one, then the bare name of the header. */
static char *parent_name(struct vhd_image *vhd, const struct vhd_header *header, struct sw_err *err)
{
    static const char platforms[][5] = {"W2ru", "W2ku"};
    char *name;

    for (size_t p = 0; p < SW_ARRAY_LEN(platforms); p++)
        for (size_t i = 0; i < VHD_LOCATORS; i++)
            if (memcmp(header->locators[i].platform, platforms[p], 4) == 0) {
                name = locator_name(vhd, &header->locators[i], err);
                return name != NULL ? portable(name, p == 0) : NULL;
            }
    name = header_name(header, err);
    return name != NULL ? portable(name, false) : NULL;
}

static int check_parent(struct vhd_image *vhd, const struct vhd_header *header, const char *name,
                        struct sw_err *err)
{
    struct sw_image *parent = vhd->base.parent;

    if (parent->format != &sw_format_vhd)
        return sw_fail(err, SW_INTEGRITY, "'%s': its parent '%s' is %s, not vhd", vhd->base.in->name, name,
                       parent->format->name);
    if (memcmp(vhd_of(parent)->uuid, header->parent_uuid, sizeof(header->parent_uuid)) != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': '%s' is not the parent it was made over: its identifier differs",
                       vhd->base.in->name, name);
    return 0;
}

int vhd_open_parent(struct vhd_image *vhd, const struct vhd_header *header, const struct sw_open_opts *opts,
                    struct sw_err *err)
{
    SW_AUTO_FREE char *name = parent_name(vhd, header, err);

    if (name == NULL)
        return -1;
    if (opts->parents == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is a differencing disk over '%s': without its parent its content is not known",
                       vhd->base.in->name, name);
    if (opts->parents->open(opts->parents, name, "vhd", &vhd->base.parent, err) < 0)
        return sw_context(err, "parent of '%s'", vhd->base.in->name);
    return check_parent(vhd, header, name, err);
}
