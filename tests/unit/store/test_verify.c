/* Named states are listed as they were tagged, and whatever was damaged since is found. */
#include "tests/unit/store/layer_case.h"

struct findings {
    struct sw_store_verify base;
    char what[16][160];
    char why[16][320];
    unsigned n;
};

static void note(struct sw_store_verify *self, const char *what, const char *why)
{
    struct findings *findings = (struct findings *)self;

    assert_true(findings->n < 16);
    snprintf(findings->what[findings->n], sizeof(findings->what[0]), "%s", what);
    snprintf(findings->why[findings->n++], sizeof(findings->why[0]), "%s", why);
}

static struct findings verify(struct sw_store *store)
{
    struct sw_err err = {0};
    struct findings findings = {.base = {.damage = note}};

    assert_ok(sw_store_verify(store, &findings.base, &err), err);
    assert_int_equal(findings.n, findings.base.nr_damages);
    return findings;
}

static void assert_found(const struct findings *findings, const char *what, const char *why)
{
    for (unsigned i = 0; i < findings->n; i++)
        if (strstr(findings->what[i], what) != NULL && strstr(findings->why[i], why) != NULL)
            return;
    fail_msg("no damage of '%s' with '%s' among %u (first: %s: %s)", what, why, findings->n,
             findings->what[0], findings->why[0]);
}

static void tag(struct sw_store *store, const char *ref, const char *layer, char manifest[SW_STORE_HEX])
{
    static const char *const keys[] = {KEY_A, KEY_B};
    struct sw_err err = {0};
    const struct sw_store_state state = {.ref = ref,
                                         .name = "web",
                                         .version = "1.0.0",
                                         .layer = layer,
                                         .keys = keys,
                                         .nr_keys = 2,
                                         .epoch = 0};

    assert_ok(sw_store_tag(store, &state, manifest, &err), err);
}

/* Two layers with a name. */
struct sample {
    struct sw_store *store;
    struct sw_layer base, top;
    char manifest[SW_STORE_HEX];
};

static struct sample a_sample(void)
{
    struct sample sample = {.store = fresh_store()};

    write_disk("disk", 1);
    sample.base = ingest(sample.store, "disk", 1).layer;
    patch_disk("disk", 0, "changed");
    write_overlay(sample.store, "overlay", sample.base.digest, "disk");
    sample.top = commit(sample.store, sample.base.digest, "overlay").layer;
    tag(sample.store, "web:1.0.0", sample.top.digest, sample.manifest);
    return sample;
}

static void a_tagged_state_is_listed_base_first(void **state)
{
    struct sw_err err = {0};
    struct sample sample = a_sample();
    struct sw_store_listing listing;

    (void)state;
    assert_ok(sw_store_list(sample.store, &listing, &err), err);
    assert_int_equal(listing.nr_images, 1);
    assert_null(listing.images[0].fault);
    assert_string_equal(listing.images[0].ref, "web:1.0.0");
    assert_string_equal(listing.images[0].name, "web");
    assert_string_equal(listing.images[0].created, "1970-01-01T00:00:00.000Z");
    assert_string_equal(listing.images[0].manifest, sample.manifest);
    assert_int_equal(listing.images[0].virtual_bytes, DISK_BYTES);
    assert_int_equal(listing.images[0].nr_layers, 2);
    assert_string_equal(listing.images[0].layers[0].digest, sample.base.digest);
    assert_string_equal(listing.images[0].layers[1].digest, sample.top.digest);
    assert_int_equal(listing.nr_layers, 2);
    sw_store_listing_clear(&listing);
    assert_int_equal(verify(sample.store).n, 0);
    sw_store_close(sample.store);
}

static void the_same_state_gives_the_same_manifest(void **state)
{
    struct sample sample = a_sample();
    char again[SW_STORE_HEX];

    (void)state;
    tag(sample.store, "other/name:2", sample.top.digest, again);
    assert_string_equal(sample.manifest, again);
    sw_store_close(sample.store);
}

static void a_reference_that_is_used_again_moves(void **state)
{
    struct sw_err err = {0};
    struct sample sample = a_sample();
    struct sw_store_listing listing;
    char moved[SW_STORE_HEX], other[SW_STORE_HEX];

    (void)state;
    tag(sample.store, "other", sample.top.digest, other);
    tag(sample.store, "web:1.0.0", sample.base.digest, moved);
    assert_ok(sw_store_list(sample.store, &listing, &err), err);
    assert_int_equal(listing.nr_images, 2);
    assert_string_equal(listing.images[0].ref, "web:1.0.0");
    assert_string_equal(listing.images[0].manifest, moved);
    assert_int_equal(listing.images[0].nr_layers, 1);
    sw_store_listing_clear(&listing);
    assert_int_equal(verify(sample.store).n, 0);
    sw_store_close(sample.store);
}

