/* AWS Signature Version 4: canonical request, string to sign, signature. */
#include "src/cloud/sigv4.h"

#include "src/base/digest.h"
#include "src/cloud/uri.h"

#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const never_signed[] = {"authorization", "user-agent", "expect", "x-amzn-trace-id"};

/* S3 signs the path as a client that encodes once would send it. */
static int s3_path(struct sw_buf *out, const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf plain = {0};

    if (uri_decode(&plain, path, strlen(path), err) < 0)
        return -1;
    return uri_encode(out, plain.data, plain.len, true, err);
}

/* Drops the last segment of what was kept so far, for "..". */
static void pop_segment(struct sw_buf *kept)
{
    while (kept->len > 0 && kept->data[kept->len - 1] != '/')
        kept->len--;
    if (kept->len > 0)
        kept->len--;
}

/* Every other service: no "//", "." or "..", then what is on the wire is encoded once more. */
static int normal_path(struct sw_buf *out, const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf kept = {0};
    size_t len;

    if (sw_buf_reserve(&kept, strlen(path) + 1, err) < 0)
        return -1;
    for (const char *at = path; *at != '\0'; at += len + (at[len] == '/')) {
        len = strcspn(at, "/");
        if (len == 2 && memcmp(at, "..", 2) == 0)
            pop_segment(&kept);
        else if (len > 0 && !(len == 1 && *at == '.') && sw_buf_printf(&kept, err, "/%.*s", (int)len, at) < 0)
            return -1;
    }
    if ((kept.len == 0 || path[strlen(path) - 1] == '/') && sw_buf_puts(&kept, "/", err) < 0)
        return -1;
    return uri_encode(out, kept.data, kept.len, true, err);
}

static int canonical_path(struct sw_buf *out, const struct sigv4_scope *scope, const char *path,
                          struct sw_err *err)
{
    if (path[0] == '\0')
        path = "/";
    return strcmp(scope->service, "s3") == 0 ? s3_path(out, path, err) : normal_path(out, path, err);
}

struct pair {
    char *name;
    char *value;
};

static char *recode(const char *text, size_t len, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf plain = {0};
    SW_AUTO_BUF struct sw_buf coded = {0};

    if (uri_decode(&plain, text, len, err) < 0 || uri_encode(&coded, plain.data, plain.len, false, err) < 0)
        return NULL;
    return sw_buf_steal(&coded);
}

static int read_pair(const char *item, size_t len, struct pair *pair, struct sw_err *err)
{
    const char *equals = memchr(item, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - item) : len;

    pair->name = recode(item, name_len, err);
    pair->value = equals != NULL ? recode(equals + 1, len - name_len - 1, err) : sw_strdup("", err);
    return pair->name != NULL && pair->value != NULL ? 0 : -1;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *one = a, *two = b;
    int order = strcmp(one->name, two->name);

    return order != 0 ? order : strcmp(one->value, two->value);
}

static int write_pairs(struct sw_buf *out, struct pair *pairs, size_t n, struct sw_err *err)
{
    qsort(pairs, n, sizeof(*pairs), compare_pairs);
    for (size_t i = 0; i < n; i++)
        if (sw_buf_printf(out, err, "%s%s=%s", i > 0 ? "&" : "", pairs[i].name, pairs[i].value) < 0)
            return -1;
    return 0;
}

static int canonical_query(struct sw_buf *out, const char *query, struct sw_err *err)
{
    SW_AUTO_FREE struct pair *pairs = NULL;
    size_t n = 0, most = 1, len;
    int rc = 0;

    for (const char *at = query; *at != '\0'; at++)
        most += *at == '&';
    pairs = sw_calloc(most, sizeof(*pairs), err);
    if (pairs == NULL)
        return -1;
    for (const char *at = query; rc == 0 && *at != '\0'; at += len + (at[len] == '&')) {
        len = strcspn(at, "&");
        if (len > 0)
            rc = read_pair(at, len, &pairs[n++], err);
    }
    if (rc == 0)
        rc = write_pairs(out, pairs, n, err);
    for (size_t i = 0; i < n; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    return rc;
}

/* Sorted by name alone, so that "x-amz-a" comes before "x-amz-a-b"; headers of one name keep their order. */
static int compare_headers(const void *a, const void *b)
{
    const struct sw_http_header *const *one = a, *const *two = b;
    int order = strcasecmp((*one)->name, (*two)->name);

    if (order != 0)
        return order;
    return *one < *two ? -1 : *one > *two;
}

static bool to_be_signed(const char *name)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(never_signed); i++)
        if (strcasecmp(name, never_signed[i]) == 0)
            return false;
    return true;
}

