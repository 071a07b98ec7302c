/* What lies beneath an overlay of a sealed store, and where its scratch may lie. */
#include "tests/unit/store/layer_case.h"

#include "slipway/envelope.h"
#include "src/base/medium.h"
#include "src/base/sockets.h"
#include "src/build/beneath.h"

#include <sched.h>
#include <sys/mount.h>

static struct sw_store *store;

static struct sw_keyring *ring(enum sw_key_use use)
{
    struct sw_err err = {0};
    struct sw_keyring *keys = sw_keyring_new(use, &err);
    const uint8_t key[32] = {1};

    assert_ok(sw_write_file("store.key", key, sizeof(key), 0600, &err), err);
    assert_ok(sw_keyring_add(keys, "aes:store.key", &err), err);
    return keys;
}

static int setup(void **state)
{
    struct sw_keyring *to, *from;
    struct sw_err err = {0};

    if (enter_empty_folder(state) < 0)
        return -1;
    to = ring(SW_KEY_SEAL);
    from = ring(SW_KEY_OPEN);
    assert_ok(sw_store_init_sealed("store", to, &err), err);
    assert_ok(sw_store_open("store", true, &store, &err), err);
    assert_ok(sw_store_unlock(store, from, NULL, &err), err);
    sw_keyring_free(to);
    sw_keyring_free(from);
    return 0;
}

static int teardown(void **state)
{
    sw_store_close(store);
    return leave_folder(state);
}

/* An absolute folder that is this user's alone, whose name has so many bytes. */
static char *private_folder(size_t len)
{
    char *path = malloc(len + 1);
    struct sw_err err = {0};
    size_t at;

    assert_non_null(getcwd(path, len + 1));
    at = strlen(path);
    path[at++] = '/';
    for (; at < len; at++)
        path[at] = at % 50 == 0 && at + 1 < len ? '/' : 'x';
    path[len] = '\0';
    assert_ok(sw_mkdir_p(path, 0700, &err), err);
    return path;
}

static void a_socket_that_would_have_too_long_a_name_lies_in_tmp(void **state)
{
    struct beneath beneath = {.name = NULL};
    char *longer = private_folder(150), *shorter = private_folder(60), *made;
    struct sw_store_made base;
    struct sw_err err = {0};
    struct stat st;

    (void)state;
    write_disk("disk", 1);
    base = ingest(store, "disk", 1);
    assert_ok(beneath_open(store, base.layer.digest, longer, &beneath, &err), err);
    assert_string_equal(beneath.format, "raw");
    assert_non_null(strstr(beneath.name, sw_sockets_dir(beneath.sockets)));
    assert_int_equal(lstat(sw_sockets_dir(beneath.sockets), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    made = strdup(sw_sockets_dir(beneath.sockets));
    beneath_close(&beneath);
    assert_false(sw_path_exists(made));
    assert_ok(beneath_open(store, base.layer.digest, shorter, &beneath, &err), err);
    assert_string_equal(sw_sockets_dir(beneath.sockets), shorter);
    assert_non_null(strstr(beneath.name, shorter));
    beneath_close(&beneath);
    free(made);
    free(longer);
    free(shorter);
}

/* Bits where the data lies: behind the tables, before the hole. */
static void flip(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat st;
    uint8_t byte;

    assert_int_equal(fstat(fd, &st), 0);
    for (int i = 4; i < 7; i++) {
        const off_t at = st.st_size / 16 * i;

        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
}

static void what_could_not_be_read_is_an_error_though_whoever_read_it_goes_on(void **state)
{
    struct beneath beneath = {.name = NULL};
    char file[SW_STORE_HEX], path[256], command[512];
    char *dir = private_folder(60);
    struct sw_store_made base;
    struct sw_err err = {0};

    (void)state;
    if (system("command -v qemu-img >/dev/null") != 0)
        skip();
    write_disk("disk", 2);
    base = ingest(store, "disk", 1);
    assert_ok(store_blob_file(store, base.layer.digest, file, &err), err);
    snprintf(path, sizeof(path), "store/" STORE_BLOBS_SEALED "/%s", file);
    flip(path);
    assert_ok(beneath_open(store, base.layer.digest, dir, &beneath, &err), err);
    assert_ok(beneath_check(&beneath, &err), err);
    snprintf(command, sizeof(command), "qemu-img convert -q -f raw -O raw '%s' out.raw 2>/dev/null",
             beneath.name);
    assert_int_not_equal(system(command), 0);
    assert_failed(beneath_check(&beneath, &err), err, SW_INTEGRITY,
                  "the disk beneath the overlay cannot be read");
    /* It is the cause of whatever came after it. */
    sw_fail(&err, SW_GUEST, "a step failed");
    beneath_blame(&beneath, &err);
    assert_int_equal(err.code, SW_INTEGRITY);
    beneath_close(&beneath);
    flip(path);
    free(dir);
}

/* In a mount namespace of its own; 0, or the number of what went wrong. */
static int refuses_a_mount(const char *shm, const char *plain)
{
    const struct sw_build_opts opts = {.scratch_dir = shm};
    struct sw_scratch *scratch = NULL;
    struct sw_err err = {0};
    char folder[128];

    snprintf(folder, sizeof(folder), "%s/slipway-%u", shm, (unsigned)geteuid());
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 77;
    if (mkdir(folder, 0700) < 0 || mount(plain, folder, NULL, MS_BIND, NULL) < 0)
        return 77;
    if (scratch_check(&opts, store, NULL, 1 << 20, &err) < 0)
        return 1;
    if (scratch_open(&opts, store, 1 << 20, &scratch, &err) == 0)
        return 2;
    if (err.code != SW_REFUSED || strstr(err.text, folder) == NULL || scratch != NULL)
        return 3;
    return entries_of(plain) == 0 ? 0 : 4;
}

static void the_scratch_folder_itself_is_looked_at_and_not_only_the_one_that_was_named(void **state)
{
    char shm[] = "/dev/shm/slipway-test.XXXXXX";
    enum sw_medium here = SW_MEDIUM_MEMORY, there = SW_MEDIUM_PLAIN;
    struct sw_err err = {0};
    int status = -1;
    pid_t pid;

    (void)state;
    if (mkdtemp(shm) == NULL)
        skip();
    assert_int_equal(mkdir("plain", 0700), 0);
    if (sw_medium_of("plain", &here, &err) < 0 || sw_medium_of(shm, &there, &err) < 0 ||
        here != SW_MEDIUM_PLAIN || there != SW_MEDIUM_MEMORY) {
        rmdir(shm);
        skip();
    }
    pid = fork();
    if (pid == 0)
        _exit(refuses_a_mount(shm, "plain"));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_ok(sw_remove_tree(shm, &err), err);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_that_would_have_too_long_a_name_lies_in_tmp),
        cmocka_unit_test(what_could_not_be_read_is_an_error_though_whoever_read_it_goes_on),
        cmocka_unit_test(the_scratch_folder_itself_is_looked_at_and_not_only_the_one_that_was_named),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
