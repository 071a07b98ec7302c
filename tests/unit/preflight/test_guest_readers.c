/* Readers of what a guest's disks hold: initramfs of every compression, heads of kernels, LVM's text; what a look wrote. */
#include "tests/unit/testing.h"

#include "slipway/guest.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/preflight/guest.h"
#include "src/preflight/initramfs.h"
#include "src/preflight/lvm.h"

#define CORPUS SLIPWAY_SOURCE "/tests/fuzz/corpus/"

static struct sw_buf bytes_of(const char *name)
{
    struct sw_buf out = {0};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_strf(&err, CORPUS "%s", name);

    assert_non_null(path);
    assert_ok(sw_read_file(path, 1 << 20, &out, &err), err);
    return out;
}

struct counter {
    struct initramfs_visitor base;
    unsigned drivers;
};

static int count(struct initramfs_visitor *self, const char *name, unsigned mode, struct sw_err *err)
{
    (void)mode;
    (void)err;
    ((struct counter *)self)->drivers += strstr(name, ".ko") != NULL;
    return 0;
}

static int read_initramfs(const char *name, struct counter *counter, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf bytes = bytes_of(name);

    *counter = (struct counter){.base = {.entry = count}};
    return initramfs_read((const uint8_t *)bytes.data, bytes.len, &counter->base, err);
}

static void an_initramfs_of_any_compression_behind_its_microcode_is_read(void **state)
{
    static const char *const packers[] = {"gzip", "xz", "zstd", "lz4", "bzip2", "lzma"};
    struct sw_err err = {.code = SW_OK};
    struct counter counter;
    char name[64];

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(packers); i++) {
        snprintf(name, sizeof(name), "initramfs/%s", packers[i]);
        assert_ok(read_initramfs(name, &counter, &err), err);
        assert_int_equal(counter.drivers, 3);
        assert_true(counter.base.early);
        assert_string_equal(counter.base.compressed, packers[i]);
    }
    assert_ok(read_initramfs("initramfs/none", &counter, &err), err);
    assert_int_equal(counter.drivers, 3);
    assert_null(counter.base.compressed);
}

static void an_initramfs_that_is_cut_or_damaged_says_so(void **state)
{
    SW_AUTO_BUF struct sw_buf whole = bytes_of("initramfs/gzip");
    struct counter counter;
    struct sw_err err = {.code = SW_OK};
    size_t failed = 0;

    (void)state;
    assert_failed(read_initramfs("initramfs/cut", &counter, &err), err, SW_INTEGRITY, "");
    assert_failed(read_initramfs("initramfs/long-name", &counter, &err), err, SW_INTEGRITY, "too long");
    /* Cut anywhere but within the zeros between the archives, and before what follows the trailer. */
    for (size_t len = 0; len < whole.len - 64; len++) {
        struct sw_err cause = {.code = SW_OK};

        counter = (struct counter){.base = {.entry = count}};
        failed += initramfs_read((const uint8_t *)whole.data, len, &counter.base, &cause) < 0;
    }
    assert_true(failed >= whole.len - 64 - 1024);
}

