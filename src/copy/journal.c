/* The journal of a copy: where it can be gone on with, and with what. */
#include "src/copy/journal.h"

#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <string.h>
#include <sys/stat.h>

enum { DIGEST_HEX = 2 * SW_SHA256_BYTES, TAIL_BYTES = 64 << 10 };

static json_int_t stamp_ns(const struct timespec *at)
{
    return (json_int_t)at->tv_sec * 1000000000 + at->tv_nsec;
}

json_t *journal_file(const struct sw_image *img, const struct sw_in *in, struct sw_err *err)
{
    struct stat st;
    json_t *json;

    if (in != NULL && in->fd < 0 && in->identity != NULL) {
        json = json_pack("{s:s, s:s, s:I}", "format", img->format->name, "identity", in->identity, "bytes",
                         (json_int_t)in->size_bytes);
        if (json == NULL)
            sw_fail(err, SW_FAILED, "out of memory (a journal)");
        return json;
    }
    if (in == NULL || in->fd < 0 || fstat(in->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        sw_fail(err, SW_FAILED, "nothing tells whether the source changes");
        return NULL;
    }
    json = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "format", img->format->name, "device",
                     (json_int_t)st.st_dev, "inode", (json_int_t)st.st_ino, "bytes", (json_int_t)st.st_size,
                     "mtime_ns", stamp_ns(&st.st_mtim), "ctime_ns", stamp_ns(&st.st_ctim));
    if (json == NULL)
        sw_fail(err, SW_FAILED, "out of memory (a journal)");
    return json;
}

/* The image's file, and those that its extents lie in. */
static int describe_image(json_t *list, const struct sw_image *img, struct sw_err *err)
{
    json_t *file = journal_file(img, img->in, err);

    for (size_t i = 0; file != NULL && i < img->nr_others; i++) {
        if (sw_json_append(list, file, err) < 0)
            return -1;
        file = journal_file(img, img->others[i], err);
    }
    return file != NULL ? sw_json_append(list, file, err) : -1;
}

