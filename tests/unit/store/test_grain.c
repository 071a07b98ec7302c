/* The clusters of a layer are small where little changed, and as ever where much did; what changed decides, and nothing else. */
#include "tests/unit/store/layer_case.h"

#include "src/base/endian.h"

enum { BIG_BYTES = 40 << 20, BLOCK = 4096, MOST = 4096 /* blocks that are a little */ };

/* A disk with n blocks of other bytes, each in a block of its own. */
static void write_blocks(const char *path, unsigned n)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    uint8_t block[BLOCK];

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, BIG_BYTES), 0);
    for (unsigned i = 0; i < n; i++) {
        memset(block, (int)(i % 251 + 1), sizeof(block));
        assert_int_equal(pwrite(fd, block, sizeof(block), (off_t)i * BLOCK), BLOCK);
    }
    assert_int_equal(close(fd), 0);
}

static unsigned cluster_bytes(struct sw_store *store, const struct sw_layer *layer)
{
    struct sw_err err = {0};
    char *path = sw_store_blob_path(store, layer->digest, &err);
    uint8_t header[24];
    int fd;

    assert_non_null(path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, header, sizeof(header), 0), sizeof(header));
    close(fd);
    free(path);
    return 1u << be32_get(header + 20);
}

static void the_clusters_are_as_small_as_what_changed(void **state)
{
    static const struct {
        unsigned blocks, cluster;
    } cases[] = {{1, 4096}, {MOST, 4096}, {MOST + 1, 65536}, {MOST + 1000, 65536}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_store *store = fresh_store();
        struct sw_store_made base, made;

        write_blocks("disk", 0);
        base = ingest(store, "disk", 1);
        write_blocks("changed", cases[i].blocks);
        write_overlay(store, "overlay", base.layer.digest, "changed");
        made = commit(store, base.layer.digest, "overlay");
        assert_int_equal(cluster_bytes(store, &made.layer), cases[i].cluster);
        assert_reads_as(store, made.layer.digest, "changed");
        sw_store_close(store);
    }
}

/* An overlay that goes on holds what earlier layers changed, too: that does not count. */
static void what_earlier_layers_changed_does_not_count(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_store_made base, first, second;

    (void)state;
    write_blocks("disk", 0);
    base = ingest(store, "disk", 1);
    write_blocks("changed", MOST + 1000);
    write_overlay(store, "overlay", base.layer.digest, "changed");
    first = commit(store, base.layer.digest, "overlay");
    patch_disk("changed", BIG_BYTES - 100, "a little more");
    write_overlay(store, "overlay", base.layer.digest, "changed");
    second = commit(store, first.layer.digest, "overlay");
    assert_int_equal(cluster_bytes(store, &second.layer), 4096);
    assert_true(second.layer.size_bytes < 100000);
    assert_reads_as(store, second.layer.digest, "changed");
    sw_store_close(store);
}

/* Whoever looks may put another disk in the place of what the overlay holds. */
struct other {
    struct sw_image *img;
    bool refuses;
};

static int look(void *arg, struct sw_store_sight *sight, struct sw_err *err)
{
    struct other *other = arg;

    assert_int_equal(sight->now->size_bytes, sight->parent->size_bytes);
    if (other->refuses)
        return sw_fail(err, SW_INTEGRITY, "no layer of this");
    sight->now = sight->top = other->img;
    return 0;
}

static void what_looks_at_a_commit_decides_what_it_reads(void **state)
{
    struct sw_store *store = fresh_store();
    struct other other = {.refuses = false};
    struct sw_store_made base = {.known = false}, made;
    struct sw_store_commit ask = {.overlay_path = "overlay", .jobs = 2, .look = look, .look_arg = &other};
    struct sw_err err = {0};

    (void)state;
    write_blocks("disk", 3);
    base = ingest(store, "disk", 1);
    write_blocks("changed", 9);
    write_overlay(store, "overlay", base.layer.digest, "changed");
    write_blocks("shown", 20);
    other.img = open_raw("shown");
    ask.parent = ask.beneath = base.layer.digest;
    assert_ok(sw_store_commit_layer(store, &ask, &made, &err), err);
    assert_reads_as(store, made.layer.digest, "shown");
    other.refuses = true;
    assert_failed(sw_store_commit_layer(store, &ask, &made, &err), err, SW_INTEGRITY, "no layer of this");
    sw_image_close(other.img);
    sw_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clusters_are_as_small_as_what_changed),
        cmocka_unit_test(what_earlier_layers_changed_does_not_count),
        cmocka_unit_test(what_looks_at_a_commit_decides_what_it_reads),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
