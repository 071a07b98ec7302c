/* A sealed store: the same layers and records, and files that tell nothing to whoever has no key. */
#include "tests/unit/store/layer_case.h"

#include "slipway/envelope.h"

#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>

#define CANARY "canary-71c0ffee"

static struct sw_keyring *ring(enum sw_key_use use, uint8_t byte)
{
    struct sw_err err = {0};
    struct sw_keyring *keys = sw_keyring_new(use, &err);
    uint8_t key[32];

    memset(key, byte, sizeof(key));
    assert_ok(sw_write_file("store.key", key, sizeof(key), 0600, &err), err);
    assert_ok(sw_keyring_add(keys, "aes:store.key", &err), err);
    return keys;
}

static int unlock(struct sw_store *store, uint8_t byte, struct sw_err *err)
{
    struct sw_keyring *keys = ring(SW_KEY_OPEN, byte);
    int rc = sw_store_unlock(store, keys, NULL, err);

    sw_keyring_free(keys);
    return rc;
}

static struct sw_store *sealed_store(void)
{
    struct sw_err err = {0};
    struct sw_keyring *to = ring(SW_KEY_SEAL, 1);
    struct sw_store *store = NULL;

    assert_ok(sw_remove_tree("store", &err), err);
    assert_ok(sw_store_init_sealed("store", to, &err), err);
    sw_keyring_free(to);
    assert_ok(sw_store_open("store", true, &store, &err), err);
    assert_true(sw_store_is_sealed(store));
    assert_ok(unlock(store, 1, &err), err);
    return store;
}

/* ---- Nothing in clear -------------------------------------------------------------------------------------- */

static const char *const forbidden[] = {CANARY, "QFI\xfb", "org.opencontainers", "plan", NULL};
static const char *secret_hex; /* a digest that no file or name may hold; NULL: none */

static void assert_without(const char *path, const char *text, size_t len)
{
    for (size_t i = 0; forbidden[i] != NULL; i++)
        if (memmem(text, len, forbidden[i], strlen(forbidden[i])) != NULL)
            fail_msg("'%s' holds '%s'", path, forbidden[i]);
    if (secret_hex != NULL && memmem(text, len, secret_hex, strlen(secret_hex)) != NULL)
        fail_msg("'%s' holds a digest", path);
}

static int look_at(const char *path, const struct stat *st, int type, struct FTW *where)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    struct sw_err err = {0};

    (void)st;
    (void)where;
    assert_without(path, path, strlen(path));
    if (type != FTW_F)
        return 0;
    assert_ok(sw_read_file(path, 64 << 20, &text, &err), err);
    if (text.data != NULL)
        assert_without(path, text.data, text.len);
    return 0;
}

/* A disk with the canary in it, a layer on it, a record and a name. */
static struct sw_store_made fill(struct sw_store *store)
{
    struct sw_err err = {0};
    struct sw_store_made base, top;
    struct sw_plan_record record = {.key = KEY_A, .position = 1};
    static const char *const keys[] = {KEY_A};
    struct sw_store_state state = {
        .ref = CANARY ":1.0.0", .name = CANARY, .version = "1.0.0", .keys = keys, .nr_keys = 1};
    char manifest[SW_STORE_HEX];

    write_disk("disk", 1);
    patch_disk("disk", 2 << 20, CANARY);
    base = ingest(store, "disk", 2);
    patch_disk("disk", 3 << 20, CANARY "-more");
    write_served_overlay(store, "overlay", base.layer.digest, "disk");
    top = commit(store, base.layer.digest, "overlay");
    record.layer = top.layer;
    record.recipe = strdup(CANARY);
    record.inputs = strdup("{\"plan\":\"" CANARY "\"}");
    assert_ok(sw_store_record_key(store, &record, &err), err);
    sw_plan_record_clear(&record);
    state.layer = top.layer.digest;
    assert_ok(sw_store_tag(store, &state, manifest, &err), err);
    return top;
}

