/* The transport over libcurl: a stack of handles, one to a thread at a time, each with its own connection. */
#include "slipway/cloud.h"

#include "slipway/progress.h"
#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/registers.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum {
    MAX_REDIRECTS = 10,
    MAX_IDLE = 64,
    MAX_REPLY_BYTES = 16 << 20,
    MAX_HEADER_BYTES = 256 << 10,
    FIRST_ROOM_BYTES = 16 << 10,
    CONNECT_TIMEOUT_S = 15,
    STALL_S = 120, /* S3 may think for long before it answers, but it sends white space meanwhile */
    WHOLE_S = 900, /* a whole exchange, and longer for a body: as if the line carried SLOW_BYTES_PER_S */
    SLOW_BYTES_PER_S = 8 << 10,
    SINK_BYTES_PER_S = 1 << 10, /* less than that is a line that stands still */
};

struct curl_transport {
    struct sw_transport base;
    pthread_mutex_t lock;
    CURL *idle[MAX_IDLE];
    size_t idle_count;
    char *ca_bundle;
    bool ca_folder; /* ca_bundle is one, of files named by their hashes */
    long stall_s;
};

/* One exchange while it runs. */
struct exchange {
    struct sw_buf headers;
    struct sw_buf body;
    struct sw_err *err;
    CURL *handle;
    struct sw_http_sink *sink;
    long stall_s;
    int64_t moved_ns; /* when a byte went or came last */
    curl_off_t moved; /* how many did */
    bool stalled;
    unsigned sendings; /* how often libcurl began to send the request */
    bool ranged;
    bool plain; /* a download, not a call to AWS */
    bool too_large;
    bool refused; /* by the sink, which said why in err */
};

static bool is_good(const struct exchange *exchange)
{
    long status = 0;

    return curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
           (status == 200 || (exchange->ranged && status == 206));
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct exchange *exchange = arg;

    if (exchange->sink != NULL && is_good(exchange)) {
        exchange->refused = exchange->sink->write(exchange->sink, bytes, size * n, exchange->err) < 0;
        return exchange->refused ? 0 : size * n;
    }
    if (exchange->body.len + size * n > MAX_REPLY_BYTES) {
        exchange->too_large = true;
        return 0;
    }
    /* A short reply may hold keys: it does not move about in memory. */
    if (exchange->body.cap == 0 && sw_buf_reserve(&exchange->body, FIRST_ROOM_BYTES, exchange->err) < 0)
        return 0;
    return sw_buf_append(&exchange->body, bytes, size * n, exchange->err) == 0 ? size * n : 0;
}

/* Keeps "name: value\n" with the name in lower case; a new status line (100 Continue before it) starts over. */
static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct exchange *exchange = arg;
    size_t len = size * n, colon, start, end;
    struct sw_buf *out = &exchange->headers;

    if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        out->len = 0;
        return len;
    }
    for (colon = 0; colon < len && bytes[colon] != ':'; colon++)
        bytes[colon] = (char)(bytes[colon] >= 'A' && bytes[colon] <= 'Z' ? bytes[colon] + 32 : bytes[colon]);
    if (colon == len || out->len + len > MAX_HEADER_BYTES)
        return len;
    for (start = colon + 1; start < len && (bytes[start] == ' ' || bytes[start] == '\t'); start++)
        continue;
    for (end = len; end > start && strchr(" \t\r\n", bytes[end - 1]) != NULL; end--)
        continue;
    if (sw_buf_printf(out, exchange->err, "%.*s: %.*s\n", (int)colon, bytes, (int)(end - start),
                      bytes + start) < 0)
        return 0;
    return len;
}

/* At least once a second. libcurl's own limit of speed looks at five seconds, and finds what trickles. */
static int on_progress(void *arg, curl_off_t to_come, curl_off_t came, curl_off_t to_go, curl_off_t gone)
{
    struct exchange *exchange = arg;
    int64_t now_ns = sw_monotonic_ns();

    (void)to_come;
    (void)to_go;
    sw_registers_wipe(); /* of what was just copied to be sent, or came */
    if (sw_interrupted())
        return 1;
    if (came + gone != exchange->moved) {
        exchange->moved = came + gone;
        exchange->moved_ns = now_ns;
    }
    exchange->stalled = now_ns - exchange->moved_ns >= exchange->stall_s * 1000000000;
    return exchange->stalled;
}

