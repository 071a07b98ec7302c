/* libcurl against a server on loopback that answers, stands still and hangs up as it is told. */
#include "tests/unit/testing.h"

#include "slipway/cloud.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* What becomes of the next request. */
struct turn {
    const char *reply; /* NULL: none */
    bool hang_up;      /* after it */
    unsigned trickle;  /* so many bytes behind the reply, one at a time */
    bool at_once;      /* the reply does not wait for the request */
};

struct server {
    int fd;
    unsigned port;
    pthread_t thread;
    const struct turn *turns;
    size_t n, connections;
};

/* Reads a request whole; false when the client hung up before. */
static bool read_request(int fd)
{
    char text[8192] = "";
    size_t len = 0, body = 0;
    const char *end, *length;

    while ((end = strstr(text, "\r\n\r\n")) == NULL) {
        ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);

        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = '\0';
    }
    length = strcasestr(text, "content-length:");
    if (length != NULL)
        body = strtoul(length + strlen("content-length:"), NULL, 10);
    for (len -= (size_t)(end + 4 - text); len < body;) {
        ssize_t n = recv(fd, text, sizeof(text), 0);

        if (n <= 0)
            return false;
        len += (size_t)n;
    }
    return true;
}

static void trickle(int fd, unsigned bytes)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000000};

    while (bytes-- > 0 && send(fd, "x", 1, MSG_NOSIGNAL) == 1)
        nanosleep(&pause, NULL);
}

/* What was sent and not read would make a reset of the end, which overtakes the reply. */
static void wait_for_end(int fd)
{
    char rest[512];

    shutdown(fd, SHUT_WR);
    while (recv(fd, rest, sizeof(rest), 0) > 0)
        continue;
}

static void *serve(void *arg)
{
    struct server *server = arg;
    size_t at = 0;

    while (at < server->n) {
        int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            break;
        server->connections++;
        while (at < server->n && (server->turns[at].at_once || read_request(fd))) {
            const struct turn *turn = &server->turns[at++];

            if (turn->reply != NULL && send(fd, turn->reply, strlen(turn->reply), MSG_NOSIGNAL) < 0)
                break;
            trickle(fd, turn->trickle);
            if (turn->at_once)
                wait_for_end(fd);
            if (turn->hang_up)
                break;
        }
        close(fd);
    }
    return NULL;
}

static void start(struct server *server, const struct turn *turns, size_t n)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);

    *server = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .turns = turns, .n = n};
    assert_int_equal(bind(server->fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(server->fd, 8), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&at, &len), 0);
    server->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

/* All turns were taken. */
static void finish(struct server *server)
{
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->fd);
}

static struct sw_transport *open_curl(void)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_transport *transport = NULL;

    assert_ok(sw_transport_open_curl(NULL, &transport, &err), err);
    return transport;
}

static int ask(struct sw_transport *transport, struct sw_http_request request, const char *base,
               unsigned port, struct sw_http_reply *reply, struct sw_err *err)
{
    char url[64];

    snprintf(url, sizeof(url), "%s:%u/", base, port);
    request.url = url;
    sw_http_reply_free(reply);
    *err = (struct sw_err){.code = SW_OK};
    return transport->ops->send(transport, &request, reply, err);
}

#define HERE "http://127.0.0.1"

static void a_request_that_goes_out_twice_is_told(void **state)
{
    static const struct turn turns[] = {{.reply = OK_REPLY}, {.hang_up = true}, {.reply = OK_REPLY}};
    static const struct sw_http_request post = {.method = "POST", .body = "a=b", .body_len = 3};
    struct sw_transport *transport = open_curl();
    struct sw_http_reply reply = {.status = 0};
    struct sw_err err;
    struct server server;

    (void)state;
    start(&server, turns, 3);
    assert_ok(ask(transport, post, HERE, server.port, &reply, &err), err);
    assert_false(reply.resent);
    /* The kept connection dies after the request: libcurl takes another one, and says nothing of it. */
    assert_ok(ask(transport, post, HERE, server.port, &reply, &err), err);
    assert_true(reply.resent);
    assert_memory_equal(reply.body, "ok", 2);
    finish(&server);
    assert_int_equal(server.connections, 2);
    sw_http_reply_free(&reply);
    sw_transport_close(transport);
}

