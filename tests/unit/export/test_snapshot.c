/* A snapshot as an image over the scripted twin: what is read from where, and replies that do not fit. */
#include "tests/unit/cloud/scripted.h"

#include "slipway/snapshot.h"
#include "src/base/base64.h"
#include "src/base/cleanup.h"
#include "src/base/digest.h"

#define SNAP      "snap-0123456789abcdef0"
#define JSON_HEAD "content-type: application/json\n"
#define PAGE(items, more)                                                                \
    {                                                                                    \
        .status = 200, .headers = JSON_HEAD,                                             \
        .body = "{\"Blocks\":[" items "],\"VolumeSize\":1,\"BlockSize\":524288" more "}" \
    }
#define CHANGES(items)                                                                  \
    {                                                                                   \
        .status = 200, .headers = JSON_HEAD,                                            \
        .body = "{\"ChangedBlocks\":[" items "],\"VolumeSize\":1,\"BlockSize\":524288}" \
    }

struct talk {
    struct scripted twin;
    struct sw_cloud *cloud;
    struct sw_err err;
};

static char block_text[SW_EBS_BLOCK_BYTES + 1], block_headers[160];

/* The reply of GetSnapshotBlock for a block of that letter. */
static struct script_step block_of(char letter)
{
    SW_AUTO_BUF struct sw_buf checksum = {0};
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[SW_SHA256_BYTES];

    memset(block_text, letter, SW_EBS_BLOCK_BYTES);
    assert_ok(sw_sha256(block_text, SW_EBS_BLOCK_BYTES, digest, &err), err);
    assert_ok(sw_base64_put(&checksum, digest, sizeof(digest), &err), err);
    snprintf(block_headers, sizeof(block_headers), "x-amz-checksum: %s\nx-amz-checksum-algorithm: SHA256\n",
             checksum.data);
    return (struct script_step){.status = 200, .headers = block_headers, .body = block_text};
}

static void begin(struct talk *talk, const struct script_step *steps, size_t n)
{
    set_keys();
    talk->err = (struct sw_err){.code = SW_OK};
    talk->cloud = open_scripted(&talk->twin, steps, n);
}

static void end(struct talk *talk)
{
    assert_int_equal(talk->twin.at, talk->twin.n);
    sw_cloud_close(talk->cloud);
}

static int open_it(struct talk *talk, const char *parent, struct sw_image **img)
{
    const struct sw_snapshot_opts opts = {
        .cloud = talk->cloud, .id = SNAP, .parent = parent, .connections = 1};

    return sw_snapshot_open(&opts, img, &talk->err);
}

static void what_is_held_is_data_and_all_else_is_a_hole(void **state)
{
    const struct script_step steps[] = {PAGE("{\"BlockIndex\":3,\"BlockToken\":\"t\"}", ""), block_of('b')};
    static const struct {
        uint64_t off, len;
        enum sw_extent_kind kind;
    } want[] = {{0, 3, SW_EXTENT_HOLE}, {3, 1, SW_EXTENT_DATA}, {4, 2044, SW_EXTENT_HOLE}};
    SW_AUTO_IMAGE struct sw_image *img = NULL;
    struct sw_extent extent;
    char got[8];
    struct talk t;

    (void)state;
    begin(&t, steps, 2);
    assert_ok(open_it(&t, NULL, &img), t.err);
    assert_int_equal(img->size_bytes, 1 << 30);
    for (size_t i = 0; i < 3; i++) {
        assert_ok(sw_image_next_extent(img, want[i].off * SW_EBS_BLOCK_BYTES, &extent, &t.err), t.err);
        assert_int_equal(extent.len, want[i].len * SW_EBS_BLOCK_BYTES);
        assert_int_equal(extent.kind, want[i].kind);
    }
    /* Across both of the block's ends. */
    assert_ok(sw_image_pread(img, got, 8, 3 * SW_EBS_BLOCK_BYTES - 4, &t.err), t.err);
    assert_memory_equal(got, "\0\0\0\0bbbb", 8);
    assert_ok(sw_image_pread(img, got, 8, 4 * SW_EBS_BLOCK_BYTES - 4, &t.err), t.err);
    assert_memory_equal(got, "bbbb\0\0\0\0", 8);
    assert_non_null(strstr(t.twin.sent[1].url, "/blocks/3?blockToken=t"));
    end(&t);
}

