/* A struct sw_guest over the runner's protocol. */
#include "src/guest/client.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/clock.h"
#include "src/guest/stream.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { PLACE_SHOWN = 300, LIST_MAX_BYTES = 16 << 20, CARRY_BYTES = 64 << 10 };

static struct client *client_of(struct sw_guest *guest)
{
    return (struct client *)guest;
}

static int nonsense(struct client *client, const struct frame *frame, struct sw_err *err)
{
    return stream_lost(client, err, SW_FAILED,
                       "the guest's runner sent a reply of type %u that makes no sense", frame->type);
}

/* FAIL as an error about path. */
int client_refused(struct client *client, struct frame *frame, const char *path, struct sw_err *err)
{
    uint32_t error = wire_u32(&frame->in);
    struct wire_text text = wire_text(&frame->in), place = wire_text(&frame->in);
    int place_len = (int)(place.len < PLACE_SHOWN ? place.len : PLACE_SHOWN);
    const char *slash = place.len > 0 ? "/" : "";
    char reason[128];

    if (frame->type != RUNNER_FAIL || frame->in.bad)
        return nonsense(client, frame, err);
    if (text.len > 0)
        sw_fail(err, SW_GUEST, "'%s%s%.*s': %.*s", path, slash, place_len, place.at,
                (int)(text.len < 200 ? text.len : 200), text.at);
    else
        sw_fail(err, SW_GUEST, "'%s%s%.*s': %s", path, slash, place_len, place.at,
                strerror_r((int)(error & 0xffff), reason, sizeof(reason)));
    err->sys = (int)(error & 0xffff);
    return -1;
}

/* Sends a request about path and expects OK. */
static int ask(struct client *client, struct request_out *request, const char *path, struct frame *frame,
               struct sw_err *err)
{
    if (request_send(request, client, err) < 0 ||
        frame_read(client, stream_now_ms() + CLIENT_ASK_MS, frame, err) < 0)
        return -1;
    return frame->type == RUNNER_OK ? 0 : client_refused(client, frame, path, err);
}

/* How long a request may take, ahead of it. */
static void begin_limit(const struct client *client, struct request_out *request, struct sw_err *err)
{
    int64_t left_ms = (client->base.deadline_ns - sw_monotonic_ns()) / 1000000;

    *request = (struct request_out){.err = err};
    if (client->base.deadline_ns == 0)
        return;
    request_next(request, RUNNER_LIMIT);
    request_u64(request, left_ms > 0 ? (uint64_t)left_ms : 0);
}

/* Begins a request whose first field is a path. */
static void begin_path(const struct client *client, struct request_out *request, uint32_t type,
                       const char *path, struct sw_err *err)
{
    begin_limit(client, request, err);
    request_next(request, type);
    request_text(request, path, strlen(path));
}

static bool is_late(const struct client *client)
{
    return client->base.deadline_ns != 0 && sw_monotonic_ns() >= client->base.deadline_ns;
}

void client_add_words(struct request_out *request, const char *const *words)
{
    uint32_t n = 0;

    while (words != NULL && words[n] != NULL)
        n++;
    request_u32(request, n);
    for (uint32_t i = 0; i < n; i++)
        request_text(request, words[i], strlen(words[i]));
}

static int send_run(struct client *client, const struct sw_guest_run *run, struct sw_err *err)
{
    struct request_out request;
    const char *cwd = run->cwd != NULL ? run->cwd : "/";

    request_begin(&request, RUNNER_RUN, err);
    request_u32(&request, (run->script != NULL ? (uint32_t)RUNNER_RUN_SCRIPT : 0) |
                              (run->skip_starts ? (uint32_t)RUNNER_RUN_SKIP_STARTS : 0));
    request_u64(&request, run->timeout_ms > 0 ? (uint64_t)run->timeout_ms : 0);
    request_text(&request, cwd, strlen(cwd));
    request_text(&request, run->script, run->script != NULL ? run->script_len : 0);
    client_add_words(&request, run->argv);
    client_add_words(&request, run->env);
    return request_send(&request, client, err);
}

int client_read_exit(struct client *client, struct frame *frame, struct sw_guest_exit *out,
                     struct sw_err *err)
{
    uint32_t kind = wire_u32(&frame->in), value = wire_u32(&frame->in);
    struct wire_text text = wire_text(&frame->in);

    if (frame->in.bad || kind > RUNNER_NOT_STARTED || value > 0xffff)
        return nonsense(client, frame, err);
    *out = (struct sw_guest_exit){.kind = (enum sw_exit_kind)kind, .value = (int)value};
    if (kind == RUNNER_NOT_STARTED)
        snprintf(out->text, sizeof(out->text), "%.*s", (int)(text.len < 128 ? text.len : 128),
                 text.len > 0 ? text.at : "");
    return 0;
}