static void a_connection_is_not_left_to_programs_that_are_started(void **state)
{
    static const struct turn turns[] = {{.reply = OK_REPLY}};
    struct sw_transport *transport = open_curl();
    struct sw_http_reply reply = {.status = 0};
    unsigned sockets = 0;
    struct dirent *entry;
    struct sw_err err;
    struct server server;
    DIR *dir;

    (void)state;
    start(&server, turns, 1);
    assert_ok(ask(transport, (struct sw_http_request){.method = "GET"}, HERE, server.port, &reply, &err),
              err);
    dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        int fd = atoi(entry->d_name), type;
        struct sockaddr_in to;
        socklen_t type_len = sizeof(type), to_len = sizeof(to);

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 ||
            getpeername(fd, (struct sockaddr *)&to, &to_len) < 0 || ntohs(to.sin_port) != server.port)
            continue;
        sockets++;
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    closedir(dir);
    assert_int_equal(sockets, 1);
    finish(&server);
    sw_http_reply_free(&reply);
    sw_transport_close(transport);
}

static void a_proxy_that_says_no_is_named_with_the_remedy(void **state)
{
#define PROXY_SAYS(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    static const struct {
        struct turn turn;
        enum sw_code code;
        const char *text;
    } cases[] = {
        {{.reply = PROXY_SAYS("407 Proxy Authentication Required"), .hang_up = true},
         SW_FAILED,
         "HTTP 407; it wants a user"},
        {{.reply = PROXY_SAYS("403 Forbidden"), .hang_up = true},
         SW_FAILED,
         "HTTP 403; it lets nobody through"},
        {{.reply = PROXY_SAYS("502 Bad Gateway"), .hang_up = true},
         SW_REMOTE,
         "ALL_PROXY names answered HTTP 502"},
    };
    struct sw_transport *transport = open_curl();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sw_http_reply reply = {.status = 0};
        struct sw_err err;
        struct server server;
        char proxy[64];

        start(&server, &cases[i].turn, 1);
        snprintf(proxy, sizeof(proxy), "http://lab:sekrit@127.0.0.1:%u", server.port);
        setenv("HTTPS_PROXY", proxy, 1);
        assert_failed(ask(transport, (struct sw_http_request){.method = "GET"}, "https://aws.example", 443,
                          &reply, &err),
                      err, cases[i].code, cases[i].text);
        assert_null(strstr(err.text, "sekrit"));
        unsetenv("HTTPS_PROXY");
        finish(&server);
        sw_http_reply_free(&reply);
    }
    sw_transport_close(transport);
}

static void a_server_that_speaks_no_tls_is_asked_once(void **state)
{
    static const struct turn turns[] = {
        {.reply = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", .hang_up = true, .at_once = true}};
    struct sw_transport *transport = open_curl();
    struct sw_http_reply reply = {.status = 0};
    struct sw_err err;
    struct server server;

    (void)state;
    start(&server, turns, 1);
    assert_failed(ask(transport, (struct sw_http_request){.method = "GET"}, "https://127.0.0.1", server.port,
                      &reply, &err),
                  err, SW_FAILED, "http:// is meant, or another port");
    finish(&server);
    sw_http_reply_free(&reply);
    sw_transport_close(transport);
}

static int sink_restart(struct sw_http_sink *sink, struct sw_err *err)
{
    (void)sink;
    (void)err;
    return 0;
}

static int sink_write(struct sw_http_sink *sink, const void *bytes, size_t len, struct sw_err *err)
{
    (void)sink;
    (void)bytes;
    (void)len;
    (void)err;
    return 0;
}

/* It would take a quarter of an hour, and with a larger object years. */
static void a_download_that_trickles_is_given_up(void **state)
{
    static const struct turn turns[] = {
        {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 45000\r\n\r\n", .hang_up = true, .trickle = 45000}};
    struct sw_http_sink sink = {.restart = sink_restart, .write = sink_write};
    struct sw_http_reply reply = {.status = 0};
    struct sw_transport *transport;
    struct sw_err err;
    struct server server;

    (void)state;
    setenv("SLIPWAY_STALL_S", "1", 1);
    transport = open_curl();
    unsetenv("SLIPWAY_STALL_S");
    start(&server, turns, 1);
    assert_failed(ask(transport, (struct sw_http_request){.method = "GET", .sink = &sink}, HERE, server.port,
                      &reply, &err),
                  err, SW_REMOTE, "(SLIPWAY_STALL_S says how many)");
    sw_transport_close(transport);
    finish(&server);
    sw_http_reply_free(&reply);
}

static int without_proxies(void **state)
{
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY",
                                        "all_proxy",   "NO_PROXY",    "no_proxy",   "SLIPWAY_STALL_S"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_goes_out_twice_is_told),
        cmocka_unit_test(a_connection_is_not_left_to_programs_that_are_started),
        cmocka_unit_test(a_proxy_that_says_no_is_named_with_the_remedy),
        cmocka_unit_test(a_server_that_speaks_no_tls_is_asked_once),
        cmocka_unit_test(a_download_that_trickles_is_given_up),
    };

    return cmocka_run_group_tests(tests, without_proxies, NULL);
}