static void layers_records_and_names_come_back(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_store_made top = fill(store);
    struct sw_plan_record record;
    struct sw_store_listing list;
    struct sw_err err = {0};

    (void)state;
    assert_reads_as(store, top.layer.digest, "disk");
    assert_int_equal(sw_store_find_key(store, KEY_A, &record, &err), 1);
    assert_string_equal(record.recipe, CANARY);
    assert_string_equal(record.layer.digest, top.layer.digest);
    sw_plan_record_clear(&record);
    assert_int_equal(sw_store_last_record(store, CANARY, 1, &record, &err), 1);
    sw_plan_record_clear(&record);
    assert_int_equal(sw_store_find_key(store, KEY_B, &record, &err), 0);
    assert_ok(sw_store_list(store, &list, &err), err);
    assert_int_equal(list.nr_images, 1);
    assert_null(list.images[0].fault);
    assert_string_equal(list.images[0].ref, CANARY ":1.0.0");
    assert_int_equal(list.nr_layers, 2);
    assert_int_equal(list.nr_records, 1);
    sw_store_listing_clear(&list);
    sw_store_close(store);
}

static void the_digests_are_those_of_a_plain_store(void **state)
{
    struct sw_store *store;
    struct sw_store_made sealed, plain;

    (void)state;
    write_disk("disk", 1);
    store = sealed_store();
    sealed = ingest(store, "disk", 2);
    assert_true(ingest(store, "disk", 1).known);
    sw_store_close(store);
    store = fresh_store();
    plain = ingest(store, "disk", 1);
    assert_memory_equal(&plain.layer, &sealed.layer, sizeof(plain.layer));
    sw_store_close(store);
}

static void nothing_lies_in_clear(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_store_made top = fill(store);

    (void)state;
    secret_hex = top.layer.digest;
    assert_int_equal(nftw("store", look_at, 16, FTW_PHYS), 0);
    secret_hex = top.layer.parent;
    assert_int_equal(nftw("store", look_at, 16, FTW_PHYS), 0);
    secret_hex = KEY_A;
    assert_int_equal(nftw("store", look_at, 16, FTW_PHYS), 0);
    secret_hex = NULL;
    assert_int_equal(access("store/oci-layout", F_OK), -1);
    assert_int_equal(access("store/index.json", F_OK), -1);
    sw_store_close(store);
}

static void the_same_disk_has_other_names_in_another_store(void **state)
{
    struct sw_store *store = sealed_store();
    char one[SW_STORE_HEX], two[SW_STORE_HEX];
    struct sw_store_made made;
    struct sw_err err = {0};

    (void)state;
    write_disk("disk", 1);
    made = ingest(store, "disk", 1);
    assert_ok(store_blob_file(store, made.layer.digest, one, &err), err);
    sw_store_close(store);
    store = sealed_store();
    assert_ok(store_blob_file(store, made.layer.digest, two, &err), err);
    assert_string_not_equal(one, two);
    sw_store_close(store);
}

static void a_locked_store_gives_nothing(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_store_made top = fill(store), made;
    const struct sw_store_ingest ask = {.path = "disk", .format = "raw", .jobs = 1};
    struct sw_store_verify verify = {.damage = NULL};
    struct sw_plan_record record;
    struct sw_store_listing list;
    struct sw_image *image = NULL;
    struct sw_err err = {0};
    struct sw_layer layer;

    (void)state;
    sw_store_close(store);
    assert_ok(sw_store_open("store", true, &store, &err), err);
    assert_failed(sw_store_unlock(store, NULL, NULL, &err), err, SW_INTEGRITY, "name its key with --key");
    assert_failed(unlock(store, 2, &err), err, SW_INTEGRITY, "no key was given");
    assert_failed(sw_store_list(store, &list, &err), err, SW_INTEGRITY, "is sealed");
    assert_failed(sw_store_verify(store, &verify, &err), err, SW_INTEGRITY, "is sealed");
    assert_failed(sw_store_open_chain(store, top.layer.digest, &image, &err), err, SW_INTEGRITY, "is sealed");
    assert_failed(sw_store_find_key(store, KEY_A, &record, &err), err, SW_INTEGRITY, "is sealed");
    assert_failed(sw_store_ingest(store, &ask, &made, &err), err, SW_INTEGRITY, "is sealed");
    assert_failed(sw_store_known_base(store, "disk", "raw", false, &layer, &err), err, SW_INTEGRITY,
                  "is sealed");
    assert_ok(unlock(store, 1, &err), err);
    assert_reads_as(store, top.layer.digest, "disk");
    sw_store_close(store);
}