/* Called before each sending: also when a kept connection died and libcurl takes another one. */
static int on_sending(void *arg, char *to, char *from, int to_port, int from_port)
{
    struct exchange *exchange = arg;

    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    exchange->sendings++;
    return CURL_PREREQFUNC_OK;
}

/* Connections are not for programs that are started meanwhile. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)arg;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURL *borrow(struct curl_transport *self, struct sw_err *err)
{
    CURL *handle = NULL;

    pthread_mutex_lock(&self->lock);
    if (self->idle_count > 0)
        handle = self->idle[--self->idle_count];
    pthread_mutex_unlock(&self->lock);
    if (handle == NULL)
        handle = curl_easy_init();
    if (handle == NULL)
        sw_fail(err, SW_FAILED, "libcurl has no memory for a connection");
    return handle;
}

static void give_back(struct curl_transport *self, CURL *handle)
{
    curl_easy_reset(handle);
    pthread_mutex_lock(&self->lock);
    if (self->idle_count < MAX_IDLE)
        self->idle[self->idle_count++] = SW_STEAL_PTR(handle);
    pthread_mutex_unlock(&self->lock);
    if (handle != NULL)
        curl_easy_cleanup(handle);
}

/* Takes headers out that libcurl would add of itself, and that nobody signed. */
static const char *const unwanted[] = {
    "Expect:",       /* waits for "100 Continue" before a large body */
    "Content-Type:", /* comes with every body; one of the caller's own is put in after it */
    "Accept:",
};

static int add_line(struct curl_slist **list, const char *line, struct sw_err *err)
{
    struct curl_slist *grown = curl_slist_append(*list, line);

    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory for a request's headers");
    *list = grown;
    return 0;
}

/* Tokens stand in headers. */
static void wipe_list(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at != NULL; at = at->next)
        explicit_bzero(at->data, strlen(at->data));
    curl_slist_free_all(list);
}

static int header_list(const struct sw_http_request *request, struct curl_slist **out, struct sw_err *err)
{
    SW_CLEANUP(sw_buf_wipe) struct sw_buf line = {0};

    for (size_t i = 0; i < SW_ARRAY_LEN(unwanted); i++)
        if (add_line(out, unwanted[i], err) < 0)
            return -1;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sw_http_header *header = &request->headers[i];

        line.len = 0;
        /* "name;" is libcurl's way to send an empty value. */
        if (sw_buf_printf(&line, err, "%s%s%s", header->name, header->value[0] != '\0' ? ": " : ";",
                          header->value) < 0 ||
            add_line(out, line.data, err) < 0)
            return -1;
    }
    return 0;
}

static void set_body(CURL *handle, const struct sw_http_request *request)
{
    if (strcmp(request->method, "HEAD") == 0) {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
        return;
    }
    if (request->body != NULL || strcmp(request->method, "POST") == 0 ||
        strcmp(request->method, "PUT") == 0) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

static long shorter_stall_s(const struct curl_transport *self, const struct sw_http_request *request)
{
    return request->stall_s > 0 && (long)request->stall_s < self->stall_s ? (long)request->stall_s
                                                                          : self->stall_s;
}

/* How long one exchange may take in all; a download into a sink has no end that could be known. */
static void set_limits(CURL *handle, const struct sw_http_request *request)
{
    if (request->timeout_ms > 0) {
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_ms);
    } else if (request->sink == NULL) {
        curl_easy_setopt(handle, CURLOPT_TIMEOUT, (long)(WHOLE_S + request->body_len / SLOW_BYTES_PER_S));
    }
    if (request->direct)
        curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
}

