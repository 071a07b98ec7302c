/* Published Encryption SDK messages, one by one: the right plaintext or the right refusal. */
#include "message.h"
#include "src/base/digest.h"
#include "src/seal/signed.h"

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
static unsigned opened, refused, changed;

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
        snprintf(text, sizeof(text), "pem:%s,ns=%s,name=%s,padding=%s%s", to, ns, name,
                 strcmp(spec, "pkcs1") == 0 ? "" : "oaep-", spec);
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

/* Without the pairs that the row requires. */
static int open_with_opts(const struct sw_unseal_opts *opts, const struct sw_buf *message, uint8_t digest[32],
                          struct sw_err *err)
{
    struct sw_in *in = sw_seal_in(mem_in(message->data, message->len), NULL, opts, err);
    int rc = -1;

    if (in != NULL) {
        SW_AUTO_FREE uint8_t *plain = malloc(in->size_bytes + 1);

        rc = sw_in_read(in, plain, in->size_bytes, 0, err);
        if (rc == 0)
            rc = sw_sha256(plain, in->size_bytes, digest, err);
    }
    sw_in_close(in);
    return rc;
}

static int open_with_ring(char **row, const struct sw_keyring *ring, const struct sw_buf *message,
                          uint8_t digest[32], struct sw_err *err)
{
    json_t *required = row[COL_REQUIRED][0] != '\0' ? json_loads(row[COL_REQUIRED], 0, NULL) : json_object();
    struct sw_pair pairs[16];
    struct sw_unseal_opts opts = {.keys = ring, .require = pairs, .legacy = true};
    const char *key;
    json_t *value;
    int rc;

    json_object_foreach (required, key, value) {
        assert_true(opts.nr_require < SW_ARRAY_LEN(pairs));
        pairs[opts.nr_require++] = (struct sw_pair){key, json_string_value(value)};
    }
    rc = open_with_opts(&opts, message, digest, err);
    json_decref(required);
    return rc;
}

