/* A disk becomes a base layer, overlays become layers on it; the same input gives the same digest. */
#include "tests/unit/store/layer_case.h"

#include <time.h>

static void a_base_reads_as_the_disk_that_it_came_from(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made made;

    (void)state;
    write_disk("disk", 1);
    made = ingest(store, "disk", 2);
    assert_false(made.known);
    assert_string_equal(made.layer.parent, "");
    assert_int_equal(made.layer.virtual_bytes, DISK_BYTES);
    assert_true(made.layer.size_bytes < DISK_BYTES);
    assert_reads_as(store, made.layer.digest, "disk");
    sw_store_close(store);
}

static void any_number_of_jobs_gives_the_same_digest(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made one;

    (void)state;
    write_disk("disk", 1);
    one = ingest(store, "disk", 1);
    sw_store_close(store);
    for (unsigned jobs = 2; jobs <= 8; jobs += 3) {
        store = fresh_store();
        assert_string_equal(ingest(store, "disk", jobs).layer.digest, one.layer.digest);
        sw_store_close(store);
    }
}

static void the_same_file_is_not_read_again(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made first, second;

    (void)state;
    write_disk("disk", 1);
    first = ingest(store, "disk", 1);
    second = ingest(store, "disk", 1);
    assert_true(second.known);
    assert_memory_equal(&first.layer, &second.layer, sizeof(first.layer));
    assert_int_equal(second.stats.read_bytes, 0);
    sw_store_close(store);
}

static void a_file_that_changed_is_read_again(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made first, second;
    struct stat st;

    (void)state;
    write_disk("disk", 1);
    first = ingest(store, "disk", 1);
    assert_int_equal(stat("disk", &st), 0);
    patch_disk("disk", 100, "other bytes");
    /* Even when its modification time was set back: the change time tells. */
    assert_int_equal(utimensat(AT_FDCWD, "disk", (struct timespec[]){st.st_atim, st.st_mtim}, 0), 0);
    second = ingest(store, "disk", 1);
    assert_false(second.known);
    assert_string_not_equal(first.layer.digest, second.layer.digest);
    sw_store_close(store);
}

/* What the file "disk" holds is the file "inside". */
static int open_inside(const void *opener, const char *path, struct sw_in **in, const char **format,
                       struct sw_err *err)
{
    (void)path;
    (void)format;
    return sw_in_open_file(opener, in, err);
}

static void a_file_and_what_is_opened_in_it_are_known_apart(void **state)
{
    struct sw_store *store = fresh_store();
    const struct sw_store_ingest ask = {
        .path = "disk", .format = "raw", .open = open_inside, .opener = "inside", .jobs = 1};
    struct sw_store_made closed, opened, again;
    struct sw_layer layer;
    struct sw_err err = {0};

    (void)state;
    write_disk("disk", 1);
    write_disk("inside", 2);
    closed = ingest(store, "disk", 1);
    assert_int_equal(sw_store_known_base(store, "disk", "raw", true, &layer, &err), 0);
    assert_ok(sw_store_ingest(store, &ask, &opened, &err), err);
    assert_false(opened.known);
    assert_string_not_equal(opened.layer.digest, closed.layer.digest);
    assert_reads_as(store, opened.layer.digest, "inside");
    /* Neither has taken the other's place. */
    assert_ok(sw_store_ingest(store, &ask, &again, &err), err);
    assert_true(again.known);
    assert_string_equal(again.layer.digest, opened.layer.digest);
    assert_int_equal(sw_store_known_base(store, "disk", "raw", true, &layer, &err), 1);
    assert_string_equal(layer.digest, opened.layer.digest);
    assert_int_equal(sw_store_known_base(store, "disk", "raw", false, &layer, &err), 1);
    assert_string_equal(layer.digest, closed.layer.digest);
    again = ingest(store, "disk", 1);
    assert_true(again.known);
    sw_store_close(store);
}

static void a_known_base_whose_layer_is_gone_is_read_again(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made first, second;

    (void)state;
    write_disk("disk", 1);
    first = ingest(store, "disk", 1);
    assert_int_equal(truncate(blob_file(first.layer.digest), 100), 0);
    second = ingest(store, "disk", 1);
    assert_false(second.known);
    assert_string_equal(first.layer.digest, second.layer.digest);
    assert_reads_as(store, second.layer.digest, "disk");
    sw_store_close(store);
}

