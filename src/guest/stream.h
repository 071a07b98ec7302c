/* Frames to and from a runner, with bounds and deadlines. */
#ifndef SW_GUEST_STREAM_H
#define SW_GUEST_STREAM_H

#include "src/base/buf.h"
#include "src/guest/client.h"

/* A reply's payload lies in client->payload until the next read. */
struct frame {
    uint32_t type;
    struct wire_in in;
};

/* A request being put together. */
struct request_out {
    struct sw_buf buf; /* frames: header and payload each */
    size_t begun;      /* where the last of them begins */
    struct sw_err *err;
    bool failed;
};

void request_begin(struct request_out *request, uint32_t type, struct sw_err *err);
/* One more frame, to be sent with those before it. */
void request_next(struct request_out *request, uint32_t type);
void request_u32(struct request_out *request, uint32_t value);
void request_u64(struct request_out *request, uint64_t value);
void request_bytes(struct request_out *request, const void *bytes, size_t len); /* no length before them */
void request_text(struct request_out *request, const char *text, size_t len);

/* Sends and frees. A payload over the protocol's bound is SW_GUEST. */
SW_MUST_CHECK int request_send(struct request_out *request, struct client *client, struct sw_err *err);

/* The next frame, until deadline_ms (CLOCK_MONOTONIC; 0: none) and never longer than the silence allowed. */
SW_MUST_CHECK int frame_read(struct client *client, int64_t deadline_ms, struct frame *frame,
                             struct sw_err *err);

/* The same, also one that is only a sign of life. */
SW_MUST_CHECK int frame_read_any(struct client *client, int64_t deadline_ms, struct frame *frame,
                                 struct sw_err *err);
/* The frames of a request that is put together, to be sent piece by piece: free them. -1 where it failed. */
SW_MUST_CHECK int request_take(struct request_out *request, struct sw_buf *out, struct sw_err *err);
/* Sends them all. */
SW_MUST_CHECK int stream_send(struct client *client, const char *at, size_t len, struct sw_err *err);

/* Marks the connection as lost and reports why; later calls repeat it. */
int stream_lost(struct client *client, struct sw_err *err, enum sw_code code, const char *fmt, ...)
    SW_PRINTF(4, 5);

int64_t stream_now_ms(void);

#endif