static int client_run(struct sw_guest *guest, const struct sw_guest_run *run, struct sw_guest_exit *out,
                      struct sw_err *err)
{
    struct client *client = client_of(guest);
    int64_t deadline = 0;
    struct frame frame;

    if (send_run(client, run, err) < 0)
        return -1;
    if (run->timeout_ms > 0 && (sw_add_ovf(run->timeout_ms, client->grace_ms, &deadline) ||
                                sw_add_ovf(deadline, stream_now_ms(), &deadline)))
        deadline = 0;
    for (;;) {
        if (frame_read(client, deadline, &frame, err) < 0)
            return -1;
        switch (frame.type) {
        case RUNNER_STDOUT:
        case RUNNER_STDERR:
            if (run->output != NULL)
                run->output(run->ctx, frame.type == RUNNER_STDOUT ? SW_STREAM_STDOUT : SW_STREAM_STDERR,
                            frame.in.at, (size_t)(frame.in.end - frame.in.at));
            break;
        case RUNNER_NOTICE:
        case RUNNER_NO_START:
        case RUNNER_LEFT_OUT:
            if (run->notice != NULL)
                run->notice(run->ctx, (enum sw_notice)(frame.type - RUNNER_NOTICE), (const char *)frame.in.at,
                            (size_t)(frame.in.end - frame.in.at));
            break;
        case RUNNER_EXIT:
            return client_read_exit(client, &frame, out, err);
        default:
            return client_refused(client, &frame, "run", err);
        }
    }
}

static int client_stat(struct sw_guest *guest, const char *path, bool follow, struct sw_guest_stat *out,
                       struct sw_err *err)
{
    struct client *client = client_of(guest);
    struct request_out request;
    struct frame frame;
    uint32_t kind;

    begin_path(client, &request, RUNNER_STAT, path, err);
    request_u32(&request, follow);
    if (ask(client, &request, path, &frame, err) < 0)
        return -1;
    kind = wire_u32(&frame.in);
    *out = (struct sw_guest_stat){.kind = (enum sw_file_kind)kind};
    out->mode = wire_u32(&frame.in) & 07777;
    out->uid = wire_u32(&frame.in);
    out->gid = wire_u32(&frame.in);
    out->size_bytes = wire_u64(&frame.in);
    out->mtime_s = (int64_t)wire_u64(&frame.in);
    return frame.in.bad || kind > RUNNER_OTHER ? nonsense(client, &frame, err) : 0;
}

/* Adds DATA frames; sends whenever there is much. */
static int add_data(struct client *client, struct request_out *request, const char *at, size_t len,
                    struct sw_err *err)
{
    while (len > 0) {
        size_t part = len < RUNNER_CHUNK_BYTES ? len : (size_t)RUNNER_CHUNK_BYTES;

        request_next(request, RUNNER_DATA);
        request_bytes(request, at, part);
        at += part;
        len -= part;
        if (request->buf.len < RUNNER_CHUNK_BYTES)
            continue;
        if (request_send(request, client, err) < 0)
            return -1;
        *request = (struct request_out){.err = err};
    }
    return 0;
}

/* SW_PUT_… as the protocol has them. */
static uint32_t put_flags(unsigned how)
{
    return ((how & SW_PUT_OVERWRITE) != 0 ? (uint32_t)RUNNER_PUT_OVERWRITE : 0) |
           ((how & SW_PUT_APPEND) != 0 ? (uint32_t)RUNNER_PUT_APPEND : 0) |
           ((how & SW_PUT_PARENTS) != 0 ? (uint32_t)RUNNER_PUT_PARENTS : 0) |
           ((how & SW_PUT_TREE) != 0 ? (uint32_t)RUNNER_PUT_TREE : 0) |
           ((how & SW_PUT_MODE) != 0 ? (uint32_t)RUNNER_PUT_MODE : 0) |
           ((how & SW_PUT_MOVE) != 0 ? (uint32_t)RUNNER_PUT_MOVE : 0);
}

static void begin_put(const struct client *client, struct request_out *request, const char *path,
                      unsigned how, struct sw_err *err)
{
    begin_path(client, request, RUNNER_PUT, path, err);
    request_u32(request, how & 07777);
    request_u32(request, put_flags(how));
}

/* The empty DATA that ends a file, and the answer. */
static int end_put(struct client *client, struct request_out *request, const char *path, struct sw_err *err)
{
    struct frame frame;

    request_next(request, RUNNER_DATA);
    return ask(client, request, path, &frame, err);
}

