/* The journal of a sealing: its lines, their MACs, and the keys in it. */
#include "src/seal/resume_journal.h"

#include "src/base/ckd.h"
#include "src/base/endian.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum {
    VERSION = 1,
    HEAD_MAX = 4 << 20,   /* a header of a MiB in hex, and the rest */
    LINE = SW_SHA256_HEX, /* of a MAC, with the end of the line */
    PIECE_BYTES = 1 << 20,
};

#define FILE_MAX (HEAD_MAX + LINE * (UINT64_C(1) + RESUME_SEGMENTS_MAX))

static const char purpose_key[] = "purpose";
static const char purpose[] = "resume-keys";

uint64_t resume_segment_bytes(uint64_t plain_bytes, uint32_t frame_bytes)
{
    uint64_t usual = sw_min_u64(RESUME_SEGMENT_USUAL, plain_bytes / RESUME_SEGMENTS);
    uint64_t least =
        sw_max_u64(sw_max_u64(RESUME_SEGMENT_MIN, usual), sw_div_up(plain_bytes, RESUME_SEGMENTS_MAX));

    return sw_round_up(least, frame_bytes);
}

static json_int_t stamp_ns(const struct timespec *at)
{
    return (json_int_t)at->tv_sec * 1000000000 + at->tv_nsec;
}

json_t *resume_source(const struct sw_in *from, struct sw_err *err)
{
    struct stat st;
    json_t *json;

    if (from->fd < 0 || fstat(from->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        sw_fail(err, SW_USAGE,
                "'%s' is no regular file: nothing tells whether it changes, so that its sealing cannot be "
                "gone on with",
                from->name);
        return NULL;
    }
    json = json_pack("{s:I, s:I, s:I, s:I, s:I}", "device", (json_int_t)st.st_dev, "inode",
                     (json_int_t)st.st_ino, "bytes", (json_int_t)st.st_size, "mtime_ns",
                     stamp_ns(&st.st_mtim), "ctime_ns", stamp_ns(&st.st_ctim));
    if (json == NULL)
        sw_fail(err, SW_FAILED, "cannot make the journal");
    return json;
}

/* HMAC under a key of its own over where the digest belongs and the digest. */
static int mac_of(const struct resume_journal *journal, uint64_t index, const uint8_t digest[SW_SHA256_BYTES],
                  uint8_t mac[SW_SHA256_BYTES], struct sw_err *err)
{
    static const char label[] = "slipway resume journal";
    uint8_t key[SW_SHA256_BYTES], text[8 + SW_SHA256_BYTES];
    int rc;

    be64_put(text, index);
    memcpy(text + 8, digest, SW_SHA256_BYTES);
    rc = sw_hmac_sha256(journal->data_key.bytes, journal->data_key.len, label, sizeof(label) - 1, key, err);
    if (rc == 0)
        rc = sw_hmac_sha256(key, sizeof(key), text, sizeof(text), mac, err);
    seal_cleanse(key, sizeof(key));
    return rc;
}

static int mac_head(const struct resume_journal *journal, const char *head, size_t len,
                    uint8_t mac[SW_SHA256_BYTES], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_sha256(head, len, digest, err) < 0)
        return -1;
    return mac_of(journal, UINT64_MAX, digest, mac, err);
}

static int digest_range(struct sw_in *in, const struct sw_seal_range *range, uint8_t *piece,
                        uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);

    if (digest == NULL)
        return -1;
    for (uint64_t at = 0; at < range->len;) {
        size_t n = (size_t)sw_min_u64(PIECE_BYTES, range->len - at);

        if (sw_check_interrupt(err) < 0 || sw_in_read(in, piece, n, range->off + at, err) < 0 ||
            sw_digest_update(digest, piece, n, err) < 0)
            return -1;
        at += n;
    }
    return sw_digest_final(digest, out, err);
}