static int put_lower(struct sw_buf *out, const char *name, struct sw_err *err)
{
    for (; *name != '\0'; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;

        if (sw_buf_append(out, &c, 1, err) < 0)
            return -1;
    }
    return 0;
}

/* Trimmed, and inner runs of white space become one space. */
static int put_value(struct sw_buf *out, const char *value, struct sw_err *err)
{
    bool first = true;
    size_t len;

    for (;;) {
        value += strspn(value, " \t\r\n\v\f");
        len = strcspn(value, " \t\r\n\v\f");
        if (len == 0)
            return 0;
        if (sw_buf_printf(out, err, "%s%.*s", first ? "" : " ", (int)len, value) < 0)
            return -1;
        first = false;
        value += len;
    }
}

/* "name:value\n" lines into out, "name;name" into names. */
static int canonical_headers(struct sw_buf *out, struct sw_buf *names, const struct sigv4_request *request,
                             struct sw_err *err)
{
    const struct sw_http_header *sorted[SIGV4_MAX_HEADERS];
    size_t n = 0;

    if (request->header_count > SIGV4_MAX_HEADERS)
        return sw_fail(err, SW_FAILED, "%zu headers are too many to sign", request->header_count);
    for (size_t i = 0; i < request->header_count; i++)
        if (to_be_signed(request->headers[i].name))
            sorted[n++] = &request->headers[i];
    qsort(sorted, n, sizeof(sorted[0]), compare_headers);
    for (size_t i = 0; i < n; i++) {
        bool again = i > 0 && strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0;
        bool last = i + 1 == n || strcasecmp(sorted[i]->name, sorted[i + 1]->name) != 0;

        if (!again &&
            ((names->len > 0 && sw_buf_puts(names, ";", err) < 0) ||
             put_lower(names, sorted[i]->name, err) < 0 || put_lower(out, sorted[i]->name, err) < 0))
            return -1;
        if (sw_buf_puts(out, again ? "," : ":", err) < 0 || put_value(out, sorted[i]->value, err) < 0 ||
            (last && sw_buf_puts(out, "\n", err) < 0))
            return -1;
    }
    return sw_buf_append(names, "", 0, err);
}

/* It holds the session's token, and does not move about in memory. */
static int make_room(const struct sigv4_request *request, struct sw_buf *out, struct sw_err *err)
{
    size_t room = 1024 + 3 * (strlen(request->path) + strlen(request->query));

    for (size_t i = 0; i < request->header_count; i++)
        room += 2 * strlen(request->headers[i].name) + strlen(request->headers[i].value) + 4;
    return sw_buf_reserve(out, room, err);
}

static int canonical_request(const struct sigv4_scope *scope, const struct sigv4_request *request,
                             struct sw_buf *names, struct sw_buf *out, struct sw_err *err)
{
    if (make_room(request, out, err) < 0 || sw_buf_printf(out, err, "%s\n", request->method) < 0 ||
        canonical_path(out, scope, request->path, err) < 0 || sw_buf_puts(out, "\n", err) < 0 ||
        canonical_query(out, request->query, err) < 0 || sw_buf_puts(out, "\n", err) < 0 ||
        canonical_headers(out, names, request, err) < 0)
        return -1;
    return sw_buf_printf(out, err, "\n%s\n%s", names->data, request->payload_hash);
}

static int string_to_sign(const struct sigv4_scope *scope, const struct sw_buf *canonical, struct sw_buf *out,
                          struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (sw_sha256(canonical->data, canonical->len, digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), hex);
    return sw_buf_printf(out, err, "AWS4-HMAC-SHA256\n%s\n%.8s/%s/%s/aws4_request\n%s", scope->date,
                         scope->date, scope->region, scope->service, hex);
}

/* HMAC over HMAC: "AWS4" + secret, date, region, service, "aws4_request", the string to sign. */
static int signature(const struct sigv4_scope *scope, const struct sw_buf *to_sign, char hex[SW_SHA256_HEX],
                     struct sw_err *err)
{
    SW_AUTO_FREE char *first = sw_strf(err, "AWS4%s", scope->secret_key);
    const char *const chain[] = {scope->region, scope->service, "aws4_request", to_sign->data};
    uint8_t key[SW_SHA256_BYTES];
    int rc;