json_t *journal_source(const struct sw_image *src, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (const struct sw_image *img = src; img != NULL; img = img->parent)
        if (describe_image(list, img, err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

json_t *journal_target(const struct sw_copy *copy, const struct sw_create_opts *create, struct sw_err *err)
{
    json_t *json =
        json_pack("{s:i, s:s, s:s, s:s?, s:I, s:I, s:i, s:I}", "version", JOURNAL_VERSION, "program",
                  copy->resume->program, "format", copy->format->name, "subformat", create->subformat,
                  "disk_bytes", (json_int_t)create->size_bytes, "unit_bytes", (json_int_t)create->unit_bytes,
                  "level", create->level, "epoch", (json_int_t)create->epoch);

    if (json == NULL)
        sw_fail(err, SW_FAILED, "an option cannot stand in a journal");
    return json;
}

int journal_tail(const struct sw_out *out, uint64_t stored_bytes, uint8_t digest[SW_SHA256_BYTES],
                 struct sw_err *err)
{
    size_t len = (size_t)sw_min_u64(stored_bytes, TAIL_BYTES);
    SW_AUTO_FREE uint8_t *bytes = sw_calloc(1, TAIL_BYTES, err);

    if (bytes == NULL || sw_pread_full(out->fd, bytes, len, stored_bytes - len, out->name, err) < 0)
        return -1;
    return sw_sha256(bytes, len, digest, err);
}

static char *make_head(const struct journal *journal, struct sw_err *err)
{
    char tail[SW_SHA256_HEX];
    SW_AUTO_JSON json_t *head = NULL;

    sw_hex(journal->tail, sizeof(journal->tail), tail);
    head = json_pack("{s:O, s:O, s:I, s:I, s:I, s:I, s:I, s:s, s:I}", "source", journal->source, "target",
                     journal->target, "point", (json_int_t)journal->made.point, "read_bytes",
                     (json_int_t)journal->made.read_bytes, "data_bytes", (json_int_t)journal->made.data_bytes,
                     "zero_bytes", (json_int_t)journal->made.zero_bytes, "stored_bytes",
                     (json_int_t)journal->stored_bytes, "tail_sha256", tail, "state_bytes",
                     (json_int_t)journal->state_len);
    if (head == NULL) {
        sw_fail(err, SW_FAILED, "out of memory (a journal)");
        return NULL;
    }
    return sw_json_canonical(head, err);
}

static int digest_of(const char *head, const struct journal *journal, char hex[SW_SHA256_HEX],
                     struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    uint8_t bytes[SW_SHA256_BYTES];

    if (digest == NULL || sw_digest_update(digest, head, strlen(head), err) < 0 ||
        sw_digest_update(digest, "\n", 1, err) < 0 ||
        sw_digest_update(digest, journal->state, journal->state_len, err) < 0 ||
        sw_digest_final(digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    return 0;
}

int journal_write(const char *path, const struct journal *journal, struct sw_err *err)
{
    SW_AUTO_FREE char *head = make_head(journal, err);
    char hex[SW_SHA256_HEX];
    struct sw_out *out = NULL;
    int rc;

    if (head == NULL || digest_of(head, journal, hex, err) < 0 ||
        sw_out_create_file(path, 0600, &out, err) < 0)
        return -1;
    rc = sw_out_write(out, hex, DIGEST_HEX, err) < 0 || sw_out_write(out, "\n", 1, err) < 0 ||
                 sw_out_write(out, head, strlen(head), err) < 0 || sw_out_write(out, "\n", 1, err) < 0 ||
                 sw_out_write(out, journal->state, journal->state_len, err) < 0
             ? -1
             : sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

static int take_head(const json_t *head, struct journal *journal, uint64_t *state_bytes, struct sw_err *err)
{
    const char *tail = sw_json_text(head, "tail_sha256");
    struct progress_made *made = &journal->made;

    journal->source = json_incref(json_object_get(head, "source"));
    journal->target = json_incref(json_object_get(head, "target"));
    if (!json_is_array(journal->source))
        return sw_json_damaged("source", err);
    if (!json_is_object(journal->target))
        return sw_json_damaged("target", err);
    if (sw_json_take_number(head, "point", SW_VIRTUAL_MAX_BYTES, &made->point, err) < 0 ||
        sw_json_take_number(head, "read_bytes", made->point, &made->read_bytes, err) < 0 ||
        sw_json_take_number(head, "data_bytes", made->read_bytes, &made->data_bytes, err) < 0 ||
        sw_json_take_number(head, "zero_bytes", made->read_bytes - made->data_bytes, &made->zero_bytes, err) <
            0 ||
        sw_json_take_number(head, "stored_bytes", INT64_MAX, &journal->stored_bytes, err) < 0 ||
        sw_json_take_number(head, "state_bytes", JOURNAL_STATE_MAX, state_bytes, err) < 0)
        return -1;
    if (tail == NULL || sw_unhex(tail, strlen(tail), journal->tail, sizeof(journal->tail)) < 0)
        return sw_json_damaged("tail_sha256", err);
    return 0;
}

static int check_digest(const char *bytes, size_t len, struct sw_err *err)
{
    uint8_t want[SW_SHA256_BYTES], is[SW_SHA256_BYTES];

    if (len < DIGEST_HEX + 1 || bytes[DIGEST_HEX] != '\n' ||
        sw_unhex(bytes, DIGEST_HEX, want, sizeof(want)) < 0)
        return sw_fail(err, SW_INTEGRITY, "it does not begin with a digest");
    if (sw_sha256(bytes + DIGEST_HEX + 1, len - DIGEST_HEX - 1, is, err) < 0)
        return -1;
    if (memcmp(want, is, sizeof(is)) != 0)
        return sw_fail(err, SW_INTEGRITY, "its digest is another");
    return 0;
}

int journal_parse(const char *bytes, size_t len, struct journal *journal, struct sw_err *err)
{
    SW_AUTO_JSON json_t *head = NULL;
    const char *line, *end;
    uint64_t state_bytes = 0;

    if (check_digest(bytes, len, err) < 0)
        return -1;
    line = bytes + DIGEST_HEX + 1;
    len -= DIGEST_HEX + 1;
    end = memchr(line, '\n', (size_t)sw_min_u64(len, JOURNAL_HEAD_MAX));
    if (end == NULL)
        return sw_fail(err, SW_INTEGRITY, "it has no line of JSON");
    head = sw_json_parse(line, (size_t)(end - line), "its JSON", err);
    if (head == NULL || take_head(head, journal, &state_bytes, err) < 0)
        return -1;
    len -= (size_t)(end + 1 - line);
    if (state_bytes != len)
        return sw_json_damaged("state_bytes", err);
    journal->state = end + 1;
    journal->state_len = len;
    return 0;
}

int journal_read(const char *path, struct journal *journal, struct sw_err *err)
{
    const size_t most = DIGEST_HEX + 1 + JOURNAL_HEAD_MAX + JOURNAL_STATE_MAX;
    SW_AUTO_BUF struct sw_buf bytes = {.len = 0};
    int found = sw_read_own_file(path, most, &bytes, err);
    size_t len = bytes.len;

    if (found <= 0)
        return found;
    journal->bytes = sw_buf_steal(&bytes);
    return journal_parse(journal->bytes, len, journal, err) < 0 ? -1 : 1;
}

void journal_free(struct journal *journal)
{
    json_decref(journal->source);
    json_decref(journal->target);
    free(journal->bytes);
}