static int find_layout(const struct seal_header *header, const struct seal_secret *content_key,
                       const struct sw_buf *message, struct seal_layout *layout, struct sw_err *err)
{
    struct sw_in *in;
    int rc;

    if (!seal_suite_signs(header->suite))
        return seal_layout_of(header, message->len, layout, err);
    in = mem_in(message->data, message->len);
    rc = seal_signed_verify(header, content_key, in, NULL, layout, err);
    sw_in_close(in);
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
        find_layout(&header, &content_key, message, &layout, err) < 0)
        return -1;
    gcm = seal_gcm_new(content_key.bytes, content_key.len, false, err);
    assert_ok(sw_buf_reserve(&plain, layout.plain_bytes + 1, err), *err);
    for (uint32_t seq = 1; seq <= layout.nr_frames; seq++) {
        struct seal_frame frame = seal_layout_frame(&layout, seq);

        if (seal_frame_decrypt(gcm, &header.id, &frame, bytes + seal_layout_offset(&layout, seq),
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

static struct sw_keyring *ring_of_row(char **row)
{
    char specs[512], files[256];

    snprintf(specs, sizeof(specs), "%s", row[COL_KEYRING]);
    snprintf(files, sizeof(files), "%s", row[COL_KEYS]);
    return ring_for(specs, files);
}

static int open_row(char **row, const struct sw_buf *message, uint8_t digest[32], struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = NULL;

    if (strcmp(row[COL_KEYRING], "dek") == 0)
        return open_with_data_key(row, message, digest, err);
    ring = ring_of_row(row);
    return open_with_ring(row, ring, message, digest, err);
}

static void check_row(char **row)
{
    SW_AUTO_BUF struct sw_buf message = {.len = 0};
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[32] = {0};
    int rc;

    read_data(row[COL_FILE], &message);
    rc = open_row(row, &message, digest, &err);
    check_opened(row, rc, digest, &err);
}

static void refuse_changed(char **row, const struct sw_keyring *ring, const struct sw_buf *message,
                           const char *what, size_t at)
{
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[32];

    if (open_with_ring(row, ring, message, digest, &err) == 0)
        fail_msg("%s, %s %zu: it was opened", row[COL_FILE], what, at);
    if (err.code != SW_INTEGRITY)
        fail_msg("%s, %s %zu: '%s'", row[COL_FILE], what, at, err.text);
    changed++;
}

/* Bits here and there, more often in the header; then cut at and beside the edges of all frames. */
static void change_row(char **row)
{
    SW_AUTO_BUF struct sw_buf message = {.len = 0};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    SW_AUTO_KEYRING struct sw_keyring *ring = NULL;
    struct sw_err err = {.code = SW_OK};
    size_t whole;

    if (strncmp(row[COL_KEYRING], "aes:", 4) != 0 || strcmp(row[COL_EXPECT], "ok") != 0)
        return;
    read_data(row[COL_FILE], &message);
    assert_ok(seal_header_parse(&header, (const uint8_t *)message.data, message.len, &err), err);
    ring = ring_of_row(row);
    whole = message.len;
    for (size_t at = 0; at < whole; at += at < header.len ? 13 : 997) {
        message.data[at] = (char)(message.data[at] ^ 16);
        refuse_changed(row, ring, &message, "a bit flipped at", at);
        message.data[at] = (char)(message.data[at] ^ 16);
    }
    for (size_t edge = header.len; edge <= whole + 1; edge += header.frame_bytes + SEAL_FRAME_OVER) {
        for (message.len = edge - 1; message.len <= edge + 1 && message.len < whole; message.len++)
            refuse_changed(row, ring, &message, "cut at", message.len);
    }
}

/* Calls what for every row of the index. */
static void each_row(void (*what)(char **row))
{
    SW_AUTO_BUF struct sw_buf index = {.len = 0};
    char *rest, *line;

    read_data("INDEX.tsv", &index);
    rest = index.data;
    (void)strsep(&rest, "\n"); /* the heading */
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        char *row[COLUMNS] = {NULL};

        for (size_t i = 0; i < COLUMNS && line != NULL; i++)
            row[i] = strsep(&line, "\t");
        assert_non_null(row[COL_EXPECT]);
        what(row);
    }
}

static void published_messages_give_their_plaintext_or_are_refused(void **state)
{
    (void)state;
    each_row(check_row);
    print_message("%u opened, %u refused by their commitment\n", opened, refused);
    assert_int_equal(opened, 300);
    assert_int_equal(refused, 5);
}

static void published_messages_that_were_changed_are_refused(void **state)
{
    (void)state;
    each_row(change_row);
    print_message("%u refused\n", changed);
    assert_true(changed > 1000);
}

/* The wrapped key's bytes of a PKCS#1 v1.5 row, and what is said when they, or the header, are wrong: always the same. */
static void change_pkcs1_row(char **row)
{
    SW_AUTO_BUF struct sw_buf message = {.len = 0};
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    SW_AUTO_KEYRING struct sw_keyring *ring = NULL;
    struct sw_err first = {.code = SW_OK}, err;
    uint8_t digest[32];
    size_t at;

    if (strstr(row[COL_KEYRING], ":pkcs1") == NULL)
        return;
    read_data(row[COL_FILE], &message);
    assert_ok(seal_header_parse(&header, (const uint8_t *)message.data, message.len, &err), err);
    ring = ring_of_row(row);
    /* The tag: the key is right, what it authenticates is not. */
    message.data[header.len - 1] ^= 1;
    assert_int_equal(open_with_ring(row, ring, &message, digest, &first), -1);
    message.data[header.len - 1] ^= 1;
    at = (size_t)(header.edks[0].wrapped.bytes - header.bytes);
    for (unsigned i = 0; i < 10; i++) {
        char *byte = &message.data[at + i * 51]; /* the first: perhaps more than the modulus */

        *byte ^= (char)(i == 0 ? 0x80 : 1);
        assert_int_equal(open_with_ring(row, ring, &message, digest, &err), -1);
        assert_string_equal(err.text, first.text);
        assert_int_equal(err.code, SW_INTEGRITY);
        *byte ^= (char)(i == 0 ? 0x80 : 1);
        changed++;
    }
}

static void a_pkcs1_key_says_the_same_whatever_is_wrong(void **state)
{
    (void)state;
    changed = 0;
    each_row(change_pkcs1_row);
    assert_int_equal(changed, 40);
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
        cmocka_unit_test(published_messages_that_were_changed_are_refused),
        cmocka_unit_test(a_pkcs1_key_says_the_same_whatever_is_wrong),
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