static int client_put(struct sw_guest *guest, const char *path, const void *bytes, size_t len, unsigned how,
                      struct sw_err *err)
{
    struct client *client = client_of(guest);
    struct request_out request;

    begin_put(client, &request, path, how, err);
    if (add_data(client, &request, bytes, len, err) < 0)
        return -1;
    return end_put(client, &request, path, err);
}

/* An input that cannot be read any more, or not in time, leaves a file that is cut, and the stream in step. */
static int client_put_from(struct sw_guest *guest, const char *path, struct sw_in *in, unsigned how,
                           struct sw_err *err)
{
    SW_AUTO_FREE char *chunk = sw_calloc(1, RUNNER_CHUNK_BYTES, err);
    struct client *client = client_of(guest);
    struct sw_err reading = {.code = SW_OK};
    struct request_out request;
    uint64_t at = 0;

    if (chunk == NULL)
        return -1;
    begin_put(client, &request, path, how, err);
    while (at < in->size_bytes && reading.code == SW_OK && !is_late(client)) {
        size_t part = (size_t)sw_min_u64(in->size_bytes - at, RUNNER_CHUNK_BYTES);

        if (sw_in_read(in, chunk, part, at, &reading) == 0 &&
            add_data(client, &request, chunk, part, err) < 0)
            return -1;
        at += part;
    }
    if (end_put(client, &request, path, err) < 0)
        return -1;
    if (reading.code == SW_OK && at < in->size_bytes) {
        sw_fail(err, SW_GUEST, "'%s': the step's time is over", path);
        err->sys = ETIMEDOUT;
        return -1;
    }
    if (reading.code == SW_OK)
        return 0;
    *err = reading;
    return -1;
}

/* Passes DATA on until OK. When the sink wants no more the connection is lost: the rest may have no end. */
static int stream_data(struct client *client, struct request_out *request, const char *path,
                       sw_guest_sink_fn *sink, void *arg, struct sw_err *err)
{
    struct frame frame;

    if (request_send(request, client, err) < 0)
        return -1;
    for (;;) {
        if (frame_read(client, 0, &frame, err) < 0)
            return -1;
        if (frame.type == RUNNER_OK)
            return 0;
        if (frame.type != RUNNER_DATA)
            return client_refused(client, &frame, path, err);
        if (sink(arg, frame.in.at, (size_t)(frame.in.end - frame.in.at), err) < 0)
            return stream_lost(client, err, err->code, "%s", err->text);
    }
}

/* Bytes being collected, with the most that there may be. */
struct collected {
    struct sw_buf *out;
    size_t max_bytes;
};

static int collect_some(void *arg, const void *bytes, size_t len, struct sw_err *err)
{
    struct collected *to = arg;

    if (len > to->max_bytes - to->out->len)
        return sw_fail(err, SW_FAILED, "the guest's runner sent more than the %zu bytes asked for",
                       to->max_bytes);
    return sw_buf_append(to->out, bytes, len, err);
}

/* Collects DATA until OK. */
static int collect(struct client *client, struct request_out *request, const char *path, size_t max_bytes,
                   struct sw_buf *out, struct sw_err *err)
{
    struct collected to = {.out = out, .max_bytes = max_bytes};

    return stream_data(client, request, path, collect_some, &to, err);
}

static int hand_over(struct sw_buf *buf, char **bytes, size_t *len, struct sw_err *err)
{
    if (buf->data == NULL && sw_buf_append(buf, "", 0, err) < 0)
        return -1;
    *len = buf->len;
    *bytes = sw_buf_steal(buf);
    return 0;
}

static int client_get(struct sw_guest *guest, const char *path, size_t max_bytes, char **bytes, size_t *len,
                      struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf buf = {0};
    struct request_out request;

    begin_path(client_of(guest), &request, RUNNER_GET, path, err);
    request_u64(&request, max_bytes);
    if (collect(client_of(guest), &request, path, max_bytes, &buf, err) < 0)
        return -1;
    return hand_over(&buf, bytes, len, err);
}

static int client_get_to(struct sw_guest *guest, const char *path, sw_guest_sink_fn *sink, void *arg,
                         struct sw_err *err)
{
    struct request_out request;

    begin_path(client_of(guest), &request, RUNNER_GET, path, err);
    request_u64(&request, INT64_MAX);
    return stream_data(client_of(guest), &request, path, sink, arg, err);
}

static int client_mkdir(struct sw_guest *guest, const char *path, unsigned mode, bool parents,
                        struct sw_err *err)
{
    struct request_out request;
    struct frame frame;