/* ---- Damage ------------------------------------------------------------------------------------------------ */

struct findings {
    struct sw_store_verify base;
    unsigned n;
    char what[8][200], why[8][320];
};

static void note(struct sw_store_verify *self, const char *what, const char *why)
{
    struct findings *findings = (struct findings *)self;

    assert_true(findings->n < 8);
    snprintf(findings->what[findings->n], sizeof(findings->what[0]), "%s", what);
    snprintf(findings->why[findings->n++], sizeof(findings->why[0]), "%s", why);
}

static struct findings verify(struct sw_store *store)
{
    struct findings findings = {.base = {.damage = note}};
    struct sw_err err = {0};

    assert_ok(sw_store_verify(store, &findings.base, &err), err);
    return findings;
}

/* "store/blobs/hmac-sha256/<file>", until the call after the next. */
static const char *sealed_file(const struct sw_store *store, const char *hex)
{
    static char paths[2][256];
    static unsigned next;
    char file[SW_STORE_HEX], *path = paths[next++ % 2];
    struct sw_err err = {0};

    assert_ok(store_blob_file(store, hex, file, &err), err);
    snprintf(path, sizeof(paths[0]), "store/" STORE_BLOBS_SEALED "/%s", file);
    return path;
}

static void verify_finds_what_was_changed(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_store_made top = fill(store);
    struct findings findings = verify(store);
    struct stat st;
    uint8_t byte;
    int fd;

    (void)state;
    assert_int_equal(findings.n, 0);
    assert_int_equal(findings.base.nr_blobs, 4);
    fd = open(sealed_file(store, top.layer.parent), O_RDWR | O_CLOEXEC);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pread(fd, &byte, 1, st.st_size / 2), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, st.st_size / 2), 1);
    findings = verify(store);
    assert_true(findings.n >= 1);
    assert_non_null(strstr(findings.what[0], STORE_BLOBS_SEALED "/"));
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, st.st_size / 2), 1);
    /* Cut in the middle, at the end, and in the header. */
    for (int i = 0; i < 3; i++) {
        const off_t cuts[] = {st.st_size / 2, st.st_size - 1, 40};
        struct sw_err err = {0};
        struct sw_image *image = NULL;

        SW_AUTO_BUF struct sw_buf whole = {0};
        assert_ok(sw_read_file(sealed_file(store, top.layer.parent), 64 << 20, &whole, &err), err);
        assert_int_equal(ftruncate(fd, cuts[i]), 0);
        assert_failed(sw_store_open_chain(store, top.layer.digest, &image, &err), err, SW_INTEGRITY, "");
        assert_true(verify(store).n >= 1);
        assert_int_equal(pwrite(fd, whole.data, whole.len, 0), (ssize_t)whole.len);
    }
    assert_int_equal(verify(store).n, 0);
    close(fd);
    sw_store_close(store);
}

static void files_that_changed_places_are_refused(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_store_made top = fill(store);
    struct sw_image *image = NULL;
    struct sw_err err = {0};
    struct findings findings;

    (void)state;
    assert_int_equal(rename(sealed_file(store, top.layer.digest), "kept"), 0);
    assert_int_equal(rename(sealed_file(store, top.layer.parent), sealed_file(store, top.layer.digest)), 0);
    assert_int_equal(rename("kept", sealed_file(store, top.layer.parent)), 0);
    assert_failed(sw_store_open_chain(store, top.layer.digest, &image, &err), err, SW_INTEGRITY,
                  "slipway:object");
    findings = verify(store);
    assert_true(findings.n >= 2);
    sw_store_close(store);
}

