/* Published Encryption SDK messages, one by one: the right plaintext or the right refusal. */
#include "message.h"
#include "src/base/digest.h"
#include "src/seal/frame.h"

#include <jansson.h>

enum { FILE_MAX = 1 << 20, COLUMNS = 16 };

/* INDEX.tsv's columns. */
enum {
    COL_FILE = 0,
    COL_SUITE = 2,
    COL_KEYRING = 7,
    COL_KEYS = 8,
    COL_REQUIRED = 9,
    COL_PLAIN_SHA256 = 12,
    COL_EXPECT = 13,
};

static char folder[512];
static unsigned opened, refused, by_name;

static void read_data(const char *name, struct sw_buf *out)
{
    struct sw_err err = {.code = SW_OK};
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_ok(sw_read_file(path, FILE_MAX, out, &err), err);
}

/* The published files may be read by everybody: a private copy. */
static void copy_key(const char *name, const char *to)
{
    SW_AUTO_BUF struct sw_buf key = {.len = 0};

    read_data(name, &key);
    (void)key_file(to, key.data, key.len, 0600);
}

/* "aes:NS:NAME", "rsa:NS:NAME:HASH" or "ecdh", and its file, as a key text of ours. */
static void add_key(struct sw_keyring *ring, char *spec, const char *file)
{
    struct sw_err err = {.code = SW_OK};
    const char *scheme = strsep(&spec, ":"), *ns = strsep(&spec, ":"), *name = strsep(&spec, ":");
    char text[512], to[32];

    snprintf(to, sizeof(to), "key-%zu", sw_keyring_count(ring));
    copy_key(file, to);
    if (strcmp(scheme, "aes") == 0)
        snprintf(text, sizeof(text), "aes:%s,ns=%s,name=%s", to, ns, name);
    else if (strcmp(scheme, "ecdh") == 0)
        snprintf(text, sizeof(text), "pem:%s", to);
    else
        snprintf(text, sizeof(text), "pem:%s,ns=%s,name=%s,padding=oaep-%s", to, ns, name, spec);
    assert_ok(sw_keyring_add(ring, text, &err), err);
}

static struct sw_keyring *ring_for(char *specs, char *files)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_keyring *ring = sw_keyring_new(SW_KEY_OPEN, &err);
    char *spec;

    assert_non_null(ring);
    while ((spec = strsep(&specs, "+")) != NULL)
        add_key(ring, spec, strsep(&files, ","));
    return ring;
}

static int open_with_keys(char **row, const struct sw_buf *message, uint8_t digest[32], struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = ring_for(row[COL_KEYRING], row[COL_KEYS]);
    json_t *required = row[COL_REQUIRED][0] != '\0' ? json_loads(row[COL_REQUIRED], 0, NULL) : json_object();
    struct sw_pair pairs[16];
    struct sw_unseal_opts opts = {.keys = ring, .require = pairs};
    const char *key;
    json_t *value;
    struct sw_in *in;
    int rc = -1;

    json_object_foreach (required, key, value) {
        assert_true(opts.nr_require < SW_ARRAY_LEN(pairs));
        pairs[opts.nr_require++] = (struct sw_pair){key, json_string_value(value)};
    }
    in = sw_seal_in(mem_in(message->data, message->len), NULL, &opts, err);
    if (in != NULL) {
        SW_AUTO_FREE uint8_t *plain = malloc(in->size_bytes + 1);

        rc = sw_in_read(in, plain, in->size_bytes, 0, err);
        if (rc == 0)
            rc = sw_sha256(plain, in->size_bytes, digest, err);
    }
    sw_in_close(in);
    json_decref(required);
    return rc;
}

/* These give the data key itself; its wrapping belongs to a service. */
static int open_with_data_key(char **row, const struct sw_buf *message, uint8_t digest[32],
                              struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    SW_AUTO_BUF struct sw_buf hex = {.len = 0}, plain = {.len = 0};
    const uint8_t *bytes = (const uint8_t *)message->data;
    struct seal_secret data_key = {.len = 32}, content_key;
    const struct seal_context none = {.n = 0};
    struct seal_layout layout;
    SW_AUTO_GCM struct seal_gcm *gcm = NULL;

    read_data(row[COL_KEYS], &hex);
    assert_int_equal(sw_unhex(hex.data, 64, data_key.bytes, 32), 0);
    if (seal_header_parse(&header, bytes, message->len, err) < 0 ||
        seal_header_verify(&header, &data_key, &none, &content_key, err) < 0 ||
        seal_layout_of(&header, message->len, &layout, err) < 0)
        return -1;
    gcm = seal_gcm_new(content_key.bytes, content_key.len, false, err);
    assert_ok(sw_buf_reserve(&plain, layout.plain_bytes + 1, err), *err);
    for (uint32_t seq = 1; seq <= layout.nr_frames; seq++) {
        struct seal_frame frame = seal_layout_frame(&layout, seq);

        if (seal_frame_decrypt(gcm, header.message_id, &frame, bytes + seal_layout_offset(&layout, seq),
                               (uint8_t *)plain.data + plain.len, err) < 0)
            return -1;
        plain.len += frame.len;
    }
    return sw_sha256(plain.data, plain.len, digest, err);
}

