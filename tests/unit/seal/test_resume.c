/* What goes on after a kill: the same plaintext under the same key, or another key; one header for a message id. */
#include "message.h"
#include "src/base/log.h"
#include "src/seal/resume_journal.h"

#include <fcntl.h>
#include <sys/wait.h>

enum { PLAIN_BYTES = 6 << 20, STOP_AT = (4 << 20) + 300000, IDS_MAX = 64 };

/* Every header that is built goes by here (the linker sees to it). */
static struct {
    uint8_t ids[IDS_MAX][SEAL_ID_BYTES];
    unsigned n;
} built;

int __real_seal_header_build(const struct seal_header_spec *spec, struct sw_buf *out,
                             struct seal_secret *content_key, struct sw_err *err);
int __wrap_seal_header_build(const struct seal_header_spec *spec, struct sw_buf *out,
                             struct seal_secret *content_key, struct sw_err *err);

static bool was_built(const uint8_t *id)
{
    for (unsigned i = 0; i < built.n; i++)
        if (memcmp(built.ids[i], id, SEAL_ID_BYTES) == 0)
            return true;
    return false;
}

int __wrap_seal_header_build(const struct seal_header_spec *spec, struct sw_buf *out,
                             struct seal_secret *content_key, struct sw_err *err)
{
    if (was_built(spec->id->bytes))
        fail_msg("a second header for one message id");
    assert_true(built.n < IDS_MAX);
    memcpy(built.ids[built.n++], spec->id->bytes, SEAL_ID_BYTES);
    return __real_seal_header_build(spec, out, content_key, err);
}

static char last_said[512];

static void listen_to(enum sw_log_level level, const char *text)
{
    (void)level;
    snprintf(last_said, sizeof(last_said), "%s", text);
}

static void stop(struct sw_progress *self, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)self;
    (void)total_bytes;
    if (done_bytes >= STOP_AT)
        _exit(7);
}

struct rings {
    struct sw_keyring *to, *with;
    struct sw_seal_resume resume;
};

/* A key file each, which stays: the inode of one that was replaced may be that of what is sealed to it. */
static struct sw_keyring *lasting_ring(enum sw_key_use use, uint8_t byte)
{
    char text[] = "aes:lasting-0.key";
    uint8_t key[32];

    text[strlen("aes:lasting-")] = (char)('0' + byte);
    memset(key, byte, sizeof(key));
    if (access(text + strlen("aes:"), F_OK) < 0)
        (void)key_file(text + strlen("aes:"), key, sizeof(key), 0600);
    return ring_of(use, text);
}

static void make_rings(struct rings *rings)
{
    rings->to = lasting_ring(SW_KEY_SEAL, 1);
    rings->with = lasting_ring(SW_KEY_OPEN, 1);
    rings->resume =
        (struct sw_seal_resume){.seal = lasting_ring(SW_KEY_SEAL, 2), .open = lasting_ring(SW_KEY_OPEN, 2)};
}

static void free_rings(struct rings *rings)
{
    sw_keyring_free(rings->to);
    sw_keyring_free(rings->with);
    sw_keyring_free((struct sw_keyring *)(uintptr_t)rings->resume.seal);
    sw_keyring_free((struct sw_keyring *)(uintptr_t)rings->resume.open);
}

static void write_plain(void)
{
    SW_AUTO_FREE uint8_t *plain = pattern(PLAIN_BYTES);
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_write_file("plain", plain, PLAIN_BYTES, 0600, &err), err);
}

static void seal_plain(const struct rings *rings, struct sw_progress *progress)
{
    char artifact[SW_SEAL_ARTIFACT_CHARS];
    struct sw_err err = {.code = SW_OK};
    struct sw_seal_file ask = {.opts = {.recipients = rings->to, .jobs = 1},
                               .path = "x.sealed",
                               .resume = &rings->resume,
                               .progress = progress};

    assert_ok(sw_in_open_file("plain", &ask.from, &err), err);
    assert_ok(sw_seal_file(&ask, artifact, &err), err);
    sw_in_close(ask.from);
}

/* A run that ends by force with four segments behind it, in the fifth. */
static void seal_and_die(void)
{
    struct sw_progress killer = {.tick = stop};
    struct rings rings;
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        make_rings(&rings); /* keys do not survive a fork */
        seal_plain(&rings, &killer);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void read_id(const char *path, uint8_t id[SEAL_ID_BYTES])
{
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_in_read(in, id, SEAL_ID_BYTES, 3, &err), err);
    sw_in_close(in);
}