    begin_path(client_of(guest), &request, RUNNER_MKDIR, path, err);
    request_u32(&request, mode);
    request_u32(&request, parents);
    return ask(client_of(guest), &request, path, &frame, err);
}

static int client_symlink(struct sw_guest *guest, const char *target, const char *path, struct sw_err *err)
{
    struct request_out request;
    struct frame frame;

    begin_path(client_of(guest), &request, RUNNER_SYMLINK, target, err);
    request_text(&request, path, strlen(path));
    return ask(client_of(guest), &request, path, &frame, err);
}

/* from and to; an error is about the second. */
static int ask_two(struct sw_guest *guest, uint32_t type, const char *const paths[2], unsigned how,
                   struct sw_err *err)
{
    struct request_out request;
    struct frame frame;

    begin_path(client_of(guest), &request, type, paths[0], err);
    request_text(&request, paths[1], strlen(paths[1]));
    request_u32(&request, put_flags(how));
    return ask(client_of(guest), &request, paths[1], &frame, err);
}

static int client_copy(struct sw_guest *guest, const char *from, const char *to, unsigned how,
                       struct sw_err *err)
{
    if (ask_two(guest, RUNNER_COPY, (const char *const[]){from, to}, how, err) == 0)
        return 0;
    return sw_context(err, "copying '%s'", from);
}

static int client_move(struct sw_guest *guest, const char *from, const char *to, unsigned how,
                       struct sw_err *err)
{
    if (ask_two(guest, RUNNER_MOVE, (const char *const[]){from, to}, how, err) == 0)
        return 0;
    return sw_context(err, "moving '%s'", from);
}

/* As many of the names as a request may hold. */
static size_t add_names(struct request_out *request, const struct sw_guest_carry *what, size_t first)
{
    size_t n = 0, bytes = 0;

    for (; first + n < what->n && bytes < CARRY_BYTES; n++) {
        size_t len = strlen(what->names[first + n]);

        request_text(request, what->names[first + n], len);
        bytes += len + 4;
    }
    return n;
}

/* Which of the names a FAIL is about, by the begin of its place; the first when it says none of them. */
static size_t find_failed(const struct frame *frame, const struct sw_guest_carry *what, size_t first,
                          size_t n)
{
    struct wire_in in = frame->in;
    struct wire_text place;

    (void)wire_u32(&in);
    (void)wire_text(&in);
    place = wire_text(&in);
    for (size_t i = first; i < first + n; i++) {
        size_t len = strlen(what->names[i]);

        if (place.at != NULL && place.len >= len && memcmp(place.at, what->names[i], len) == 0 &&
            (place.len == len || place.at[len] == '/'))
            return i;
    }
    return first;
}

/* One request's share of the names from *first on, which goes on behind them. */
static int carry_some(struct client *client, const struct sw_guest_carry *what, size_t *first,
                      struct sw_err *err)
{
    struct request_out request;
    struct frame frame;
    size_t n;

    begin_path(client, &request, RUNNER_CARRY, what->from, err);
    request_text(&request, what->to, strlen(what->to));
    request_u32(&request, put_flags(what->how));
    n = add_names(&request, what, *first);
    if (request_send(&request, client, err) < 0 ||
        frame_read(client, stream_now_ms() + CLIENT_ASK_MS, &frame, err) < 0)
        return -1;
    if (frame.type == RUNNER_OK) {
        *first += n;
        return 0;
    }
    *first = find_failed(&frame, what, *first, n);
    (void)client_refused(client, &frame, what->to, err);
    return sw_context(err, "%s '%s/%s'", (what->how & SW_PUT_MOVE) != 0 ? "moving" : "copying", what->from,
                      what->names[*first]);
}

static int client_carry(struct sw_guest *guest, const struct sw_guest_carry *what, size_t *failed,
                        struct sw_err *err)
{
    for (*failed = 0; *failed < what->n;)
        if (carry_some(client_of(guest), what, failed, err) < 0)
            return -1;
    return 0;
}

static int client_remove(struct sw_guest *guest, const char *path, unsigned how, struct sw_err *err)
{
    struct request_out request;
    struct frame frame;

    begin_path(client_of(guest), &request, RUNNER_REMOVE, path, err);
    request_u32(&request, how);
    return ask(client_of(guest), &request, path, &frame, err);
}

static int client_chmod(struct sw_guest *guest, const char *path, unsigned mode, bool tree,
                        struct sw_err *err)
{
    struct request_out request;
    struct frame frame;