static void a_bad_reference_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sample sample = a_sample();
    const struct sw_store_state bad = {
        .ref = "../x", .name = "x", .version = "1", .layer = sample.top.digest};
    char manifest[SW_STORE_HEX];

    (void)state;
    assert_failed(sw_store_tag(sample.store, &bad, manifest, &err), err, SW_USAGE, "is not a reference");
    sw_store_close(sample.store);
}

static void processes_that_tag_at_once_lose_nothing(void **state)
{
    enum { WRITERS = 4, EACH = 8 };
    struct sw_err err = {0};
    struct sample sample = a_sample();
    struct sw_store_listing listing;

    (void)state;
    for (unsigned i = 0; i < WRITERS; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        for (unsigned j = 0; pid == 0 && j < EACH; j++) {
            const char *layer = sample.top.digest;
            struct sw_store_state one = {.name = "x", .version = "1", .layer = layer, .epoch = i * EACH + j};
            char ref[32], manifest[SW_STORE_HEX];

            snprintf(ref, sizeof(ref), "writer:%u.%u", i, j);
            one.ref = ref;
            if (sw_store_tag(sample.store, &one, manifest, &err) < 0)
                _exit(1);
        }
        if (pid == 0)
            _exit(0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        int status = -1;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_ok(sw_store_list(sample.store, &listing, &err), err);
    assert_int_equal(listing.nr_images, 1 + WRITERS * EACH);
    sw_store_listing_clear(&listing);
    assert_int_equal(verify(sample.store).n, 0);
    sw_store_close(sample.store);
}

static void flip(const char *path, off_t off)
{
    uint8_t byte;
    int fd;

    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, off), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, off), 1);
    close(fd);
}

static void a_flipped_bit_in_a_layer_is_found(void **state)
{
    struct sample sample = a_sample();
    struct findings found;

    (void)state;
    flip(blob_file(sample.base.digest), (off_t)sample.base.size_bytes - 1000);
    found = verify(sample.store);
    assert_int_equal(found.n, 1);
    assert_found(&found, sample.base.digest, "the digest of its bytes is");
    sw_store_close(sample.store);
}

static void a_truncated_layer_is_found(void **state)
{
    struct sample sample = a_sample();
    struct findings found;

    (void)state;
    assert_int_equal(truncate(blob_file(sample.top.digest), (off_t)sample.top.size_bytes - 1), 0);
    found = verify(sample.store);
    assert_found(&found, sample.top.digest, "the digest of its bytes is");
    assert_found(&found, "web:1.0.0", "the manifest says");
    sw_store_close(sample.store);
}

static void a_missing_layer_is_found(void **state)
{
    struct sample sample = a_sample();
    struct findings found;

    (void)state;
    assert_int_equal(unlink(blob_file(sample.base.digest)), 0);
    found = verify(sample.store);
    assert_found(&found, sample.top.digest, "is missing");
    assert_found(&found, "web:1.0.0", "is missing");
    sw_store_close(sample.store);
}

static void a_link_and_a_stray_file_are_found(void **state)
{
    struct sample sample = a_sample();
    struct findings found;
    char path[256];

    (void)state;
    snprintf(path, sizeof(path), "%s", blob_file(sample.base.digest));
    assert_int_equal(rename(path, "moved"), 0);
    assert_int_equal(symlink("../../../moved", path), 0);
    write_text(blob_file("notes.txt"), "hello");
    found = verify(sample.store);
    assert_found(&found, sample.base.digest, "is not a regular file");
    assert_found(&found, "notes.txt", "is not a SHA-256 digest");
    sw_store_close(sample.store);
}

static void a_damaged_manifest_and_a_missing_config_are_found(void **state)
{
    struct sample sample = a_sample();
    struct sw_buf text = {0};
    struct sw_err err = {0};
    struct store_descriptor config;
    struct sw_store_image image = {0};
    struct findings found;

    (void)state;
    assert_ok(store_blob_text(sample.store, sample.manifest, &text, &err), err);
    assert_ok(store_manifest_parse(text.data, text.len, &image, &config, &err), err);
    assert_int_equal(unlink(blob_file(config.hex)), 0);
    found = verify(sample.store);
    assert_found(&found, "web:1.0.0", "config: blob");
    flip(blob_file(sample.manifest), 20);
    found = verify(sample.store);
    assert_found(&found, "web:1.0.0", "is damaged");
    assert_found(&found, sample.manifest, "the digest of its bytes is");
    store_image_clear(&image);
    sw_buf_free(&text);
    sw_store_close(sample.store);
}

