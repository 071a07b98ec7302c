/* slipway's end of the runner's protocol: a struct sw_guest over one connected stream. */
#ifndef SW_GUEST_CLIENT_H
#define SW_GUEST_CLIENT_H

#include "slipway/guest.h"
#include "src/runner/protocol.h"

struct frame;
struct request_out;

enum {
    CLIENT_SILENCE_MS = 60000, /* a runner that says nothing for so long is lost */
    CLIENT_ASK_MS = 7200000,   /* the longest that one file operation may take, signs of life or not */
    CLIENT_GRACE_MS = 60000,   /* how late a runner may be in ending a step whose time is over */
};

/* Everything that comes in is untrusted and bounded. Embed it, and begin with client_init. */
struct client {
    struct sw_guest base;
    int fd;       /* owned by whoever made the connection */
    int ended_fd; /* readable once the runner's process ended; -1: only the stream tells */
    int silence_ms, grace_ms;
    bool broken;           /* the connection is of no more use … */
    struct sw_err because; /* … and this is why */
    /* Called once when the connection is lost: may add to err what is known, and stops the runner. May be NULL. */
    void (*lost)(void *ctx, struct sw_err *err);
    void *ctx;
    unsigned char payload[RUNNER_CHUNK_BYTES];
};

void client_init(struct client *client, int fd);

/* Throws away what is still in the stream, which must be quiet. */
void client_drain(const struct client *client);

/* Waits for the greeting that answers the nonce. */
SW_MUST_CHECK int client_hello(struct client *client, const uint8_t nonce[RUNNER_NONCE_BYTES],
                               struct sw_err *err);

/* Asks the runner to end, with everything that it started. */
SW_MUST_CHECK int client_bye(struct client *client, struct sw_err *err);

/* The operation of struct sw_guest_ops. shell.c. */
SW_MUST_CHECK int client_shell(struct sw_guest *guest, const struct sw_guest_shell *shell,
                               struct sw_guest_exit *out, struct sw_err *err);

/* What requests for programs share: a count and the words before a NULL; EXIT as what it tells; FAIL as an error about path. */
void client_add_words(struct request_out *request, const char *const *words);
SW_MUST_CHECK int client_read_exit(struct client *client, struct frame *frame, struct sw_guest_exit *out,
                                   struct sw_err *err);
int client_refused(struct client *client, struct frame *frame, const char *path, struct sw_err *err);

#endif