struct meddler {
    struct sw_progress base;
    const char *path;
};

static void meddle(struct sw_progress *self, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    patch_disk(((struct meddler *)self)->path, 2 << 20, "meanwhile");
}

static void a_base_that_changes_while_it_is_read_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct meddler meddler = {.base = {.tick = meddle}, .path = "disk"};
    const struct sw_store_ingest ask = {
        .path = "disk", .format = "raw", .jobs = 1, .progress = &meddler.base};
    struct sw_store_made made;

    (void)state;
    write_disk("disk", 1);
    assert_failed(sw_store_ingest(store, &ask, &made, &err), err, SW_INTEGRITY, "changed while it was read");
    assert_int_equal(entries_of("store/slipway/bases"), 0);
    sw_store_close(store);
}

static void raw_is_not_guessed_and_an_empty_disk_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_store_ingest ask = {.path = "disk", .jobs = 1};
    struct sw_store_made made;

    (void)state;
    write_disk("disk", 1);
    assert_failed(sw_store_ingest(store, &ask, &made, &err), err, SW_USAGE, "raw");
    write_text("empty", "");
    ask = (struct sw_store_ingest){.path = "empty", .format = "raw", .jobs = 1};
    assert_int_equal(sw_store_ingest(store, &ask, &made, &err), -1);
    assert_int_equal(entries_of("store/blobs/sha256"), 0);
    sw_store_close(store);
}

static void an_overlay_becomes_a_layer_of_what_changed(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made base, made;

    (void)state;
    write_disk("disk", 1);
    base = ingest(store, "disk", 1);
    patch_disk("disk", 3 << 20, "new bytes in the hole");
    write_overlay(store, "overlay", base.layer.digest, "disk");
    made = commit(store, base.layer.digest, "overlay");
    assert_string_equal(made.layer.parent, base.layer.digest);
    assert_int_equal(made.stats.data_bytes, SMALL_BYTES);
    assert_reads_as(store, made.layer.digest, "disk");
    sw_store_close(store);
}

static void one_overlay_gives_a_layer_at_each_boundary(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made base, first, second;

    (void)state;
    write_disk("disk", 1);
    base = ingest(store, "disk", 1);
    patch_disk("disk", 0, "first step");
    write_overlay(store, "overlay", base.layer.digest, "disk");
    first = commit(store, base.layer.digest, "overlay");
    patch_disk("disk", 2 << 20, "second step");
    write_overlay(store, "overlay", base.layer.digest, "disk");
    second = commit_over(store, first.layer.digest, base.layer.digest, "overlay");
    assert_string_equal(second.layer.parent, first.layer.digest);
    assert_int_equal(second.stats.data_bytes, SMALL_BYTES);
    assert_reads_as(store, second.layer.digest, "disk");
    sw_store_close(store);
}

static void zeros_over_a_parents_bytes_are_kept(void **state)
{
    static const char zeros[UNIT_BYTES];
    struct sw_store *store = fresh_store();
    struct sw_store_made base, made;
    int fd;

    (void)state;
    write_disk("disk", 1);
    base = ingest(store, "disk", 1);
    fd = open("disk", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, zeros, sizeof(zeros), UNIT_BYTES), sizeof(zeros));
    close(fd);
    write_overlay(store, "overlay", base.layer.digest, "disk");
    made = commit(store, base.layer.digest, "overlay");
    assert_int_equal(made.stats.data_bytes, 0);
    assert_reads_as(store, made.layer.digest, "disk");
    sw_store_close(store);
}

static void an_overlay_over_something_else_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_store_made one, other, made;
    struct sw_store_commit ask = {.overlay_path = "overlay", .jobs = 1};
    unsigned before;

    (void)state;
    write_disk("disk", 1);
    write_disk("disk2", 2);
    one = ingest(store, "disk", 1);
    other = ingest(store, "disk2", 1);
    before = entries_of("store/blobs/sha256");
    write_overlay(store, "overlay", one.layer.digest, "disk2");
    ask.parent = other.layer.digest;
    ask.beneath = one.layer.digest;
    assert_failed(sw_store_commit_layer(store, &ask, &made, &err), err, SW_INTEGRITY, "is not in the chain");
    ask.beneath = "one";
    assert_failed(sw_store_commit_layer(store, &ask, &made, &err), err, SW_INTEGRITY, "is not in the chain");
    ask.parent = ask.beneath = one.layer.digest;
    ask.overlay_path = blob_file(one.layer.digest);
    assert_failed(sw_store_commit_layer(store, &ask, &made, &err), err, SW_INTEGRITY, "no backing file");
    assert_int_equal(entries_of("store/blobs/sha256"), before);
    sw_store_close(store);
}

