/* FAT file systems of any bytes: walked, and the first bytes of every file read. */
#include "src/preflight/fat.h"
#include "tests/fuzz/fuzz_disk.h"

struct reader {
    struct fat_visitor base;
    unsigned files;
};

static int read_head(struct fat_visitor *self, const struct fat *fat, const struct fat_file *file,
                     struct sw_err *err)
{
    uint8_t head[FAT_HEAD];

    if (file->path[0] != '/' || strlen(file->path) >= FAT_PATH ||
        ++((struct reader *)self)->files > FAT_FILES)
        abort();
    for (const char *at = file->path; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            abort();
    return fat_head(fat, file, head, sizeof(head), err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = {.base = {.file = read_head}};
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    struct span span;
    struct fat fat;

    if (sw_image_open(mem_in(data, size), "raw", NULL, &img, &err) < 0)
        return 0;
    span = span_disk(img);
    if ((fat_open(&span, &fat, &err) < 0 || fat_walk(&fat, &reader.base, &err) < 0) && err.text[0] == '\0')
        abort();
    sw_image_close(img);
    return 0;
}