static void a_record_in_another_ones_place_is_none(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_store_made top = fill(store);
    struct sw_plan_record record = {.key = KEY_B, .position = 2, .layer = top.layer};
    struct sw_err err = {0};
    char *one, *two;

    (void)state;
    record.recipe = strdup("other");
    record.inputs = strdup("{}");
    assert_ok(sw_store_record_key(store, &record, &err), err);
    sw_plan_record_clear(&record);
    one = store_json_path(store, STORE_KEYS "/" KEY_A ".json", &err);
    two = store_json_path(store, STORE_KEYS "/" KEY_B ".json", &err);
    assert_int_equal(rename(two, one), 0);
    assert_int_equal(sw_store_find_key(store, KEY_A, &record, &err), 0);
    assert_int_equal(sw_store_find_key(store, KEY_B, &record, &err), 0);
    assert_int_equal(verify(store).n, 1);
    free(one);
    free(two);
    sw_store_close(store);
}

/* ---- Making one -------------------------------------------------------------------------------------------- */

/* Beside a sidecar without its message a killed run leaves whose it is. */
static void leave_as_killed(const char *sidecar, const char *before)
{
    struct sw_err err = {0};
    json_t *context = sw_seal_stored_context(sidecar, &err);

    assert_non_null(context);
    write_text(before, json_string_value(json_object_get(context, "artifact")));
    json_decref(context);
}

