/* Waiting until a booted system has started all that it starts. */
#include "slipway/boot.h"
#include "slipway/progress.h"
#include "src/base/buf.h"
#include "src/base/clock.h"

#include <string.h>
#include <time.h>

enum { STATE_BYTES_MAX = 64, PAUSE_MS = 500 };

struct said {
    char text[STATE_BYTES_MAX];
    size_t len;
};

static void keep(void *ctx, enum sw_stream stream, const void *bytes, size_t len)
{
    struct said *said = ctx;

    if (stream != SW_STREAM_STDOUT)
        return;
    if (len > sizeof(said->text) - 1 - said->len)
        len = sizeof(said->text) - 1 - said->len;
    memcpy(said->text + said->len, bytes, len);
    said->len += len;
    said->text[said->len] = '\0';
}

bool sw_state_is_settled(const char *state)
{
    return state[0] != '\0' && strcmp(state, "starting") != 0 && strcmp(state, "initializing") != 0;
}

char *sw_guest_settle(struct sw_guest *guest, int64_t limit_ms, struct sw_err *err)
{
    static const char *const argv[] = {"systemctl", "is-system-running", "--wait", NULL};
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    int64_t until = sw_monotonic_ns() + limit_ms * 1000000;

    for (;;) {
        int64_t left_ms = (until - sw_monotonic_ns()) / 1000000;
        struct said said = {.len = 0};
        const struct sw_guest_run run = {
            .argv = argv, .timeout_ms = left_ms > 1 ? left_ms : 1, .output = keep, .ctx = &said};
        struct sw_guest_exit end;

        if (guest->ops->run(guest, &run, &end, err) < 0)
            return NULL;
        said.text[strcspn(said.text, "\n")] = '\0';
        /* Before version 240 it does not wait by itself. */
        if (sw_state_is_settled(said.text) || sw_monotonic_ns() >= until || end.kind == SW_EXIT_NOEXEC)
            return sw_strdup(said.text, err);
        if (sw_check_interrupt(err) < 0)
            return NULL;
        nanosleep(&pause, NULL);
    }
}