static void tokens_that_are_not_at_hand_are_listed_anew(void **state)
{
    const struct script_step steps[] = {
        PAGE("{\"BlockIndex\":300,\"BlockToken\":\"a\"}", ",\"NextToken\":\"n\""),
        PAGE("{\"BlockIndex\":900,\"BlockToken\":\"b\"}", ""),
        PAGE("{\"BlockIndex\":300,\"BlockToken\":\"c\"},{\"BlockIndex\":900,\"BlockToken\":\"d\"}", ""),
        block_of('x'),
        block_of('x'),
    };
    SW_AUTO_IMAGE struct sw_image *img = NULL;
    struct sw_snapshot_stats stats;
    struct talk t;
    char got;

    (void)state;
    begin(&t, steps, 5);
    assert_ok(open_it(&t, NULL, &img), t.err);
    assert_ok(sw_image_pread(img, &got, 1, 300 * SW_EBS_BLOCK_BYTES, &t.err), t.err);
    assert_int_equal(got, 'x');
    assert_ok(sw_image_pread(img, &got, 1, 900 * SW_EBS_BLOCK_BYTES, &t.err), t.err);
    assert_non_null(strstr(t.twin.sent[2].url, "startingBlockIndex=44"));
    assert_non_null(strstr(t.twin.sent[3].url, "/blocks/300?blockToken=c"));
    sw_snapshot_stats(img, &stats);
    assert_true(stats.held_bytes == 2 * SW_EBS_BLOCK_BYTES && stats.fetched_bytes == stats.held_bytes);
    end(&t);
}

static void a_block_that_is_listed_no_more_is_told(void **state)
{
    const struct script_step steps[] = {
        PAGE("{\"BlockIndex\":300,\"BlockToken\":\"a\"}", ",\"NextToken\":\"n\""),
        PAGE("", ""),
        PAGE("", ""),
    };
    SW_AUTO_IMAGE struct sw_image *img = NULL;
    struct talk t;
    char got;

    (void)state;
    begin(&t, steps, 3);
    assert_ok(open_it(&t, NULL, &img), t.err);
    assert_failed(sw_image_pread(img, &got, 1, 300 * SW_EBS_BLOCK_BYTES, &t.err), t.err, SW_REMOTE,
                  "does not list block 300 of snapshot '" SNAP "' any more");
    end(&t);
}