    if (first == NULL)
        return -1;
    rc = sw_hmac_sha256(first, strlen(first), scope->date, 8, key, err);
    explicit_bzero(first, strlen(first));
    for (size_t i = 0; rc == 0 && i < SW_ARRAY_LEN(chain); i++)
        rc = sw_hmac_sha256(key, sizeof(key), chain[i], strlen(chain[i]), key, err);
    if (rc == 0)
        sw_hex(key, sizeof(key), hex);
    explicit_bzero(key, sizeof(key));
    return rc;
}

/* Canonical request, string to sign and signature, in this order. */
static int sign_all(const struct sigv4_scope *scope, const struct sigv4_request *request,
                    struct sw_buf *names, char hex[SW_SHA256_HEX], struct sigv4_result *out,
                    struct sw_err *err)
{
    if (strlen(scope->date) != SIGV4_DATE - 1)
        return sw_fail(err, SW_FAILED, "'%s' is no date to sign with", scope->date);
    if (canonical_request(scope, request, names, &out->canonical, err) < 0 ||
        string_to_sign(scope, &out->canonical, &out->to_sign, err) < 0 ||
        signature(scope, &out->to_sign, hex, err) < 0)
        return sw_context(err, "signing a request to %s", scope->service);
    return 0;
}

int sigv4_sign(const struct sigv4_scope *scope, const struct sigv4_request *request, struct sigv4_result *out,
               struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf names = {0};
    char hex[SW_SHA256_HEX];

    if (sign_all(scope, request, &names, hex, out, err) < 0)
        return -1;
    return sw_buf_printf(
        &out->authorization, err,
        "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
        scope->access_key, scope->date, scope->region, scope->service, names.data, hex);
}

/* The query with everything but the signature. */
static int presign_query(const struct sigv4_scope *scope, const struct sigv4_request *request,
                         const char *token, unsigned expires_s, struct sw_buf *query, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf names = {0};
    SW_AUTO_BUF struct sw_buf ignored = {0};
    SW_AUTO_FREE char *credential = sw_strf(err, "%s/%.8s/%s/%s/aws4_request", scope->access_key, scope->date,
                                            scope->region, scope->service);
    SW_AUTO_FREE char *seconds = sw_strf(err, "%u", expires_s);

    if (credential == NULL || seconds == NULL || canonical_headers(&ignored, &names, request, err) < 0 ||
        sw_buf_puts(query, request->query, err) < 0 ||
        uri_add(query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256", err) < 0 ||
        uri_add(query, "X-Amz-Credential", credential, err) < 0 ||
        uri_add(query, "X-Amz-Date", scope->date, err) < 0 ||
        uri_add(query, "X-Amz-Expires", seconds, err) < 0 ||
        uri_add(query, "X-Amz-SignedHeaders", names.data, err) < 0)
        return -1;
    return uri_add(query, "X-Amz-Security-Token", token, err);
}

int sigv4_presign(const struct sigv4_scope *scope, const struct sigv4_request *request, const char *token,
                  unsigned expires_s, struct sigv4_result *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf names = {0};
    struct sigv4_request whole = *request;
    char hex[SW_SHA256_HEX];

    if (expires_s < 1 || expires_s > SIGV4_MAX_EXPIRES_S)
        return sw_fail(err, SW_USAGE, "a URL can be signed for 1 to %d seconds, not %u", SIGV4_MAX_EXPIRES_S,
                       expires_s);
    if (presign_query(scope, request, token, expires_s, &out->query, err) < 0)
        return -1;
    whole.query = out->query.data;
    if (sign_all(scope, &whole, &names, hex, out, err) < 0)
        return -1;
    return uri_add(&out->query, "X-Amz-Signature", hex, err);
}

void sigv4_free(struct sigv4_result *result)
{
    sw_buf_wipe(&result->canonical);
    sw_buf_free(&result->to_sign);
    sw_buf_free(&result->authorization);
    sw_buf_wipe(&result->query);
}

int sigv4_date(int64_t time_s, char out[SIGV4_DATE], struct sw_err *err)
{
    time_t when = (time_t)time_s;
    struct tm utc;

    if (gmtime_r(&when, &utc) == NULL || strftime(out, SIGV4_DATE, "%Y%m%dT%H%M%SZ", &utc) != SIGV4_DATE - 1)
        return sw_fail(err, SW_FAILED, "the clock is out of range");
    return 0;
}
