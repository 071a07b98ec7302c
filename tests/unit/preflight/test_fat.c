/* FAT file systems of all three kinds, and broken ones; and what partitions hold. From the fuzz corpora. */
#include "tests/unit/testing.h"

#include "src/base/cleanup.h"
#include "src/preflight/content.h"
#include "src/preflight/fat.h"

#define CORPUS SLIPWAY_SOURCE "/tests/fuzz/corpus/"

struct lister {
    struct fat_visitor base;
    char names[1024];
    uint8_t head[FAT_HEAD]; /* of the first */
};

static int list(struct fat_visitor *self, const struct fat *fat, const struct fat_file *file,
                struct sw_err *err)
{
    struct lister *lister = (struct lister *)self;

    if (lister->names[0] == '\0' && fat_head(fat, file, lister->head, FAT_HEAD, err) < 0)
        return -1;
    if (strlen(lister->names) + strlen(file->path) + 2 < sizeof(lister->names))
        strcat(strcat(lister->names, file->path), "\n");
    return 0;
}

static struct sw_image *open_image(const char *folder, const char *name)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;
    struct sw_image *img = NULL;
    char path[512];

    snprintf(path, sizeof(path), CORPUS "%s/%s", folder, name);
    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, "raw", NULL, &img, &err), err);
    return img;
}

/* 0, or -1 and err. */
static int walk(const char *name, struct lister *lister, unsigned *bits, struct sw_err *err)
{
    struct sw_image *img = open_image("fat", name);
    struct span span = span_disk(img);
    struct fat fat = {.bits = 0};
    int rc;

    *lister = (struct lister){.base = {.file = list}};
    rc = fat_open(&span, &fat, err) < 0 || fat_walk(&fat, &lister->base, err) < 0 ? -1 : 0;
    *bits = fat.bits;
    sw_image_close(img);
    return rc;
}

static void files_of_all_three_kinds_are_listed_by_their_long_names(void **state)
{
    static const struct {
        const char *name;
        unsigned bits;
    } kinds[] = {{"fat12", 12}, {"fat16", 16}, {"fat32", 32}, {"fat32-small", 32}};
    struct sw_err err = {.code = SW_OK};
    struct lister lister;
    unsigned bits;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++) {
        assert_ok(walk(kinds[i].name, &lister, &bits, &err), err);
        assert_int_equal(bits, kinds[i].bits);
        assert_string_equal(lister.names,
                            "/EFI/BOOT/BOOTX64.EFI\n/EFI/BOOT/grub \xc3\xa9\xe4\xb8\xad configuration.cfg\n");
        assert_memory_equal(lister.head, "MZ", 2);
    }
}

static void a_chain_that_comes_back_and_a_cut_one_end_with_an_error(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct lister lister;
    unsigned bits;

    (void)state;
    assert_failed(walk("loop", &lister, &bits, &err), err, SW_INTEGRITY, "");
    err = (struct sw_err){.code = SW_OK};
    assert_failed(walk("cut", &lister, &bits, &err), err, SW_INTEGRITY, "");
}

static void content_is_told_by_its_magic(void **state)
{
    static const char *const kinds[][2] = {
        {"ext4", "ext4"},   {"xfs", "xfs"},   {"btrfs", "btrfs"},  {"luks", "LUKS"},
        {"lvm", "LVM2"},    {"swap", "swap"}, {"md-at-end", "md"}, {"bitlocker", "BitLocker"},
        {"empty", "empty"}, {"ntfs", "ntfs"}};
    struct sw_err err = {.code = SW_OK};
    struct content content;

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct sw_image *img = open_image("content", kinds[i][0]);
        struct span span = span_disk(img);

        assert_ok(content_read(&span, &content, &err), err);
        assert_string_equal(content.kind, kinds[i][1]);
        if (strcmp(content.kind, "ext4") == 0) {
            assert_string_equal(content.uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f");
            assert_int_equal(content.state, CONTENT_CLEAN);
        }
        sw_image_close(img);
    }
}

static void an_ntfs_says_whether_it_is_to_be_checked(void **state)
{
    static const struct {
        const char *name;
        enum content_state state;
        const char *label;
    } cases[] = {{"ntfs", CONTENT_CLEAN, "Dr\xef\xbf\xbdve"},
                 {"ntfs-dirty", CONTENT_DIRTY, "Dr\xef\xbf\xbdve"},
                 {"ntfs-torn", CONTENT_STATE_UNKNOWN, ""}};
    struct sw_err err = {.code = SW_OK};
    struct content content;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        struct sw_image *img = open_image("content", cases[i].name);
        struct span span = span_disk(img);

        assert_ok(content_read(&span, &content, &err), err);
        assert_int_equal(content.state, cases[i].state);
        assert_string_equal(content.label, cases[i].label);
        sw_image_close(img);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_all_three_kinds_are_listed_by_their_long_names),
        cmocka_unit_test(a_chain_that_comes_back_and_a_cut_one_end_with_an_error),
        cmocka_unit_test(content_is_told_by_its_magic),
        cmocka_unit_test(an_ntfs_says_whether_it_is_to_be_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
