/* What a folder lies on, by a made-up /sys and by a text of mounts. */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/base/medium.h"

#include <linux/magic.h>
#include <sys/vfs.h>

static void file(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};
    char *dir = sw_path_dir(path, &err);

    assert_ok(sw_mkdir_p(dir, 0755, &err), err);
    assert_ok(sw_write_file(path, text, strlen(text), 0644, &err), err);
    free(dir);
}

static void folder(const char *path)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_mkdir_p(path, 0755, &err), err);
}

static void an_encrypted_device_is_known_by_what_it_is_made_of(void **state)
{
    (void)state;
    folder("sys/dev/block/8:0"); /* a disk */
    file("sys/dev/block/253:0/dm/uuid", "CRYPT-LUKS2-0123-home\n");
    file("sys/dev/block/253:1/dm/uuid", "LVM-abc\n"); /* on the encrypted one */
    file("sys/dev/block/253:1/slaves/dm-0/dm/uuid", "CRYPT-PLAIN-x\n");
    file("sys/dev/block/253:2/dm/uuid", "LVM-def\n"); /* half of it on a plain one */
    file("sys/dev/block/253:2/slaves/dm-0/dm/uuid", "CRYPT-PLAIN-x\n");
    folder("sys/dev/block/253:2/slaves/sda");
    file("sys/dev/block/253:3/dm/uuid", "XCRYPT-\n");
    folder("sys/dev/block/253:4/slaves"); /* of nothing */
    assert_false(sw_device_is_encrypted("sys", 8, 0));
    assert_true(sw_device_is_encrypted("sys", 253, 0));
    assert_true(sw_device_is_encrypted("sys", 253, 1));
    assert_false(sw_device_is_encrypted("sys", 253, 2));
    assert_false(sw_device_is_encrypted("sys", 253, 3));
    assert_false(sw_device_is_encrypted("sys", 253, 4));
    assert_false(sw_device_is_encrypted("sys", 9, 9));
}

static void only_what_encrypts_counts_as_encrypted(void **state)
{
    static const char *const good[] = {"LUKS1", "LUKS2", "PLAIN", "TCRYPT", "BITLK", "FVAULT2"};
    static const char *const bad[] = {"INTEGRITY-x\n", "VERITY-x\n", "SUBDEV-x\n", "LUKS3-x\n",
                                      "LUKS2\n",       "\n",         "PLAINER-x"};
    char path[64], uuid[64];

    (void)state;
    for (unsigned i = 0; i < SW_ARRAY_LEN(good); i++) {
        snprintf(path, sizeof(path), "sys/dev/block/252:%u/dm/uuid", i);
        snprintf(uuid, sizeof(uuid), "CRYPT-%s-0123-x\n", good[i]);
        file(path, uuid);
        if (!sw_device_is_encrypted("sys", 252, i))
            fail_msg("%s", uuid);
    }
    for (unsigned i = 0; i < SW_ARRAY_LEN(bad); i++) {
        snprintf(path, sizeof(path), "sys/dev/block/251:%u/dm/uuid", i);
        snprintf(uuid, sizeof(uuid), "CRYPT-%s", bad[i]);
        file(path, uuid);
        if (sw_device_is_encrypted("sys", 251, i))
            fail_msg("%s", uuid);
    }
    /* They are as what they lie on. */
    file("sys/dev/block/251:0/slaves/dm-0/dm/uuid", "CRYPT-LUKS2-0123-x\n");
    assert_true(sw_device_is_encrypted("sys", 251, 0));
    folder("sys/dev/block/251:1/slaves/sda");
    assert_false(sw_device_is_encrypted("sys", 251, 1));
}

static void a_partition_is_as_its_disk_is(void **state)
{
    (void)state;
    file("sys/real/dm-5/dm/uuid", "CRYPT-LUKS2-x\n");
    file("sys/real/dm-5/dm-5p1/partition", "1\n");
    folder("sys/real/sdb");
    file("sys/real/sdb/sdb1/partition", "1\n");
    assert_int_equal(symlink("../../real/dm-5/dm-5p1", "sys/dev/block/253:9"), 0);
    assert_int_equal(symlink("../../real/sdb/sdb1", "sys/dev/block/8:17"), 0);
    assert_true(sw_device_is_encrypted("sys", 253, 9));
    assert_false(sw_device_is_encrypted("sys", 8, 17));
}

static void a_device_that_is_its_own_part_ends_the_search(void **state)
{
    (void)state;
    folder("sys/dev/block/7:7/slaves");
    assert_int_equal(symlink("../../7:7", "sys/dev/block/7:7/slaves/self"), 0);
    assert_false(sw_device_is_encrypted("sys", 7, 7));
}

static void a_mount_tells_its_source(void **state)
{
    static const char text[] =
        "22 1 0:30 / / rw,relatime shared:1 - btrfs /dev/mapper/root rw,space_cache\n"
        "23 22 0:31 / /x rw master:3 propagate_from:2 - overlay overlay rw,lowerdir=/a\n"
        "24 22 8:1 / /boot rw - ext4 /dev/sda1 rw\n"
        "garbage\n"
        "25 22 0:32 / /y rw - fuse\n"
        "26 22 0:30 /sub /sub rw - btrfs /dev/sdb rw\n";
    char source[32], tiny[4];

    (void)state;
    assert_true(sw_mount_source(text, 22, source, sizeof(source)));
    assert_string_equal(source, "/dev/mapper/root");
    assert_true(sw_mount_source(text, 23, source, sizeof(source)));
    assert_string_equal(source, "overlay");
    assert_true(sw_mount_source(text, 24, source, sizeof(source)));
    /* The same device numbers, another mount. */
    assert_true(sw_mount_source(text, 26, source, sizeof(source)));
    assert_string_equal(source, "/dev/sdb");
    assert_false(sw_mount_source(text, 25, source, sizeof(source)));
    assert_false(sw_mount_source(text, 2, source, sizeof(source)));
    assert_false(sw_mount_source(text, 0, source, sizeof(source)));
    assert_false(sw_mount_source(text, 22, tiny, sizeof(tiny)));
    assert_false(sw_mount_source("", 22, source, sizeof(source)));
}

static void memory_is_known(void **state)
{
    struct sw_err err = {.code = SW_OK};
    enum sw_medium medium;
    struct statfs fs;

    (void)state;
    assert_failed(sw_medium_of("/nowhere/at/all", &medium, &err), err, SW_FAILED, "/nowhere/at/all");
    if (statfs("/dev/shm", &fs) < 0 || fs.f_type != TMPFS_MAGIC) /* in a bare chroot it is a folder */
        skip();
    assert_ok(sw_medium_of("/dev/shm", &medium, &err), err);
    assert_int_equal(medium, SW_MEDIUM_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_encrypted_device_is_known_by_what_it_is_made_of),
        cmocka_unit_test(only_what_encrypts_counts_as_encrypted),
        cmocka_unit_test(a_partition_is_as_its_disk_is),
        cmocka_unit_test(a_device_that_is_its_own_part_ends_the_search),
        cmocka_unit_test(a_mount_tells_its_source),
        cmocka_unit_test(memory_is_known),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