static void a_store_is_sealed_from_its_beginning(void **state)
{
    struct sw_keyring *to = ring(SW_KEY_SEAL, 1);
    struct sw_store *store = fresh_store();
    struct sw_err err = {0};

    (void)state;
    sw_store_close(store);
    assert_failed(sw_store_init_sealed("store", to, &err), err, SW_USAGE, "is not an empty folder");
    store = sealed_store();
    sw_store_close(store);
    assert_failed(sw_store_init_sealed("store", to, &err), err, SW_USAGE, "is not an empty folder");
    /* What a killed init left. */
    assert_ok(sw_remove_tree("half", &err), err);
    assert_ok(sw_store_init_sealed("half", to, &err), err);
    assert_int_equal(unlink("half/store.sealed"), 0);
    assert_ok(sw_remove_tree("half/blobs", &err), err);
    assert_ok(sw_remove_tree("half/slipway", &err), err);
    assert_failed(sw_store_init_sealed("half", to, &err), err, SW_USAGE, "holds the key of another file");
    leave_as_killed("half/store.keys", "half/.store.keys.before");
    assert_ok(sw_store_init_sealed("half", to, &err), err);
    assert_false(sw_path_exists("half/.store.keys.before"));
    /* Both kinds at once are neither. */
    write_text("half/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    assert_failed(sw_store_open("half", false, &store, &err), err, SW_INTEGRITY, "has both");
    sw_keyring_free(to);
}

/* In a process of its own, without the lock, as a plain store; ends with 0 when it was a sealed one. */
static pid_t open_in_a_child(const char *dir, int lock)
{
    struct sw_store *store = NULL;
    struct sw_err err = {0};
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    close(lock);
    if (sw_store_open(dir, true, &store, &err) < 0) {
        dprintf(STDERR_FILENO, "%s\n", err.text);
        _exit(2);
    }
    _exit(sw_store_is_sealed(store) ? 0 : 1);
}

static void who_opens_a_folder_that_becomes_a_sealed_store_waits_for_it(void **state)
{
    struct sw_keyring *to = ring(SW_KEY_SEAL, 1);
    struct sw_err err = {0};
    int lock, status = -1;
    pid_t pid;

    (void)state;
    assert_int_equal(mkdir("becoming", 0700), 0);
    lock = open("becoming", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    pid = open_in_a_child("becoming", lock);
    usleep(200000);
    assert_int_equal(entries_of("becoming"), 0);
    assert_ok(sw_vault_create("becoming/store.sealed", to, &err), err);
    close(lock);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_false(sw_path_exists("becoming/oci-layout"));
    sw_keyring_free(to);
}

static void sealed_scratch_lies_in_a_folder_of_the_users_own(void **state)
{
    struct sw_scratch *one = NULL, *two = NULL;
    struct sw_err err = {0};
    char folder[64], dead[128];
    struct stat st;

    (void)state;
    assert_int_equal(mkdir("there", 0755), 0);
    snprintf(folder, sizeof(folder), "there/slipway-%u", (unsigned)geteuid());
    assert_ok(sw_scratch_open_at("there", &one, &err), err);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    /* A dead one goes, one that lives stays. */
    snprintf(dead, sizeof(dead), "%s/0123456789abcdef", folder);
    assert_int_equal(mkdir(dead, 0700), 0);
    assert_ok(sw_scratch_open_at("there", &two, &err), err);
    assert_int_equal(access(dead, F_OK), -1);
    assert_int_equal(access(sw_scratch_dir(one), F_OK), 0);
    sw_scratch_close(one);
    sw_scratch_close(two);
    assert_int_equal(entries_of(folder), 0);
    /* Somebody else's, and a link to a folder of ours. */
    assert_int_equal(chmod(folder, 0755), 0);
    assert_failed(sw_scratch_open_at("there", &one, &err), err, SW_REFUSED, "this user's alone");
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(mkdir("mine", 0700), 0);
    assert_int_equal(symlink("../mine", folder), 0);
    assert_failed(sw_scratch_open_at("there", &one, &err), err, SW_REFUSED, "this user's alone");
    assert_failed(sw_scratch_open_at("nowhere", &one, &err), err, SW_FAILED, "nowhere");
}

static void what_an_overlay_calls_the_disk_beneath_it_is_not_asked(void **state)
{
    struct sw_store *store = sealed_store();
    const char *const names[] = {"/etc/passwd", "nbd+unix:///x?socket=/s", "nbd://127.0.0.1/x", KEY_A};
    struct sw_store_made base;

    (void)state;
    write_disk("disk", 1);
    base = ingest(store, "disk", 1);
    patch_disk("disk", 3 << 20, "changed");
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        write_overlay_named(store, "overlay", base.layer.digest, "disk", names[i], i % 2 ? "raw" : "qcow2");
        assert_reads_as(store, commit(store, base.layer.digest, "overlay").layer.digest, "disk");
    }
    sw_store_close(store);
}

static void a_sealed_layer_is_no_file_for_others(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_err err = {0};
    struct sw_store_made base;

    (void)state;
    write_disk("disk", 1);
    base = ingest(store, "disk", 1);
    assert_null(sw_store_blob_path(store, base.layer.digest, &err));
    sw_store_close(store);
}

static void nothing_is_kept_of_what_was_encoded(void **state)
{
    struct sw_store *store = sealed_store();
    struct sw_store_made top = fill(store);
    struct sw_coded_cache *cache = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_store_coded_new(store, top.layer.digest, &cache, &err), err);
    assert_null(cache);
    sw_store_coded_free(cache);
    assert_int_equal(entries_of("store/" STORE_CODED), 0);
    sw_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_records_and_names_come_back),
        cmocka_unit_test(the_digests_are_those_of_a_plain_store),
        cmocka_unit_test(nothing_lies_in_clear),
        cmocka_unit_test(the_same_disk_has_other_names_in_another_store),
        cmocka_unit_test(a_locked_store_gives_nothing),
        cmocka_unit_test(verify_finds_what_was_changed),
        cmocka_unit_test(files_that_changed_places_are_refused),
        cmocka_unit_test(a_record_in_another_ones_place_is_none),
        cmocka_unit_test(a_store_is_sealed_from_its_beginning),
        cmocka_unit_test(who_opens_a_folder_that_becomes_a_sealed_store_waits_for_it),
        cmocka_unit_test(sealed_scratch_lies_in_a_folder_of_the_users_own),
        cmocka_unit_test(what_an_overlay_calls_the_disk_beneath_it_is_not_asked),
        cmocka_unit_test(a_sealed_layer_is_no_file_for_others),
        cmocka_unit_test(nothing_is_kept_of_what_was_encoded),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
