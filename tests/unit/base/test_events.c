/* Events: one stamped line each; what cannot be written ends them, and nothing else. */
#include "tests/unit/testing.h"

#include "src/base/events.h"
#include "src/base/fs.h"
#include "src/base/json.h"

#include <fcntl.h>
#include <signal.h>

static void write_one(struct sw_events *events, const char *name)
{
    SW_AUTO_JSON json_t *event = json_pack("{s:i, s:s}", "bytes", 1, "event", name);

    sw_events_write(events, event);
}

static void lines_are_stamped_and_a_file_grows(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf text = {0};
    char *second;

    (void)state;
    for (int run = 0; run < 2; run++) {
        SW_AUTO_EVENTS struct sw_events *events = sw_events_open("log", &err);

        assert_non_null(events);
        write_one(events, run == 0 ? "one" : "two\n");
    }
    assert_ok(sw_read_file("log", 4096, &text, &err), err);
    assert_memory_equal(text.data, "{\"time\":\"20", 11);
    second = strchr(text.data, '\n');
    assert_non_null(second);
    assert_non_null(strstr(second, "Z\",\"event\":\"two\\n\",\"bytes\":1}\n"));
    assert_ptr_equal(strrchr(text.data, '\n'), text.data + text.len - 1);
}

static void a_descriptor_has_to_be_open_for_writing(void **state)
{
    struct sw_err err = {.code = SW_OK};
    int fd = open("/dev/null", O_RDONLY);
    char where[32];

    (void)state;
    snprintf(where, sizeof(where), "fd:%d", fd);
    assert_null(sw_events_open(where, &err));
    assert_int_equal(err.code, SW_USAGE);
    close(fd);
    assert_null(sw_events_open(where, &err));
    assert_null(sw_events_open("fd:", &err));
    assert_null(sw_events_open("fd:-1", &err));
    assert_null(sw_events_open("fd:99999999999", &err));
    assert_null(sw_events_open("no/where", &err));
    assert_int_equal(err.code, SW_FAILED);
}

static void a_reader_that_went_away_ends_the_events_only(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_events *events;
    char where[32];
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    snprintf(where, sizeof(where), "fd:%d", ends[1]);
    events = sw_events_open(where, &err);
    assert_non_null(events);
    close(ends[0]);
    write_one(events, "one");
    write_one(events, "two");
    sw_events_close(events);
    /* It is the caller's. */
    assert_int_equal(close(ends[1]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_stamped_and_a_file_grows),
        cmocka_unit_test(a_descriptor_has_to_be_open_for_writing),
        cmocka_unit_test(a_reader_that_went_away_ends_the_events_only),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
