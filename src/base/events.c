/* What happens, as JSON lines for other programs. */
#include "src/base/events.h"

#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/base/number.h"

#include <fcntl.h>
#include <string.h>

struct sw_events {
    int fd;
    bool own; /* opened here */
    bool broken;
};

json_t *sw_event_stamped(json_t *event)
{
    char now[SW_TIME_TEXT];
    json_t *json;

    sw_time_text(sw_now_ns(), now);
    json = json_pack("{s:s, s:O?}", "time", now, "event", json_object_get(event, "event"));
    if (json != NULL)
        json_object_update(json, event);
    return json;
}

static int take_fd(const char *number, int *fd, struct sw_err *err)
{
    uint64_t n;
    int flags;

    if (sw_parse_bytes(number, "", &n) < 0 || n > INT32_MAX)
        return sw_fail(err, SW_USAGE, "'fd:%.32s' is no descriptor", number);
    flags = fcntl((int)n, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
        return sw_fail(err, SW_USAGE, "descriptor %s is not open for writing", number);
    *fd = (int)n;
    return 0;
}

struct sw_events *sw_events_open(const char *where, struct sw_err *err)
{
    struct sw_events *events = sw_calloc(1, sizeof(*events), err);
    int rc = 0;

    if (events == NULL)
        return NULL;
    if (strncmp(where, "fd:", 3) == 0) {
        rc = take_fd(where + 3, &events->fd, err);
    } else {
        events->own = true;
        events->fd = open(where, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (events->fd < 0)
            rc = sw_fail_errno(err, "cannot open '%s'", where);
    }
    if (rc == 0)
        return events;
    free(events);
    return NULL;
}

void sw_events_write(struct sw_events *events, json_t *event)
{
    SW_AUTO_JSON json_t *line = NULL;
    SW_AUTO_FREE char *text = NULL;
    struct sw_err err = {.code = SW_OK};
    size_t len;

    if (events->broken)
        return;
    line = sw_event_stamped(event);
    text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text == NULL)
        return;
    /* In one write, so that lines of several processes do not mix. */
    len = strlen(text);
    text[len] = '\n';
    if (sw_write_full(events->fd, text, len + 1, "the events", &err) == 0)
        return;
    events->broken = true;
    sw_log(SW_LOG_WARNING, "%s; no more events are written", err.text);
}

void sw_events_close(struct sw_events *events)
{
    if (events->own)
        close(events->fd);
    free(events);
}
