/* Percent-encoding by AWS's rules, and the parts of an endpoint URL. */
#include "src/cloud/uri.h"

#include "src/base/digest.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

static bool unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

int uri_encode(struct sw_buf *out, const char *bytes, size_t len, bool keep_slash, struct sw_err *err)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        char hex[3] = {'%', digits[c >> 4], digits[c & 15]};
        bool plain = unreserved(bytes[i]) || (keep_slash && bytes[i] == '/');

        if (sw_buf_append(out, plain ? &bytes[i] : hex, plain ? 1 : 3, err) < 0)
            return -1;
    }
    return sw_buf_append(out, "", 0, err);
}

int uri_decode(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];

        if (c == '%' && len - i > 2 && sw_hex_digit(bytes[i + 1]) >= 0 && sw_hex_digit(bytes[i + 2]) >= 0) {
            c = (char)(sw_hex_digit(bytes[i + 1]) * 16 + sw_hex_digit(bytes[i + 2]));
            i += 2;
        }
        if (sw_buf_append(out, &c, 1, err) < 0)
            return -1;
    }
    return sw_buf_append(out, "", 0, err);
}

int uri_add(struct sw_buf *query, const char *name, const char *value, struct sw_err *err)
{
    if (value == NULL)
        return 0;
    if ((query->len > 0 && sw_buf_puts(query, "&", err) < 0) ||
        uri_encode(query, name, strlen(name), false, err) < 0 || sw_buf_puts(query, "=", err) < 0)
        return -1;
    return uri_encode(query, value, strlen(value), false, err);
}

/* A host is letters, digits and what an address needs: nothing that could end it early. */
static bool host_ok(const char *host, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";

    return len > 0 && len < 256 && strspn(host, allowed) >= len;
}

static bool path_ok(const char *path)
{
    for (; *path != '\0'; path++)
        if (!unreserved(*path) && strchr("/%:@!$&'()*+,;=", *path) == NULL)
            return false;
    return true;
}

int uri_parse(const char *text, const char *what, struct uri *out, struct sw_err *err)
{
    URI_AUTO struct uri uri = {0};
    const char *host = strstr(text, "://");
    size_t scheme_len = host != NULL ? (size_t)(host - text) : 0, host_len, path_len;

    if (!(scheme_len == 5 && memcmp(text, "https", 5) == 0) &&
        !(scheme_len == 4 && memcmp(text, "http", 4) == 0))
        return sw_fail(err, SW_USAGE, "%s '%s' is no http:// or https:// URL", what, text);
    host += 3;
    host_len = strcspn(host, "/");
    if (memchr(host, '@', host_len) != NULL)
        return sw_fail(err, SW_USAGE, "%s has a user or password in it; it must be a plain host and path",
                       what);
    path_len = strlen(host + host_len);
    if (!host_ok(host, host_len) || !path_ok(host + host_len))
        return sw_fail(err, SW_USAGE, "%s '%s' has no plain host and path", what, text);
    while (path_len > 0 && host[host_len + path_len - 1] == '/')
        path_len--;
    if ((uri.scheme = sw_strf(err, "%.*s", (int)scheme_len, text)) == NULL ||
        (uri.host = sw_strf(err, "%.*s", (int)host_len, host)) == NULL ||
        (uri.path = sw_strf(err, "%.*s", (int)path_len, host + host_len)) == NULL)
        return -1;
    *out = uri;
    memset(&uri, 0, sizeof(uri));
    return 0;
}

int uri_parse_page(const char *text, const char *what, struct uri *out, struct sw_err *err)
{
    size_t len = strcspn(text, "?");
    SW_AUTO_FREE char *page = sw_strf(err, "%.*s", (int)len, text);

    if (page == NULL)
        return -1;
    if (text[len] == '?' && !path_ok(text + len + 1))
        return sw_fail(err, SW_USAGE, "%s has a query that cannot be sent as it is", what);
    return uri_parse(page, what, out, err);
}

/* "HOST" or "HOST:PORT", where HOST is nothing but this machine. */
static bool is_loopback(const char *host)
{
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    char name[INET_ADDRSTRLEN] = "";
    struct in_addr at;

    if (len >= sizeof(name) || (host[0] == '[' && host[len - 1] != ']') ||
        (host[len] != '\0' && host[len] != ':'))
        return false;
    memcpy(name, host, len);
    if (strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, name, &at) == 1 && ntohl(at.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

bool uri_is_bare(const struct uri *uri)
{
    return strcmp(uri->scheme, "http") == 0 && !is_loopback(uri->host);
}

void uri_free(struct uri *uri)
{
    free(uri->scheme);
    free(uri->host);
    free(uri->path);
    memset(uri, 0, sizeof(*uri));
}
