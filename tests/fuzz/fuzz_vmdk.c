/* VMDK files of any bytes. The extents and parents that they name are pieces of the same bytes. */
#include "src/base/fs.h"
#include "tests/fuzz/fuzz_disk.h"

enum { FUZZ_CHAIN_MAX = 3 };

struct pieces {
    struct sw_parent_resolver base;
    const uint8_t *data;
    size_t size;
    unsigned depth; /* of parents */
};

/* The name's number is the sector at which the piece begins; a name without one is not there. */
static int find_piece(const struct pieces *pieces, const char *name, struct sw_in **in, struct sw_err *err)
{
    char *end;
    unsigned long sector = strtoul(name, &end, 10);

    if (end == name || sector >= pieces->size / SW_SECTOR_BYTES)
        return sw_fail(err, SW_FAILED, "no piece '%s'", name);
    *in = mem_in(pieces->data + sector * SW_SECTOR_BYTES, pieces->size - sector * SW_SECTOR_BYTES);
    return 0;
}

static int open_file(struct sw_parent_resolver *self, const char *name, struct sw_in **in, struct sw_err *err)
{
    if (!sw_is_file_name(name))
        abort();
    return find_piece((const struct pieces *)self, name, in, err);
}

static int open_parent(struct sw_parent_resolver *self, const char *name, const char *format,
                       struct sw_image **out, struct sw_err *err)
{
    struct pieces *pieces = (struct pieces *)self;
    struct sw_open_opts opts = {.parents = self};
    struct sw_in *in = NULL;
    int rc;

    if (pieces->depth == FUZZ_CHAIN_MAX)
        return sw_fail(err, SW_REFUSED, "enough parents");
    if (find_piece(pieces, name, &in, err) < 0)
        return -1;
    pieces->depth++;
    rc = sw_image_open(in, format, &opts, out, err);
    pieces->depth--;
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = {
        .base = {.open = open_parent, .open_file = open_file}, .data = data, .size = size};
    const struct sw_open_opts opts = {.parents = &pieces.base};

    fuzz_open(data, size, "vmdk");
    fuzz_open_with(data, size, "vmdk", &opts);
    return 0;
}
