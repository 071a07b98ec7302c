/* What every transport shares: closing, and reading a reply's headers. */
#include "slipway/cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sw_transport_close(struct sw_transport *transport)
{
    if (transport != NULL)
        transport->ops->close(transport);
}

bool sw_http_header_get(const struct sw_http_reply *reply, const char *name, char *out, size_t out_len)
{
    size_t name_len = strlen(name);
    const char *line = reply->headers;

    while (line != NULL && *line != '\0') {
        const char *end = strchr(line, '\n');

        if (strncmp(line, name, name_len) == 0 && strncmp(line + name_len, ": ", 2) == 0) {
            line += name_len + 2;
            snprintf(out, out_len, "%.*s", (int)(end != NULL ? end - line : (long)strlen(line)), line);
            return true;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return false;
}

void sw_http_reply_free(struct sw_http_reply *reply)
{
    free(reply->headers);
    free(reply->body);
    memset(reply, 0, sizeof(*reply));
}