static void lists_that_fit_no_snapshot_are_refused(void **state)
{
    const struct {
        struct script_step steps[2];
        size_t n;
        const char *named;
    } cases[] = {
        {{PAGE("{\"BlockIndex\":3}", "")}, 1, "block 3 of snapshot '" SNAP "' without a token"},
        {{PAGE("{\"BlockIndex\":2048,\"BlockToken\":\"t\"}", "")}, 1, "0 to 2047"},
        {{PAGE("{\"BlockIndex\":3,\"BlockToken\":\"t\"}", ",\"NextToken\":\"n\""),
          PAGE("{\"BlockIndex\":3,\"BlockToken\":\"t\"}", "")},
         2,
         "block 3 out of order"},
        {{PAGE("", ",\"NextToken\":\"n\""), PAGE("", ",\"NextToken\":\"n\"")}, 2, "back to its own page"},
        {{PAGE("", ",\"NextToken\":\"n\""),
          {.status = 200,
           .headers = JSON_HEAD,
           .body = "{\"Blocks\":[],\"VolumeSize\":2,\"BlockSize\":524288}"}},
         2,
         "volumes of 1 and of 2 GiB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_image *img = NULL;
        struct talk t;

        begin(&t, cases[i].steps, cases[i].n);
        assert_failed(open_it(&t, NULL, &img), t.err, SW_REMOTE, cases[i].named);
        assert_null(img);
        end(&t);
    }
}

static void pages_without_blocks_do_not_go_on_for_ever(void **state)
{
    enum { PAGES = 16 };
    struct script_step steps[PAGES];
    static char bodies[PAGES][128];
    struct sw_image *img = NULL;
    static struct talk t;

    (void)state;
    for (size_t i = 0; i < PAGES; i++) {
        snprintf(bodies[i], sizeof(bodies[i]),
                 "{\"Blocks\":[],\"VolumeSize\":1,\"BlockSize\":524288,\"NextToken\":\"n%zu\"}", i);
        steps[i] = (struct script_step){.status = 200, .headers = JSON_HEAD, .body = bodies[i]};
    }
    begin(&t, steps, PAGES);
    assert_failed(open_it(&t, NULL, &img), t.err, SW_REMOTE, "16 replies in a row list no block");
    end(&t);
}

static void what_does_not_differ_reads_as_the_base(void **state)
{
    const struct script_step steps[] = {
        CHANGES("{\"BlockIndex\":1,\"FirstBlockToken\":\"a\"},{\"BlockIndex\":3,\"SecondBlockToken\":\"c\"}"),
        PAGE("", ""), /* of the parent, of which nothing can be compared */
    };
    static const enum sw_extent_kind kinds[] = {SW_EXTENT_HOLE, SW_EXTENT_ZERO, SW_EXTENT_HOLE,
                                                SW_EXTENT_DATA};
    static const char text[512] = "the base";
    SW_AUTO_IMAGE struct sw_image *img = NULL, *base = NULL;
    struct sw_in *in = NULL;
    struct sw_extent extent;
    char got[8];
    struct talk t;

    (void)state;
    begin(&t, steps, 2);
    assert_ok(sw_in_open_bytes(text, sizeof(text), "base", &in, &t.err), t.err);
    assert_ok(sw_image_open(in, "raw", &(struct sw_open_opts){.parents = NULL}, &base, &t.err), t.err);
    assert_ok(open_it(&t, "snap-0a", &img), t.err);
    assert_ok(sw_snapshot_lay_on(img, base, &t.err), t.err);
    for (size_t i = 0; i < 4; i++) {
        assert_ok(img->format->next_extent(img, i * SW_EBS_BLOCK_BYTES, &extent, &t.err), t.err);
        assert_int_equal(extent.kind, kinds[i]);
    }
    assert_ok(sw_image_pread(img, got, 8, 0, &t.err), t.err);
    assert_memory_equal(got, "the base", 8);
    assert_ok(sw_image_pread(img, got, 8, SW_EBS_BLOCK_BYTES, &t.err), t.err);
    assert_memory_equal(got, "\0\0\0\0\0\0\0\0", 8);
    end(&t);
}

static void a_base_that_is_another_disk_is_refused(void **state)
{
    const struct script_step steps[] = {
        CHANGES("{\"BlockIndex\":3,\"SecondBlockToken\":\"c\"}"),
        PAGE("{\"BlockIndex\":0,\"BlockToken\":\"t\"}", ""),
        block_of('x'),
    };
    SW_AUTO_IMAGE struct sw_image *img = NULL, *base = NULL;
    struct sw_in *in = NULL;
    struct talk t;

    (void)state;
    begin(&t, steps, 3);
    assert_ok(sw_in_open_bytes("another", 7, "base", &in, &t.err), t.err);
    assert_ok(sw_image_open(in, "raw", &(struct sw_open_opts){.parents = NULL}, &base, &t.err), t.err);
    assert_ok(open_it(&t, "snap-0a", &img), t.err);
    assert_failed(sw_snapshot_lay_on(img, base, &t.err), t.err, SW_INTEGRITY,
                  "'base' is no disk of snapshot 'snap-0a': block 0");
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_is_data_and_all_else_is_a_hole),
        cmocka_unit_test(tokens_that_are_not_at_hand_are_listed_anew),
        cmocka_unit_test(a_block_that_is_listed_no_more_is_told),
        cmocka_unit_test(lists_that_fit_no_snapshot_are_refused),
        cmocka_unit_test(pages_without_blocks_do_not_go_on_for_ever),
        cmocka_unit_test(what_does_not_differ_reads_as_the_base),
        cmocka_unit_test(a_base_that_is_another_disk_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