/* A qcow2 with this backing name and format, as a blob. */
static struct sw_layer layer_that_names(struct sw_store *store, const char *name, const char *format)
{
    struct sw_err err = {0};
    struct sw_layer layer = {.size_bytes = 0};
    struct sw_copy copy = {.format = sw_format_by_name("qcow2"), .jobs = 1};

    write_disk("disk", 1);
    copy.src = open_raw("disk");
    copy.create.backing_name = name;
    copy.create.backing_format = format;
    assert_ok(store_blob_create(store, &copy.out, &err), err);
    assert_ok(sw_copy_image(&copy, NULL, &err), err);
    assert_ok(store_blob_publish(copy.out, layer.digest, &layer.size_bytes, &err), err);
    sw_out_close(copy.out);
    sw_image_close(copy.src);
    return layer;
}

static void only_bare_digests_are_followed(void **state)
{
    static const char *const names[] = {"/etc/passwd",       "../../oci-layout", "json:{}",
                                        "nbd://localhost/x", "./" KEY_A,         KEY_A "x"};
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_image *image = NULL;
    struct sw_layer layer;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        layer = layer_that_names(store, names[i], "qcow2");
        assert_failed(sw_store_open_chain(store, layer.digest, &image, &err), err, SW_INTEGRITY,
                      "is not the digest of a layer");
    }
    layer = layer_that_names(store, KEY_A, "raw");
    assert_failed(sw_store_open_chain(store, layer.digest, &image, &err), err, SW_INTEGRITY,
                  "is not 'qcow2'");
    layer = layer_that_names(store, KEY_A, "qcow2");
    assert_failed(sw_store_open_chain(store, layer.digest, &image, &err), err, SW_INTEGRITY, "is missing");
    sw_store_close(store);
}

static void a_layer_that_is_its_own_ancestor_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_layer layer = layer_that_names(store, KEY_A, "qcow2");
    struct sw_image *image = NULL;
    char path[256];

    (void)state;
    snprintf(path, sizeof(path), "%s", blob_file(KEY_A));
    assert_int_equal(link(blob_file(layer.digest), path), 0);
    assert_failed(sw_store_open_chain(store, layer.digest, &image, &err), err, SW_INTEGRITY,
                  "its own ancestor");
    sw_store_close(store);
}

static void a_chain_has_an_end(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_layer layer = layer_that_names(store, KEY_A, "qcow2");
    struct sw_image *image = NULL;

    (void)state;
    for (unsigned i = 0; i < SW_STORE_LAYERS_MAX; i++) {
        char below[SW_STORE_HEX];

        memcpy(below, layer.digest, sizeof(below));
        layer = layer_that_names(store, below, "qcow2");
    }
    assert_failed(sw_store_open_chain(store, layer.digest, &image, &err), err, SW_INTEGRITY,
                  "a chain of more than 64 layers");
    sw_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_reads_as_the_disk_that_it_came_from),
        cmocka_unit_test(any_number_of_jobs_gives_the_same_digest),
        cmocka_unit_test(the_same_file_is_not_read_again),
        cmocka_unit_test(a_file_that_changed_is_read_again),
        cmocka_unit_test(a_file_and_what_is_opened_in_it_are_known_apart),
        cmocka_unit_test(a_known_base_whose_layer_is_gone_is_read_again),
        cmocka_unit_test(a_base_that_changes_while_it_is_read_is_refused),
        cmocka_unit_test(raw_is_not_guessed_and_an_empty_disk_is_refused),
        cmocka_unit_test(an_overlay_becomes_a_layer_of_what_changed),
        cmocka_unit_test(one_overlay_gives_a_layer_at_each_boundary),
        cmocka_unit_test(zeros_over_a_parents_bytes_are_kept),
        cmocka_unit_test(an_overlay_over_something_else_is_refused),
        cmocka_unit_test(only_bare_digests_are_followed),
        cmocka_unit_test(a_layer_that_is_its_own_ancestor_is_refused),
        cmocka_unit_test(a_chain_has_an_end),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
