/* The journal of a copy: what is written is read back, and what was touched is never trusted. */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/copy/journal.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char good_head[] =
    "{\"source\":[],\"target\":{},\"point\":4096,\"read_bytes\":4096,\"data_bytes\":1024,\"zero_bytes\":512,"
    "\"stored_bytes\":9000,\"state_bytes\":5,"
    "\"tail_sha256\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}\n";

/* A journal whose digest is right, whatever the rest. */
static void seal(const char *rest, size_t len, struct sw_buf *out)
{
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];
    struct sw_err err = {0};

    assert_ok(sw_sha256(rest, len, digest, &err), err);
    sw_hex(digest, sizeof(digest), hex);
    assert_ok(sw_buf_printf(out, &err, "%s\n", hex), err);
    assert_ok(sw_buf_append(out, rest, len, &err), err);
}

static void assert_refused(const char *head, const char *state, const char *why)
{
    SW_AUTO_BUF struct sw_buf rest = {0};
    SW_AUTO_BUF struct sw_buf bytes = {0};
    AUTO_JOURNAL struct journal journal = {.source = NULL};
    struct sw_err err = {0};

    assert_ok(sw_buf_printf(&rest, &err, "%s%s", head, state), err);
    seal(rest.data, rest.len, &bytes);
    assert_failed(journal_parse(bytes.data, bytes.len, &journal, &err), err, SW_INTEGRITY, why);
}

static void reads_back_what_it_wrote(void **state)
{
    AUTO_JOURNAL struct journal read = {.source = NULL};
    SW_AUTO_JSON json_t *source = json_pack("[{s:I}]", "inode", (json_int_t)-5);
    SW_AUTO_JSON json_t *target = json_pack("{s:n}", "subformat");
    struct journal journal = {.source = source,
                              .target = target,
                              .made = {UINT64_C(1) << 45, UINT64_C(1) << 44, 3, 4},
                              .stored_bytes = UINT64_C(1) << 60,
                              .tail = {1, 2, 255},
                              .state = "a\nb\0c",
                              .state_len = 5};
    struct sw_err err = {0};
    struct stat st;

    (void)state;
    assert_ok(journal_write("journal", &journal, &err), err);
    assert_int_equal(journal_read("journal", &read, &err), 1);
    assert_true(json_equal(read.source, source) && json_equal(read.target, target));
    assert_memory_equal(&read.made, &journal.made, sizeof(read.made));
    assert_true(read.stored_bytes == journal.stored_bytes);
    assert_memory_equal(read.tail, journal.tail, sizeof(read.tail));
    assert_int_equal(read.state_len, 5);
    assert_memory_equal(read.state, "a\nb\0c", 5);
    assert_int_equal(stat("journal", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void none_is_no_error(void **state)
{
    struct journal journal = {.source = NULL};
    struct sw_err err = {0};

    (void)state;
    assert_int_equal(journal_read("missing", &journal, &err), 0);
}

static void every_flipped_bit_and_every_cut_is_found(void **state)
{
    SW_AUTO_BUF struct sw_buf rest = {0};
    SW_AUTO_BUF struct sw_buf bytes = {0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_buf_printf(&rest, &err, "%sstate", good_head), err);
    seal(rest.data, rest.len, &bytes);
    for (size_t at = 0; at < bytes.len; at++) {
        struct journal journal = {.source = NULL}, cut = {.source = NULL};

        bytes.data[at] ^= 1;
        assert_failed(journal_parse(bytes.data, bytes.len, &journal, &err), err, SW_INTEGRITY, "");
        bytes.data[at] ^= 1;
        assert_failed(journal_parse(bytes.data, at, &cut, &err), err, SW_INTEGRITY, "");
        journal_free(&journal);
        journal_free(&cut);
    }
    AUTO_JOURNAL struct journal whole = {.source = NULL};
    assert_ok(journal_parse(bytes.data, bytes.len, &whole, &err), err);
}

/* The good head with one member's value replaced. */
static void assert_member_refused(const char *member, const char *value)
{
    const char *at = strstr(good_head, member), *end;
    char head[2048];

    assert_non_null(at);
    at += strlen(member) + 2;
    end = *at == '{' ? at + 2 : at + strcspn(at, ",}\n");
    snprintf(head, sizeof(head), "%.*s%s%s", (int)(at - good_head), good_head, value, end);
    assert_refused(head, "state", member);
}

static void numbers_out_of_range_are_refused(void **state)
{
    static const struct {
        const char *member, *value;
    } cases[] = {
        {"point", "-1"},
        {"point", "9223372036854775807"},
        {"point", "\"4096\""},
        {"point", "4096.0"},
        {"point", "null"},
        {"read_bytes", "4097"},
        {"read_bytes", "-9223372036854775808"},
        {"data_bytes", "4097"},
        {"zero_bytes", "4000"},
        {"stored_bytes", "-1"},
        {"state_bytes", "4"},
        {"state_bytes", "6"},
        {"state_bytes", "-5"},
        {"state_bytes", "67108865"},
        {"source", "{}"},
        {"source", "7"},
        {"target", "[]"},
        {"tail_sha256", "\"00\""},
        {"tail_sha256", "\"zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""},
        {"tail_sha256", "[]"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++)
        assert_member_refused(cases[i].member, cases[i].value);
    assert_refused("{\"point\":99999999999999999999}\n", "", "");
    assert_refused("[]\n", "", "source");
    assert_refused("{}\n", "", "source");
    assert_refused("", "", "no line of JSON");
    assert_refused("not JSON\n", "", "its JSON");
}

static void a_line_without_an_end_costs_no_more_than_a_line(void **state)
{
    size_t len = JOURNAL_HEAD_MAX * 4;
    SW_AUTO_FREE char *line = malloc(len + 1);

    (void)state;
    assert_non_null(line);
    memset(line, ' ', len);
    line[len] = '\0';
    assert_refused(line, "", "no line of JSON");
    memset(line, '[', JOURNAL_HEAD_MAX - 2);
    line[JOURNAL_HEAD_MAX - 2] = '\n';
    assert_refused(line, "", "its JSON");
}

static void only_a_file_of_this_user_is_read(void **state)
{
    struct journal journal = {.source = NULL};
    struct sw_err err = {0};

    (void)state;
    assert_int_equal(mkdir("folder", 0700) | mkfifo("fifo", 0600) | symlink("journal", "link"), 0);
    assert_failed(journal_read("folder", &journal, &err), err, SW_INTEGRITY, "no file of this user");
    assert_failed(journal_read("fifo", &journal, &err), err, SW_INTEGRITY, "no file of this user");
    assert_failed(journal_read("link", &journal, &err), err, SW_FAILED, "cannot open it");
    assert_int_equal(close(open("huge", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
    assert_int_equal(truncate("huge", INT64_C(1) << 40), 0);
    assert_failed(journal_read("huge", &journal, &err), err, SW_INTEGRITY, "at most");
    assert_int_equal(truncate("huge", 0), 0);
    assert_failed(journal_read("huge", &journal, &err), err, SW_INTEGRITY, "does not begin with a digest");
    journal_free(&journal);
    if (geteuid() == 0) {
        assert_int_equal(chown("huge", 12345, 12345), 0);
        assert_failed(journal_read("huge", &journal, &err), err, SW_INTEGRITY, "no file of this user");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_wrote),
        cmocka_unit_test(none_is_no_error),
        cmocka_unit_test(every_flipped_bit_and_every_cut_is_found),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_line_without_an_end_costs_no_more_than_a_line),
        cmocka_unit_test(only_a_file_of_this_user_is_read),
    };
    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