/* What a download may ask for that a signed call never does. */
static void set_trust(CURL *handle, const struct sw_http_request *request)
{
    if (request->follow) {
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(handle, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
        curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    }
    if (request->insecure) {
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

/* libcurl has two places for roots, and a value in each: what is named replaces both. */
static void set_roots(CURL *handle, const struct curl_transport *self)
{
    if (self->ca_bundle == NULL)
        return;
    curl_easy_setopt(handle, CURLOPT_CAINFO, self->ca_folder ? NULL : self->ca_bundle);
    curl_easy_setopt(handle, CURLOPT_CAPATH, self->ca_folder ? self->ca_bundle : NULL);
}

static void set_options(CURL *handle, const struct curl_transport *self, struct exchange *exchange,
                        char *error_text)
{
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(handle, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, exchange->sink != NULL ? (long)SINK_BYTES_PER_S : 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "slipway");
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, exchange);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, exchange->stall_s);
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, on_sending);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set_roots(handle, self);
}

/* What another try cannot mend. */
static bool is_final(CURLcode code)
{
    static const CURLcode final[] = {
        CURLE_URL_MALFORMAT,         CURLE_UNSUPPORTED_PROTOCOL, CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CACERT_BADFILE,    CURLE_WRITE_ERROR,          CURLE_OUT_OF_MEMORY,
        CURLE_BAD_FUNCTION_ARGUMENT, CURLE_TOO_MANY_REDIRECTS};

    for (size_t i = 0; i < SW_ARRAY_LEN(final); i++)
        if (code == final[i])
            return true;
    return false;
}

/* A proxy said no before the server was asked: what it lets through is settled, unless it is only busy. */
static int explain_proxy(long status, struct sw_err *err)
{
    bool later = status >= 500 || status == 408 || status == 429;
    const char *why = status == 407   ? "; it wants a user and a password (http://USER:PASSWORD@HOST:PORT)"
                      : status == 403 ? "; it lets nobody through to there"
                                      : "";

    return sw_fail(err, later ? SW_REMOTE : SW_FAILED,
                   "the proxy that HTTPS_PROXY, http_proxy or ALL_PROXY names answered HTTP %ld%s", status,
                   why);
}

/* What answers is no TLS server, and will not be one the next time. */
static bool is_not_tls(CURLcode code, const char *text)
{
    return code == CURLE_SSL_CONNECT_ERROR && strstr(text, "wrong version number") != NULL;
}

/* What to do about it, behind libcurl's own words. */
static const char *remedy(CURLcode code, const struct exchange *exchange, const char *text)
{
    if (is_not_tls(code, text))
        return " (it does not speak TLS: http:// is meant, or another port)";
    if (code == CURLE_PEER_FAILED_VERIFICATION && !exchange->plain)
        return " (AWS_CA_BUNDLE names a file with the CAs of one's own)";
    if (code == CURLE_OPERATION_TIMEDOUT && strstr(text, "too slow") != NULL)
        return " (SLIPWAY_STALL_S says how many)";
    return "";
}

