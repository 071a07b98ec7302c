/* Journals of copies: any bytes behind a right digest, and any state in each writer. */
#include "src/copy/journal.h"
#include "src/copy/nowhere.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DISK_BYTES = 40 << 20 };

/* What a writer takes, it can be finished with. */
static void restore(const struct sw_format *format, const char *subformat, const uint8_t *data, size_t size)
{
    struct sw_create_opts create = {.size_bytes = DISK_BYTES, .subformat = subformat};
    bool is_qcow2 = format == sw_format_by_name("qcow2");
    struct sw_out out = {.ops = &nowhere_ops, .fd = -1, .name = "out"};
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    /* Small tables make small inputs. */
    create.unit_bytes = is_qcow2 ? 4096 : 0;
    if (format->create(&out, &create, &img, &err) < 0)
        abort();
    if (format->restore(img, DISK_BYTES / 2, data, size, &err) == 0)
        (void)!format->finish(img, &err);
    else if (err.code == SW_OK || err.text[0] == '\0')
        abort();
    sw_image_close(img);
}

static void parse(const uint8_t *data, size_t size)
{
    AUTO_JOURNAL struct journal journal = {.source = NULL};
    struct sw_err err = {0};
    uint8_t digest[SW_SHA256_BYTES];
    char *bytes = malloc(SW_SHA256_HEX + size);

    if (bytes == NULL || sw_sha256(data, size, digest, &err) < 0)
        abort();
    sw_hex(digest, sizeof(digest), bytes);
    bytes[SW_SHA256_HEX - 1] = '\n';
    if (size > 0)
        memcpy(bytes + SW_SHA256_HEX, data, size);
    if (journal_parse(bytes, SW_SHA256_HEX + size, &journal, &err) == 0 &&
        (journal.made.read_bytes > journal.made.point || journal.state_len > size))
        abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(data, size);
    for (const struct sw_format *const *format = sw_formats; *format != NULL; format++) {
        if ((*format)->restore == NULL)
            continue;
        restore(*format, NULL, data, size);
        for (const char *const *at = (*format)->subformats; at != NULL && *at != NULL; at++)
            restore(*format, *at, data, size);
    }
    return 0;
}