static void opens_as_plain(const struct rings *rings)
{
    const struct sw_unseal_opts opts = {.keys = rings->with};
    SW_AUTO_FREE uint8_t *got = malloc(PLAIN_BYTES), *want = malloc(PLAIN_BYTES);
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL, *plain = NULL;

    assert_ok(sw_seal_open_file("x.sealed", NULL, &opts, &in, &err), err);
    assert_ok(sw_in_open_file("plain", &plain, &err), err);
    assert_int_equal(in->size_bytes, PLAIN_BYTES);
    assert_ok(sw_in_read(in, got, PLAIN_BYTES, 0, &err), err);
    assert_ok(sw_in_read(plain, want, PLAIN_BYTES, 0, &err), err);
    assert_memory_equal(got, want, PLAIN_BYTES);
    sw_in_close(in);
    sw_in_close(plain);
}

static void a_killed_run_is_gone_on_with_under_the_header_that_is_there(void **state)
{
    uint8_t begun[SEAL_ID_BYTES], finished[SEAL_ID_BYTES];
    struct rings rings;

    (void)state;
    make_rings(&rings);
    write_plain();
    seal_and_die();
    read_id(".x.sealed.partial", begun);
    sw_log_to(listen_to);
    seal_plain(&rings, NULL);
    assert_non_null(strstr(last_said, "goes on at 4194304"));
    read_id("x.sealed", finished);
    assert_memory_equal(begun, finished, SEAL_ID_BYTES);
    assert_false(was_built(finished)); /* here; the other process did */
    opens_as_plain(&rings);
    assert_int_not_equal(access(".x.sealed.journal", F_OK), 0);
    free_rings(&rings);
}

/* Makes the journal's stamps those of the file as it is now, as only who has the data key can. */
static void forge_stamps(const struct rings *rings)
{
    struct resume_journal journal = {.fd = -1}, forged = {.fd = -1};
    SW_AUTO_BUF struct sw_buf text = {.len = 0};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;
    struct seal_keeping keeping = {.data_key = &journal.data_key, .artifact = &journal.artifact};
    char *source;
    json_t *head;

    assert_ok(sw_read_file(".x.sealed.journal", 1 << 20, &text, &err), err);
    head = json_loads(strtok(text.data, "\n"), 0, NULL);
    source = json_dumps(json_object_get(head, "source"), 0);
    journal.source = json_loads(source, 0, NULL);
    free(source);
    journal.target = json_incref(json_object_get(head, "target"));
    journal.path = strdup(".x.sealed.journal");
    assert_int_equal(resume_journal_read(&journal, rings->resume.open, &err), 1);
    assert_int_equal(journal.nr_segments, 5);
    assert_int_equal(unlink(".x.sealed.journal"), 0);
    assert_ok(sw_in_open_file("plain", &in, &err), err);
    forged.source = resume_source(in, &err);
    forged.target = json_incref(journal.target);
    forged.path = strdup(".x.sealed.journal");
    forged.segment_bytes = journal.segment_bytes;
    keeping.header =
        (struct seal_view){.bytes = (const uint8_t *)journal.header.data, .len = journal.header.len};
    assert_ok(resume_journal_create(&forged, &keeping, rings->resume.seal, &err), err);
    for (uint64_t i = 0; i < journal.nr_segments; i++) {
        uint8_t mac[SW_SHA256_BYTES];

        assert_ok(resume_journal_segment(&journal, i, mac, &err), err);
        assert_ok(resume_journal_append(&forged, mac, &err), err);
    }
    sw_in_close(in);
    json_decref(head);
    resume_journal_free(&journal);
    resume_journal_free(&forged);
}

static void flip_byte(off_t at)
{
    int fd = open("plain", O_RDWR | O_CLOEXEC);
    uint8_t byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* The last place is in a segment that was only begun: its bytes may be on the disk all the same. */
static void other_bytes_under_the_same_stamps_get_another_key(void **state)
{
    const off_t places[] = {0, 2 << 20, (4 << 20) + 500000};
    struct rings rings;

    (void)state;
    make_rings(&rings);
    sw_log_to(listen_to);
    for (unsigned i = 0; i < SW_ARRAY_LEN(places); i++) {
        uint8_t begun[SEAL_ID_BYTES], finished[SEAL_ID_BYTES];

        write_plain();
        seal_and_die();
        read_id(".x.sealed.partial", begun);
        flip_byte(places[i]);
        forge_stamps(&rings);
        seal_plain(&rings, NULL);
        assert_non_null(strstr(last_said, "begins anew"));
        assert_non_null(strstr(last_said, "has changed since, at"));
        read_id("x.sealed", finished);
        assert_memory_not_equal(begun, finished, SEAL_ID_BYTES);
        assert_true(was_built(finished));
        opens_as_plain(&rings);
    }
    /* The same with stamps that fit and bytes that do, so that it is the bytes that were looked at. */
    write_plain();
    seal_and_die();
    forge_stamps(&rings);
    seal_plain(&rings, NULL);
    assert_non_null(strstr(last_said, "goes on at 4194304"));
    opens_as_plain(&rings);
    free_rings(&rings);
}

/* A file of which one byte is another one from its second reading on, with nothing to tell it by. */
struct turncoat {
    struct sw_in base;
    struct sw_in *in;
    uint64_t at;
    unsigned reads;
};

static int turncoat_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct turncoat *self = (struct turncoat *)in;

    if (sw_in_read(self->in, buf, len, off, err) < 0)
        return -1;
    if (self->at >= off && self->at < off + len && self->reads++ > 0)
        ((uint8_t *)buf)[self->at - off] ^= 1;
    return 0;
}