static void check_opened(char **row, int rc, const uint8_t digest[32], const struct sw_err *err)
{
    char hex[SW_SHA256_HEX];

    if (strcmp(row[COL_EXPECT], "ok") != 0) {
        if (rc == 0 || strstr(err->text, "commitment") == NULL)
            fail_msg("%s: was to fail by its commitment: %d '%s'", row[COL_FILE], rc, err->text);
        refused++;
        return;
    }
    if (rc < 0)
        fail_msg("%s: %s", row[COL_FILE], err->text);
    sw_hex(digest, 32, hex);
    if (strcmp(hex, row[COL_PLAIN_SHA256]) != 0)
        fail_msg("%s: another plaintext", row[COL_FILE]);
    opened++;
}

static void check_refused_by_name(char **row, const struct sw_buf *message)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    char want[16];

    snprintf(want, sizeof(want), "0x%s", row[COL_SUITE]);
    assert_failed(seal_header_parse(&header, (const uint8_t *)message->data, message->len, &err), err,
                  SW_INTEGRITY, want);
    by_name++;
}

static void check_row(char **row)
{
    SW_AUTO_BUF struct sw_buf message = {.len = 0};
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[32] = {0};
    int rc;

    read_data(row[COL_FILE], &message);
    if (strcmp(row[COL_SUITE], "0478") != 0) {
        check_refused_by_name(row, &message);
        return;
    }
    rc = strcmp(row[COL_KEYRING], "dek") == 0 ? open_with_data_key(row, &message, digest, &err)
                                              : open_with_keys(row, &message, digest, &err);
    check_opened(row, rc, digest, &err);
}

static void published_messages_give_their_plaintext_or_are_refused(void **state)
{
    SW_AUTO_BUF struct sw_buf index = {.len = 0};
    char *rest, *line;

    (void)state;
    read_data("INDEX.tsv", &index);
    rest = index.data;
    (void)strsep(&rest, "\n"); /* the heading */
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        char *row[COLUMNS] = {NULL};

        for (size_t i = 0; i < COLUMNS && line != NULL; i++)
            row[i] = strsep(&line, "\t");
        assert_non_null(row[COL_EXPECT]);
        check_row(row);
    }
    print_message("%u opened, %u refused by their commitment, %u by the name of their suite\n", opened,
                  refused, by_name);
    assert_true(opened >= 45 && refused >= 3 && by_name > 100);
}

static void a_required_pair_is_needed_and_must_be_right(void **state)
{
    static char specs[] = "aes:aws-raw-vectors-persistent-aes-256:aes-256", files[] = "keys/aws-aes-256.hex";
    const struct sw_pair right[] = {{"a", "a"}, {"b", "b"}}, wrong[] = {{"a", "a"}, {"b", "c"}};
    SW_AUTO_KEYRING struct sw_keyring *ring = ring_for(specs, files);
    struct sw_unseal_opts opts = {.keys = ring};
    SW_AUTO_BUF struct sw_buf message = {.len = 0};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in;

    (void)state;
    read_data("dafny410/59860070-13d0-4962-ab34-933a422794a1.esdk", &message);
    assert_null(sw_seal_in(mem_in(message.data, message.len), NULL, &opts, &err));
    assert_failed(-1, err, SW_INTEGRITY, "required pair");
    opts.require = wrong;
    opts.nr_require = 2;
    assert_null(sw_seal_in(mem_in(message.data, message.len), NULL, &opts, &err));
    assert_failed(-1, err, SW_INTEGRITY, "required pair");
    opts.require = right;
    in = sw_seal_in(mem_in(message.data, message.len), NULL, &opts, &err);
    assert_non_null(in);
    sw_in_close(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_messages_give_their_plaintext_or_are_refused),
        cmocka_unit_test(a_required_pair_is_needed_and_must_be_right),
    };
    const char *data = getenv("SLIPWAY_TEST_DATA");
    char path[600];

    snprintf(folder, sizeof(folder), "%s/esdk", data != NULL ? data : "");
    snprintf(path, sizeof(path), "%s/INDEX.tsv", folder);
    if (data == NULL || access(path, R_OK) < 0) {
        printf("SLIPWAY_TEST_DATA has no esdk/INDEX.tsv\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