int resume_journal_mac(const struct resume_journal *journal, struct sw_in *in,
                       const struct sw_seal_range *range, uint8_t mac[SW_SHA256_BYTES], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];
    uint8_t *piece = seal_arena_new(PIECE_BYTES);
    int rc;

    if (piece == NULL)
        return sw_fail_errno(err, "cannot get memory for a buffer of %d bytes", PIECE_BYTES);
    rc = digest_range(in, range, piece, digest, err);
    seal_arena_free(piece, PIECE_BYTES);
    return rc < 0 ? -1 : mac_of(journal, range->off / journal->segment_bytes, digest, mac, err);
}

int resume_journal_mac_bytes(const struct resume_journal *journal, uint64_t index, const uint8_t *bytes,
                             size_t len, uint8_t mac[SW_SHA256_BYTES], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    return sw_sha256(bytes, len, digest, err) < 0 ? -1 : mac_of(journal, index, digest, mac, err);
}

/* Both keys in one message, for the resume key. */
static int wrap_keys(const struct seal_keeping *keeping, const struct sw_keyring *ring, struct sw_buf *out,
                     struct sw_err *err)
{
    const struct sw_pair pairs[] = {{"artifact", keeping->artifact->id}, {purpose_key, purpose}};
    const struct seal_small how = {.recipients = ring, .random = sw_random};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};
    SW_AUTO_SECRET struct seal_secret keys = {.len = (size_t)2 * SEAL_KEY_BYTES};

    memcpy(keys.bytes, keeping->data_key->bytes, SEAL_KEY_BYTES);
    memcpy(keys.bytes + SEAL_KEY_BYTES, keeping->artifact->key.bytes, SEAL_KEY_BYTES);
    if (seal_context_set(&context, pairs, SW_ARRAY_LEN(pairs), err) < 0)
        return -1;
    return seal_secret_message(&context, &keys, &how, out, err);
}

static int set_hex(json_t *json, const char *key, const void *bytes, size_t len, struct sw_err *err)
{
    SW_AUTO_FREE char *hex = sw_calloc(2, len + 1, err);

    if (hex == NULL)
        return -1;
    sw_hex(bytes, len, hex);
    return sw_json_set(json, key, json_string(hex), err);
}

static char *make_head(const struct resume_journal *journal, const struct seal_keeping *keeping,
                       const struct sw_keyring *ring, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf keys = {.len = 0};
    SW_AUTO_JSON json_t *json = json_pack(
        "{s:i, s:O, s:O, s:s, s:I}", "version", VERSION, "source", journal->source, "target", journal->target,
        "artifact", keeping->artifact->id, "segment_bytes", (json_int_t)journal->segment_bytes);

    if (json == NULL) {
        sw_fail(err, SW_FAILED, "cannot make the journal");
        return NULL;
    }
    if (wrap_keys(keeping, ring, &keys, err) < 0 || set_hex(json, "keys", keys.data, keys.len, err) < 0 ||
        set_hex(json, "header", keeping->header.bytes, keeping->header.len, err) < 0)
        return NULL;
    return sw_json_canonical(json, err);
}

static int append_line(struct resume_journal *journal, const uint8_t mac[SW_SHA256_BYTES], struct sw_err *err)
{
    char line[LINE + 1];

    sw_hex(mac, SW_SHA256_BYTES, line);
    line[LINE - 1] = '\n';
    if (sw_write_full(journal->fd, line, LINE, journal->path, err) < 0)
        return -1;
    if (fdatasync(journal->fd) < 0)
        return sw_fail_errno(err, "cannot sync '%s'", journal->path);
    return 0;
}

int resume_journal_append(struct resume_journal *journal, const uint8_t mac[SW_SHA256_BYTES],
                          struct sw_err *err)
{
    if (append_line(journal, mac, err) < 0)
        return -1;
    journal->nr_segments++;
    return 0;
}