static void turncoat_close(struct sw_in *in)
{
    sw_in_close(((struct turncoat *)in)->in);
}

static const struct sw_in_ops turncoat_ops = {.pread = turncoat_pread, .close = turncoat_close};

static int seal_turncoat(const struct rings *rings, uint64_t at, unsigned *reads, struct sw_err *err)
{
    char artifact[SW_SEAL_ARTIFACT_CHARS];
    struct turncoat turncoat = {.at = at};
    struct sw_seal_file ask = {.opts = {.recipients = rings->to, .jobs = 1},
                               .from = &turncoat.base,
                               .path = "x.sealed",
                               .resume = &rings->resume};
    int rc;

    assert_ok(sw_in_open_file("plain", &turncoat.in, err), *err);
    turncoat.base = *turncoat.in;
    turncoat.base.ops = &turncoat_ops;
    rc = sw_seal_file(&ask, artifact, err);
    *reads = turncoat.reads;
    sw_in_close(&turncoat.base);
    return rc;
}

/* Frames of the last segment may lie on the disk already: other bytes must not meet their key and numbers. */
static void what_changes_after_it_was_checked_is_not_sealed(void **state)
{
    struct sw_err err = {.code = SW_OK};
    unsigned reads = 0;
    struct rings rings;

    (void)state;
    make_rings(&rings);
    write_plain();
    seal_and_die();
    assert_failed(seal_turncoat(&rings, (4 << 20) + 1000, &reads, &err), err, SW_INTEGRITY,
                  "changed while it was sealed");
    assert_int_equal(reads, 2);
    assert_false(sw_path_exists(".x.sealed.partial"));
    assert_false(sw_path_exists(".x.sealed.journal"));
    free_rings(&rings);
}

/* What is vouched for is what is encrypted: it is read once. */
static void a_new_segment_is_read_once(void **state)
{
    struct sw_err err = {.code = SW_OK};
    unsigned reads = 0;
    struct rings rings;

    (void)state;
    make_rings(&rings);
    write_plain();
    assert_ok(seal_turncoat(&rings, (2 << 20) + 1000, &reads, &err), err);
    assert_int_equal(reads, 1);
    opens_as_plain(&rings);
    free_rings(&rings);
}

/* The journal is as long as the image wants; what a run holds in memory is one segment. */
static void a_segment_is_16_mib_however_large_the_image(void **state)
{
    const uint64_t tib = UINT64_C(1) << 40;

    (void)state;
    assert_int_equal(resume_segment_bytes(tib, 64 << 10), 16 << 20);
    assert_int_equal(resume_segment_bytes(64 * tib, 64 << 10), 16 << 20);
    assert_int_equal(resume_segment_bytes(1000 * tib, 256 << 10), 16 << 20);
    assert_int_equal(resume_segment_bytes(64 * tib, 64 << 20), 64 << 20); /* frames are not divided */
}

static void rewrapping_builds_a_header_for_a_new_id_each_time(void **state)
{
    struct sw_err err = {.code = SW_OK};
    char artifact[SW_SEAL_ARTIFACT_CHARS];
    struct rings rings;
    struct sw_unseal_opts opts;
    unsigned before;

    (void)state;
    make_rings(&rings);
    assert_ok(sw_write_file("plain", "short", 5, 0600, &err), err);
    seal_plain(&rings, NULL);
    opts = (struct sw_unseal_opts){.keys = rings.with};
    before = built.n;
    for (unsigned i = 0; i < 5; i++)
        assert_ok(sw_seal_rewrap("x.sealed", NULL, &opts, rings.to, artifact, &err), err);
    assert_int_equal(built.n, before + 5);
    free_rings(&rings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_run_is_gone_on_with_under_the_header_that_is_there),
        cmocka_unit_test(other_bytes_under_the_same_stamps_get_another_key),
        cmocka_unit_test(what_changes_after_it_was_checked_is_not_sealed),
        cmocka_unit_test(a_new_segment_is_read_once),
        cmocka_unit_test(a_segment_is_16_mib_however_large_the_image),
        cmocka_unit_test(rewrapping_builds_a_header_for_a_new_id_each_time),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