/* A manifest that lists these two layers, named "forged". */
static void forge(struct sample *sample, const struct sw_layer *first, const struct sw_layer *second,
                  unsigned virtual_bytes)
{
    struct sw_err err = {0};
    struct sw_buf config = {0}, manifest = {0}, index = {0};
    char config_hex[SW_STORE_HEX], hex[SW_STORE_HEX];

    assert_ok(sw_buf_printf(&config, &err, "{\"virtualBytes\":%u,\"planKeys\":[]}", virtual_bytes), err);
    assert_ok(store_blob_put(sample->store, config.data, config_hex, &err), err);
    assert_ok(sw_buf_printf(&manifest, &err,
                            "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" STORE_MEDIA_CONFIG
                            "\",\"digest\":\"sha256:%s\",\"size\":%zu},\"layers\":["
                            "{\"mediaType\":\"x\",\"digest\":\"sha256:%s\",\"size\":%llu},"
                            "{\"mediaType\":\"x\",\"digest\":\"sha256:%s\",\"size\":%llu}]}",
                            config_hex, config.len, first->digest, (unsigned long long)first->size_bytes,
                            second->digest, (unsigned long long)second->size_bytes),
              err);
    assert_ok(store_blob_put(sample->store, manifest.data, hex, &err), err);
    assert_ok(sw_buf_printf(&index, &err,
                            "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" STORE_MEDIA_MANIFEST
                            "\",\"digest\":\"sha256:%s\",\"size\":%zu,\"annotations\":{\"" STORE_REF_NAME
                            "\":\"forged\"}}]}",
                            hex, manifest.len),
              err);
    write_text("store/index.json", index.data);
    sw_buf_free(&config);
    sw_buf_free(&manifest);
    sw_buf_free(&index);
}

static void a_manifest_that_lists_another_chain_is_found(void **state)
{
    struct sample sample = a_sample();
    struct sw_layer other;
    struct findings found;

    (void)state;
    write_disk("disk2", 2);
    other = ingest(sample.store, "disk2", 1).layer;
    forge(&sample, &other, &sample.top, DISK_BYTES);
    found = verify(sample.store);
    assert_found(&found, "forged", "in the chain");
    forge(&sample, &sample.top, &sample.base, DISK_BYTES);
    found = verify(sample.store);
    assert_found(&found, "forged", "the manifest lists 2 layers, the chain has 1");
    forge(&sample, &sample.base, &sample.top, DISK_BYTES / 2);
    found = verify(sample.store);
    assert_found(&found, "forged", "the config says");
    forge(&sample, &sample.base, &sample.top, DISK_BYTES);
    assert_int_equal(verify(sample.store).n, 0);
    sw_store_close(sample.store);
}

static void a_damaged_index_and_record_are_found(void **state)
{
    struct sample sample = a_sample();
    struct findings found;

    (void)state;
    write_text("store/index.json", "{\"schemaVersion\":2,\"manifests\":[{}]}");
    write_text("store/slipway/keys/" KEY_A ".json", "{}");
    write_text("store/slipway/keys/readme", "x");
    found = verify(sample.store);
    assert_int_equal(found.n, 3);
    assert_found(&found, "index.json", "a descriptor has no 'mediaType'");
    assert_found(&found, "keys/" KEY_A, "is not the record of key");
    assert_found(&found, "keys/readme", "its name");
    write_text("store/index.json", "{");
    found = verify(sample.store);
    assert_found(&found, "index.json", "index.json");
    sw_store_close(sample.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tagged_state_is_listed_base_first),
        cmocka_unit_test(the_same_state_gives_the_same_manifest),
        cmocka_unit_test(a_reference_that_is_used_again_moves),
        cmocka_unit_test(a_bad_reference_is_refused),
        cmocka_unit_test(processes_that_tag_at_once_lose_nothing),
        cmocka_unit_test(a_flipped_bit_in_a_layer_is_found),
        cmocka_unit_test(a_truncated_layer_is_found),
        cmocka_unit_test(a_missing_layer_is_found),
        cmocka_unit_test(a_link_and_a_stray_file_are_found),
        cmocka_unit_test(a_damaged_manifest_and_a_missing_config_are_found),
        cmocka_unit_test(a_manifest_that_lists_another_chain_is_found),
        cmocka_unit_test(a_damaged_index_and_record_are_found),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
