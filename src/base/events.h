/* What happens, as JSON lines for other programs. */
#ifndef SW_BASE_EVENTS_H
#define SW_BASE_EVENTS_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <jansson.h>

/* "time" (RFC 3339, UTC) and "event" come first, whatever else the event has; a new reference, NULL when memory is gone. */
json_t *sw_event_stamped(json_t *event);

struct sw_events;

/* "fd:N", a descriptor that the caller opened, or a file that lines are appended to. NULL and err on failure. */
SW_MUST_CHECK struct sw_events *sw_events_open(const char *where, struct sw_err *err);
/* One line, stamped. After one that cannot be written (a warning in the log) there are no more. One thread at a time. */
void sw_events_write(struct sw_events *events, json_t *event);
void sw_events_close(struct sw_events *events);

SW_DEFINE_AUTO(sw_events, struct sw_events, sw_events_close)
#define SW_AUTO_EVENTS SW_CLEANUP(sw_events_auto)

#endif