    begin_path(client_of(guest), &request, RUNNER_CHMOD, path, err);
    request_u32(&request, mode);
    request_u32(&request, tree);
    return ask(client_of(guest), &request, path, &frame, err);
}

static int client_chown(struct sw_guest *guest, const char *path, const char *owner, const char *group,
                        bool tree, struct sw_err *err)
{
    struct request_out request;
    struct frame frame;

    begin_path(client_of(guest), &request, RUNNER_CHOWN, path, err);
    request_text(&request, owner, owner != NULL ? strlen(owner) : 0);
    request_text(&request, group, group != NULL ? strlen(group) : 0);
    request_u32(&request, tree);
    if (ask(client_of(guest), &request, path, &frame, err) == 0)
        return 0;
    return sw_context(err, "owner '%s', group '%s'", owner != NULL ? owner : "", group != NULL ? group : "");
}

/* SW_LIST_… as the protocol has them. */
static uint32_t list_flags(unsigned what)
{
    return ((what & SW_LIST_FILES) != 0 ? (uint32_t)RUNNER_LIST_FILES : 0) |
           ((what & SW_LIST_FOLDERS) != 0 ? (uint32_t)RUNNER_LIST_FOLDERS : 0) |
           ((what & SW_LIST_LINKS) != 0 ? (uint32_t)RUNNER_LIST_LINKS : 0) |
           ((what & SW_LIST_TREE) != 0 ? (uint32_t)RUNNER_LIST_TREE : 0);
}

static int client_list(struct sw_guest *guest, const char *dir, const char *pattern, unsigned what,
                       struct sw_guest_names *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf names = {0};
    struct client *client = client_of(guest);
    struct request_out request;

    begin_path(client_of(guest), &request, RUNNER_LIST, dir, err);
    request_text(&request, pattern, strlen(pattern));
    request_u32(&request, list_flags(what));
    if (collect(client, &request, dir, LIST_MAX_BYTES, &names, err) < 0)
        return -1;
    if (names.len > 0 && names.data[names.len - 1] != '\0')
        return stream_lost(client, err, SW_FAILED, "the guest's runner sent a list without an end");
    return hand_over(&names, &out->text, &out->len, err);
}

static int client_survey(struct sw_guest *guest, const char *dir, bool extents, sw_guest_sink_fn *sink,
                         void *arg, struct sw_err *err)
{
    struct request_out request;

    begin_path(client_of(guest), &request, RUNNER_SURVEY, dir, err);
    request_u32(&request, extents);
    return stream_data(client_of(guest), &request, dir, sink, arg, err);
}

static const struct sw_guest_ops client_ops = {
    .run = client_run,
    .shell = client_shell,
    .stat = client_stat,
    .put = client_put,
    .put_from = client_put_from,
    .get_to = client_get_to,
    .get = client_get,
    .mkdir = client_mkdir,
    .symlink = client_symlink,
    .copy = client_copy,
    .move = client_move,
    .carry = client_carry,
    .remove = client_remove,
    .chmod = client_chmod,
    .chown = client_chown,
    .list = client_list,
    .survey = client_survey,
};

void client_init(struct client *client, int fd)
{
    *client = (struct client){
        .base = {.ops = &client_ops},
        .fd = fd,
        .ended_fd = -1,
        .silence_ms = CLIENT_SILENCE_MS,
        .grace_ms = CLIENT_GRACE_MS,
    };
}

void client_drain(const struct client *client)
{
    char junk[4096];

    while (recv(client->fd, junk, sizeof(junk), MSG_DONTWAIT) > 0)
        continue;
}

int client_hello(struct client *client, const uint8_t nonce[RUNNER_NONCE_BYTES], struct sw_err *err)
{
    const unsigned char *answer;
    uint32_t magic, version;
    struct frame frame;

    if (frame_read(client, 0, &frame, err) < 0)
        return -1;
    magic = wire_u32(&frame.in);
    version = wire_u32(&frame.in);
    answer = wire_take(&frame.in, RUNNER_NONCE_BYTES);
    if (frame.type != RUNNER_HELLO || magic != RUNNER_MAGIC || answer == NULL ||
        memcmp(answer, nonce, RUNNER_NONCE_BYTES) != 0)
        return stream_lost(client, err, SW_FAILED, "something in the guest that is not the runner answered");
    if (version != RUNNER_VERSION)
        return stream_lost(client, err, SW_FAILED, "the runner speaks version %u, not %d", version,
                           RUNNER_VERSION);
    return 0;
}

int client_bye(struct client *client, struct sw_err *err)
{
    struct request_out request;
    struct frame frame;

    request_begin(&request, RUNNER_BYE, err);
    return ask(client, &request, "bye", &frame, err);
}