static int open_new(const char *path, struct sw_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

    return fd >= 0 ? fd : sw_fail_errno(err, "cannot create '%s'", path);
}

int resume_journal_create(struct resume_journal *journal, const struct seal_keeping *keeping,
                          const struct sw_keyring *ring, struct sw_err *err)
{
    SW_AUTO_FREE char *head = make_head(journal, keeping, ring, err);
    SW_AUTO_FREE char *dir = sw_path_dir(journal->path, err);
    uint8_t mac[SW_SHA256_BYTES];

    if (head == NULL || dir == NULL)
        return -1;
    journal->data_key = *keeping->data_key;
    journal->fd = open_new(journal->path, err);
    if (journal->fd < 0 || mac_head(journal, head, strlen(head), mac, err) < 0 ||
        sw_write_full(journal->fd, head, strlen(head), journal->path, err) < 0 ||
        sw_write_full(journal->fd, "\n", 1, journal->path, err) < 0 || append_line(journal, mac, err) < 0)
        return -1;
    journal->lines_at = strlen(head) + 1 + LINE;
    return sw_fsync_dir(dir, err);
}

static int damaged(const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "its '%s' is missing or damaged", what);
}

static int take_hex(const json_t *json, const char *key, struct sw_buf *out, struct sw_err *err)
{
    const char *hex = sw_json_text(json, key);
    size_t len = hex != NULL ? strlen(hex) : 0;

    if (len == 0 || len % 2 != 0)
        return damaged(key, err);
    if (sw_buf_reserve(out, len / 2 + 1, err) < 0)
        return -1;
    if (sw_unhex(hex, len, (uint8_t *)out->data, len / 2) < 0)
        return damaged(key, err);
    out->len = len / 2;
    return 0;
}

/* What is no message any more will not open with another key either. */
static int check_message(const struct sw_buf *message, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    struct sw_err why = {.code = SW_OK};

    return seal_header_parse(&header, (const uint8_t *)message->data, message->len, &why) == 0
               ? 0
               : damaged("keys", err);
}

static int take_keys(struct resume_journal *journal, const json_t *json, const struct sw_keyring *ring,
                     struct sw_err *err)
{
    const struct sw_pair expect[] = {{"artifact", journal->artifact.id}, {purpose_key, purpose}};
    const struct sw_unseal_opts opts = {.keys = ring, .expect = expect, .nr_expect = SW_ARRAY_LEN(expect)};
    SW_AUTO_BUF struct sw_buf message = {.len = 0};
    SW_AUTO_SECRET struct seal_secret keys = {.len = (size_t)2 * SEAL_KEY_BYTES};
    struct sw_in *in = NULL;
    int rc;

    if (take_hex(json, "keys", &message, err) < 0 || check_message(&message, err) < 0 ||
        sw_in_open_bytes(message.data, message.len, "the journal's keys", &in, err) < 0)
        return -1;
    in = sw_seal_in(in, NULL, &opts, err);
    if (in == NULL) {
        journal->locked = true;
        return sw_context(
            err,
            "'%s' keeps the keys of an interrupted run; name its resume key, or remove the file "
            "to begin anew",
            journal->path);
    }
    rc = in->size_bytes == keys.len ? sw_in_read(in, keys.bytes, keys.len, 0, err) : damaged("keys", err);
    sw_in_close(in);
    journal->data_key.len = journal->artifact.key.len = SEAL_KEY_BYTES;
    memcpy(journal->data_key.bytes, keys.bytes, SEAL_KEY_BYTES);
    memcpy(journal->artifact.key.bytes, keys.bytes + SEAL_KEY_BYTES, SEAL_KEY_BYTES);
    return rc;
}

static int take_head(struct resume_journal *journal, const json_t *json, const struct sw_keyring *ring,
                     struct sw_err *err)
{
    const char *id = sw_json_text(json, "artifact");
    json_int_t segment = json_integer_value(json_object_get(json, "segment_bytes"));

