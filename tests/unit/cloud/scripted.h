/* The scripted twin of the transport: answers what a test wrote down, and keeps what it was sent. */
#ifndef TESTS_UNIT_CLOUD_SCRIPTED_H
#define TESTS_UNIT_CLOUD_SCRIPTED_H

#include "tests/unit/testing.h"

#include "slipway/cloud.h"
#include "src/base/buf.h"

#define XML_HEAD "content-type: application/xml\n"

/* One exchange: a reply, or (status 0) a broken line with this code. */
struct script_step {
    int status;
    const char *headers;
    const char *body;
    enum sw_code broken;
    bool resent;
};

struct sent {
    char method[8];
    char url[512];
    char headers[2048]; /* "Name: value\n" */
    char body[2048];    /* cut to fit */
    bool follow, insecure, direct;
    unsigned timeout_ms;
};

struct scripted {
    struct sw_transport base;
    const struct script_step *steps;
    size_t n, at;
    int64_t now_s;           /* the wall clock */
    int64_t ticks_s;         /* the one that nobody sets */
    int64_t seconds_a_sleep; /* by which both move on */
    int64_t seconds_a_send;
    void (*meanwhile)(struct scripted *self); /* what others do while a request is under way */
    void *others;
    unsigned sleeps_ms[32];
    size_t sleep_count;
    struct sent sent[32];
};

static int scripted_send(struct sw_transport *transport, const struct sw_http_request *request,
                         struct sw_http_reply *reply, struct sw_err *err)
{
    struct scripted *self = (struct scripted *)transport;
    const struct script_step *step = &self->steps[self->at];
    struct sent *sent = &self->sent[self->at];
    size_t at = 0;

    if (self->at == self->n)
        fail_msg("request %zu (%s %s) is not in the script", self->at, request->method, request->url);
    self->at++;
    self->now_s += self->seconds_a_send;
    self->ticks_s += self->seconds_a_send;
    snprintf(sent->method, sizeof(sent->method), "%s", request->method);
    snprintf(sent->url, sizeof(sent->url), "%s", request->url);
    for (size_t i = 0; i < request->header_count; i++)
        at += (size_t)snprintf(sent->headers + at, sizeof(sent->headers) - at, "%s: %s\n",
                               request->headers[i].name, request->headers[i].value);
    if (request->body_len > 0)
        snprintf(sent->body, sizeof(sent->body), "%.*s", (int)request->body_len, (const char *)request->body);
    sent->follow = request->follow;
    sent->insecure = request->insecure;
    sent->direct = request->direct;
    sent->timeout_ms = request->timeout_ms;
    reply->resent = step->resent;
    if (self->meanwhile != NULL)
        self->meanwhile(self);
    if (request->sink != NULL && step->body != NULL &&
        (step->status == 200 || step->status == 0 || (step->status == 206 && request->ranged))) {
        if (request->sink->write(request->sink, step->body, strlen(step->body), err) < 0)
            return -1;
        if (step->status != 0) {
            reply->status = step->status;
            reply->headers = strdup(step->headers != NULL ? step->headers : "");
            return 0;
        }
    }
    if (step->status == 0)
        return sw_fail(err, step->broken, "connection reset by the script");
    reply->status = step->status;
    reply->headers = strdup(step->headers != NULL ? step->headers : "");
    reply->body = strdup(step->body != NULL ? step->body : "");
    reply->body_len = strlen(reply->body);
    return 0;
}

static int64_t scripted_now_s(struct sw_transport *transport)
{
    return ((struct scripted *)transport)->now_s;
}

static int64_t scripted_ticks_s(struct sw_transport *transport)
{
    return ((struct scripted *)transport)->ticks_s;
}

static int scripted_sleep_ms(struct sw_transport *transport, unsigned ms, struct sw_err *err)
{
    struct scripted *self = (struct scripted *)transport;

    (void)err;
    self->sleeps_ms[self->sleep_count++] = ms;
    self->now_s += self->seconds_a_sleep;
    self->ticks_s += self->seconds_a_sleep;
    return 0;
}

static void scripted_close(struct sw_transport *transport)
{
    (void)transport;
}

static const struct sw_transport_ops scripted_ops = {
    .send = scripted_send,
    .now_s = scripted_now_s,
    .ticks_s = scripted_ticks_s,
    .sleep_ms = scripted_sleep_ms,
    .close = scripted_close,
};

/* A script from its beginning, at 2026-11-22T06:40:36Z. */
static inline void start_script(struct scripted *twin, const struct script_step *steps, size_t n)
{
    memset(twin, 0, sizeof(*twin));
    twin->base.ops = &scripted_ops;
    twin->steps = steps;
    twin->n = n;
    twin->now_s = 1795329636;
}

/* A session over the script with fixed keys. */
static inline struct sw_cloud *open_scripted(struct scripted *twin, const struct script_step *steps, size_t n)
{
    static const struct sw_cloud_config config = {.region = "eu-central-1"};
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;

    start_script(twin, steps, n);
    assert_ok(sw_cloud_open(&config, &twin->base, &cloud, &err), err);
    return cloud;
}

/* No settings of whoever runs the tests. */
static inline void clean_environment(void)
{
    extern char **environ;
    char name[64];

    for (size_t i = 0; environ[i] != NULL;) {
        if (strncmp(environ[i], "AWS_", 4) == 0 && strcspn(environ[i], "=") < sizeof(name)) {
            snprintf(name, sizeof(name), "%.*s", (int)strcspn(environ[i], "="), environ[i]);
            unsetenv(name);
        } else {
            i++;
        }
    }
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
}

static inline void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    /* No copy of it stays in the memory of this process. */
    assert_int_equal(setvbuf(file, NULL, _IONBF, 0), 0);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

/* These two files and nothing else; the working folder is home. */
static inline void use_files(const char *config, const char *credentials)
{
    clean_environment();
    put_file("config", config);
    put_file("credentials", credentials);
    setenv("AWS_CONFIG_FILE", "config", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "credentials", 1);
    setenv("HOME", ".", 1);
}

static inline void set_keys(void)
{
    clean_environment();
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
}

/* The same as a group's fixture. */
static inline int set_keys_once(void **state)
{
    (void)state;
    set_keys();
    return 0;
}

#endif
