/* Percent-encoding by AWS's rules, and the parts of an endpoint URL. */
#ifndef SW_CLOUD_URI_H
#define SW_CLOUD_URI_H

#include "slipway/error.h"
#include "src/base/buf.h"

#include <stdbool.h>

/* Appends text with everything but A-Za-z0-9-_.~ (and '/' when keep_slash) as %XX, upper-case hex. */
SW_MUST_CHECK int uri_encode(struct sw_buf *out, const char *bytes, size_t len, bool keep_slash,
                             struct sw_err *err);
/* Appends the bytes with %XX decoded; a '%' without two digits stays. '+' is a plus. */
SW_MUST_CHECK int uri_decode(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err);

/* Appends name=value to a query or form, with '&' when something is there. A NULL value appends nothing. */
SW_MUST_CHECK int uri_add(struct sw_buf *query, const char *name, const char *value, struct sw_err *err);

/* An endpoint: "http" or "https", host with port, path without its trailing slash. Free the texts by uri_free. */
struct uri {
    char *scheme;
    char *host;
    char *path; /* "" or "/…" */
};
/* SW_USAGE for anything but http(s)://host[:port][/path]. what: for the message. */
SW_MUST_CHECK int uri_parse(const char *text, const char *what, struct uri *out, struct sw_err *err);
/* The same of a page's address, which may have a query; it is checked and not kept. */
SW_MUST_CHECK int uri_parse_page(const char *text, const char *what, struct uri *out, struct sw_err *err);
/* True where what is sent leaves this machine without TLS. */
bool uri_is_bare(const struct uri *uri);
void uri_free(struct uri *uri);
#define URI_AUTO SW_CLEANUP(uri_free)

#endif