/* What one archive after the other is made of: a bomb of names is stopped. */
static void an_initramfs_without_end_is_stopped(void **state)
{
    char entry[110];
    SW_AUTO_BUF struct sw_buf bytes = {0};
    struct counter counter = {.base = {.entry = count}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    memset(entry, '0', sizeof(entry));
    memcpy(entry, "070701", 6);
    entry[101] = '2';
    for (unsigned i = 0; i <= INITRAMFS_ENTRIES_MAX; i++) {
        assert_ok(sw_buf_append(&bytes, entry, sizeof(entry), &err), err);
        assert_ok(sw_buf_append(&bytes, "a\0", 2, &err), err);
    }
    assert_failed(initramfs_read((const uint8_t *)bytes.data, bytes.len, &counter.base, &err), err,
                  SW_INTEGRITY, "more than 200000 entries");
}

static void the_version_is_in_the_kernels_head(void **state)
{
    SW_AUTO_BUF struct sw_buf head = bytes_of("initramfs/kernel");
    char version[64];

    (void)state;
    assert_true(kernel_version((const uint8_t *)head.data, head.len, version, sizeof(version)));
    assert_string_equal(version, "6.1.0-25-amd64");
    assert_false(kernel_version((const uint8_t *)head.data, 0x201, version, sizeof(version)));
    assert_false(kernel_version((const uint8_t *)head.data, 0xa00, version, sizeof(version)));
}

static int read_lvm(const char *name, struct lvm *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf bytes = bytes_of(name);
    struct sw_image *img = NULL;
    struct sw_in *in = NULL;
    struct span span;
    int rc;

    assert_ok(sw_in_open_bytes(bytes.data, bytes.len, "volume", &in, err), *err);
    assert_ok(sw_image_open(in, "raw", NULL, &img, err), *err);
    span = span_disk(img);
    rc = lvm_read(&span, out, err);
    sw_image_close(img);
    return rc;
}

static void a_volume_names_its_group_and_all_that_belong_to_it(void **state)
{
    static struct lvm lvm;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(read_lvm("lvm/group", &lvm, &err), err);
    assert_string_equal(lvm.group, "vg0");
    assert_int_equal(lvm.nr_volumes, 2);
    assert_string_equal(lvm.volumes[0], lvm.id);
    assert_string_not_equal(lvm.volumes[1], lvm.id);
    assert_false(lvm.thin);
    assert_ok(read_lvm("lvm/thin", &lvm, &err), err);
    assert_true(lvm.thin);
    assert_failed(read_lvm("look/whole", &lvm, &err), err, SW_INTEGRITY, "label");
}

static void what_a_look_wrote_is_read_or_refused_as_a_whole(void **state)
{
    static const char *const bad[] = {"no-end", "behind-the-end", "longer-than-it-is", "nul-in-a-name",
                                      "kind"};
    SW_AUTO_BUF struct sw_buf whole = bytes_of("look/whole");
    struct sw_err err = {.code = SW_OK};
    struct sw_look *look = NULL;
    char name[64];

    (void)state;
    assert_ok(sw_look_read(whole.data, whole.len, &look, &err), err);
    assert_int_equal(look->n, 3);
    assert_int_equal(look->entries[0].kind, SW_LOOK_DEVICE);
    assert_string_equal(look->entries[1].path, "/etc/fstab");
    assert_memory_equal(look->entries[1].data, "UUID=1", 6);
    sw_look_free(look);
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++) {
        snprintf(name, sizeof(name), "look/%s", bad[i]);
        SW_AUTO_BUF struct sw_buf bytes = bytes_of(name);

        assert_failed(sw_look_read(bytes.data, bytes.len, &look, &err), err, SW_INTEGRITY, "makes no sense");
    }
}

static void lines_of_fstab_mean_devices_by_any_of_their_names(void **state)
{
    static const struct {
        const char *spec;
        int device; /* -1: none, and it can be told; -2: nobody can tell */
    } rows[] = {{"UUID=7195ca57-0000-4000-8000-000000000003", 0},
                {"UUID=7195CA57-0000-4000-8000-000000000003", 0},
                {"LABEL=root", 0},
                {"LABEL=\"root\"", 0},
                {"PARTUUID=12345678-01", 0},
                {"/dev/sda1", 0},
                {"/dev/xvda1", 0},
                {"/dev/nvme0n1p1", 0},
                {"/dev/disk/by-uuid/7195ca57-0000-4000-8000-000000000003", 0},
                {"/dev/mapper/vg--a-root", 1},
                {"/dev/vg-a/root", 1},
                {"UUID=", -1},
                {"UUID=1", -1},
                {"/dev/sdb1", -1},
                {"/dev/disk/by-id/scsi-1", -1},
                {"/dev/vg-a/home", -1},
                {"tmpfs", -2},
                {"/dev/cdrom", -2},
                {"nas:/home", -2}};
    struct guest *guest = calloc(1, sizeof(*guest));

    (void)state;
    assert_non_null(guest);
    guest->nr_disks = 1;
    guest->nr_devices = 2;
    guest->devices[0] = (struct guest_device){.name = "sda1",
                                              .disks = 1,
                                              .part = 1,
                                              .label = "root",
                                              .uuid = "7195ca57-0000-4000-8000-000000000003",
                                              .part_uuid = "12345678-01"};
    guest->devices[1] = (struct guest_device){.name = "dm-0", .disks = 1, .dm = "vg--a-root"};
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        bool told;
        const struct guest_device *device = guest_device_of(guest, rows[i].spec, &told);

        if (told != (rows[i].device != -2) ||
            device != (rows[i].device >= 0 ? &guest->devices[rows[i].device] : NULL))
            fail_msg("%s", rows[i].spec);
    }
    free(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_initramfs_of_any_compression_behind_its_microcode_is_read),
        cmocka_unit_test(an_initramfs_that_is_cut_or_damaged_says_so),
        cmocka_unit_test(an_initramfs_without_end_is_stopped),
        cmocka_unit_test(the_version_is_in_the_kernels_head),
        cmocka_unit_test(a_volume_names_its_group_and_all_that_belong_to_it),
        cmocka_unit_test(what_a_look_wrote_is_read_or_refused_as_a_whole),
        cmocka_unit_test(lines_of_fstab_mean_devices_by_any_of_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