    if (json_integer_value(json_object_get(json, "version")) != VERSION)
        return damaged("version", err);
    if (!json_equal(json_object_get(json, "source"), journal->source))
        return sw_fail(err, SW_FAILED, "the file has changed since");
    if (!json_equal(json_object_get(json, "target"), journal->target))
        return sw_fail(err, SW_FAILED, "it was begun by another command");
    if (id == NULL || strlen(id) != SEAL_ARTIFACT_TEXT - 1)
        return damaged("artifact", err);
    if (segment < RESUME_SEGMENT_MIN)
        return damaged("segment_bytes", err);
    journal->segment_bytes = (uint64_t)segment;
    memcpy(journal->artifact.id, id, SEAL_ARTIFACT_TEXT);
    if (take_hex(json, "header", &journal->header, err) < 0)
        return -1;
    return take_keys(journal, json, ring, err);
}

static int take_mac(const char line[LINE], uint8_t mac[SW_SHA256_BYTES], struct sw_err *err)
{
    if (line[LINE - 1] != '\n' || sw_unhex(line, LINE - 1, mac, SW_SHA256_BYTES) < 0)
        return damaged("MAC", err);
    return 0;
}

int resume_journal_segment(const struct resume_journal *journal, uint64_t index, uint8_t mac[SW_SHA256_BYTES],
                           struct sw_err *err)
{
    char line[LINE];

    if (sw_pread_full(journal->fd, line, LINE, journal->lines_at + index * LINE, journal->path, err) < 0)
        return -1;
    return take_mac(line, mac, err);
}

/* The first two lines; bytes: what the file begins with. */
static int parse(struct resume_journal *journal, const struct sw_buf *bytes, const struct sw_keyring *ring,
                 struct sw_err *err)
{
    const char *line = memchr(bytes->data, '\n', bytes->len);
    uint8_t want[SW_SHA256_BYTES], is[SW_SHA256_BYTES];
    SW_AUTO_JSON json_t *json = NULL;
    size_t len;

    if (line == NULL)
        return damaged("first line", err);
    len = (size_t)(line - bytes->data);
    json = sw_json_parse(bytes->data, len, "it", err);
    if (json == NULL || take_head(journal, json, ring, err) < 0 ||
        mac_head(journal, bytes->data, len, want, err) < 0)
        return -1;
    journal->lines_at = len + 1 + LINE;
    if (journal->lines_at > bytes->len)
        return damaged("MAC", err);
    if (take_mac(line + 1, is, err) < 0)
        return -1;
    return seal_equal(is, want, sizeof(want)) ? 0 : damaged("MAC", err);
}

int resume_journal_read(struct resume_journal *journal, const struct sw_keyring *ring, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf head = {.len = 0};
    uint64_t bytes = 0;
    size_t len;
    int found = sw_open_own_file(journal->path, O_RDWR | O_APPEND, FILE_MAX, &journal->fd, &bytes, err);

    if (found != 1)
        return found;
    len = (size_t)sw_min_u64(bytes, HEAD_MAX + LINE);
    if (sw_buf_reserve(&head, len + 1, err) < 0 ||
        sw_pread_full(journal->fd, head.data, len, 0, journal->path, err) < 0)
        return -1;
    head.len = len;
    if (parse(journal, &head, ring, err) < 0)
        return -1;
    journal->nr_segments = (bytes - journal->lines_at) / LINE;
    if (ftruncate(journal->fd, (off_t)(journal->lines_at + journal->nr_segments * LINE)) < 0)
        return sw_fail_errno(err, "cannot go on with it");
    return 1;
}

void resume_journal_free(struct resume_journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    json_decref(journal->source);
    json_decref(journal->target);
    sw_buf_free(&journal->header);
    seal_secret_cleanse(&journal->data_key);
    seal_artifact_cleanse(&journal->artifact);
    free(journal->path);
}