static int explain(CURLcode code, const struct exchange *exchange, const char *text, struct sw_err *err)
{
    long proxy_status = 0;

    curl_easy_getinfo(exchange->handle, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (code == CURLE_ABORTED_BY_CALLBACK && exchange->stalled)
        return sw_fail(err, SW_REMOTE, "the line stood still for %ld s", exchange->stall_s);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return sw_fail(err, SW_INTERRUPTED, "interrupted");
    if (exchange->refused)
        return -1;
    if (exchange->too_large)
        return sw_fail(err, SW_FAILED, "the reply is larger than %d bytes", MAX_REPLY_BYTES);
    if (proxy_status >= 400)
        return explain_proxy(proxy_status, err);
    /* libcurl quotes a proxy's address whole, with its password. */
    if (strstr(text, "roxy") != NULL && (strchr(text, '@') != NULL || strchr(text, '\'') != NULL))
        return sw_fail(err, is_final(code) ? SW_FAILED : SW_REMOTE,
                       "%s (the proxy that HTTPS_PROXY, http_proxy or ALL_PROXY names)",
                       curl_easy_strerror(code));
    return sw_fail(err, is_final(code) || is_not_tls(code, text) ? SW_FAILED : SW_REMOTE, "%s%s",
                   text[0] != '\0' ? text : curl_easy_strerror(code), remedy(code, exchange, text));
}

static int curl_send(struct sw_transport *transport, const struct sw_http_request *request,
                     struct sw_http_reply *reply, struct sw_err *err)
{
    struct curl_transport *self = (struct curl_transport *)transport;
    struct exchange exchange = {
        .err = err, .stall_s = shorter_stall_s(self, request), .moved_ns = sw_monotonic_ns()};
    char error_text[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    CURL *handle = borrow(self, err);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long status = 0;
    int rc;

    if (handle == NULL)
        return -1;
    exchange.handle = handle;
    exchange.sink = request->sink;
    exchange.ranged = request->ranged;
    exchange.plain = request->follow;
    rc = header_list(request, &headers, err);
    if (rc == 0) {
        set_options(handle, self, &exchange, error_text);
        set_limits(handle, request);
        set_trust(handle, request);
        set_body(handle, request);
        curl_easy_setopt(handle, CURLOPT_URL, request->url);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
        code = curl_easy_perform(handle);
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        rc = code == CURLE_OK ? 0 : explain(code, &exchange, error_text, err);
    }
    wipe_list(headers);
    give_back(self, handle);
    reply->status = (int)status;
    reply->resent = exchange.sendings > 1 && !request->follow;
    reply->body_len = exchange.body.len;
    reply->headers = exchange.headers.len > 0 ? sw_buf_steal(&exchange.headers) : NULL;
    reply->body = exchange.body.len > 0 ? sw_buf_steal(&exchange.body) : NULL;
    sw_buf_free(&exchange.headers);
    sw_buf_free(&exchange.body);
    return rc;
}

static int64_t curl_now_s(struct sw_transport *transport)
{
    (void)transport;
    return sw_now_ns() / 1000000000;
}

static int64_t curl_ticks_s(struct sw_transport *transport)
{
    (void)transport;
    return sw_monotonic_ns() / 1000000000;
}

static int curl_sleep_ms(struct sw_transport *transport, unsigned ms, struct sw_err *err)
{
    int64_t until_ns = sw_monotonic_ns() + (int64_t)ms * 1000000;

    (void)transport;
    for (;;) {
        int64_t left_ns = until_ns - sw_monotonic_ns();
        struct timespec nap = {.tv_nsec = left_ns < 100000000 ? left_ns : 100000000};

        if (sw_check_interrupt(err) < 0)
            return -1;
        if (left_ns <= 0)
            return 0;
        nanosleep(&nap, NULL);
    }
}

static void curl_close(struct sw_transport *transport)
{
    struct curl_transport *self = (struct curl_transport *)transport;

    for (size_t i = 0; i < self->idle_count; i++)
        curl_easy_cleanup(self->idle[i]);
    pthread_mutex_destroy(&self->lock);
    free(self->ca_bundle);
    free(self);
    curl_global_cleanup();
}

static const struct sw_transport_ops curl_ops = {
    .send = curl_send,
    .now_s = curl_now_s,
    .ticks_s = curl_ticks_s,
    .sleep_ms = curl_sleep_ms,
    .close = curl_close,
};

/* For tests and for odd lines. */
static long stall_s(void)
{
    const char *text = getenv("SLIPWAY_STALL_S");
    long n = text != NULL ? strtol(text, NULL, 10) : 0;

    return n > 0 && n <= 86400 ? n : STALL_S;
}

int sw_transport_open_curl(const char *ca_bundle, struct sw_transport **out, struct sw_err *err)
{
    struct curl_transport *self = sw_calloc(1, sizeof(*self), err);
    struct stat st;

    if (self == NULL)
        return -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(self);
        return sw_fail(err, SW_FAILED, "libcurl cannot start");
    }
    self->base.ops = &curl_ops;
    self->stall_s = stall_s();
    pthread_mutex_init(&self->lock, NULL);
    if (ca_bundle != NULL && (self->ca_bundle = sw_strdup(ca_bundle, err)) == NULL) {
        curl_close(&self->base);
        return -1;
    }
    self->ca_folder = ca_bundle != NULL && stat(ca_bundle, &st) == 0 && S_ISDIR(st.st_mode);
    *out = &self->base;
    return 0;
}
