/* Reading RFC 7512 URIs by p11-kit, and refusing what must not be in one. */
#include "src/seal/p11_uri.h"

#include "src/base/buf.h"

#include <stdlib.h>
#include <string.h>

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* "file:///PATH" and a bare path are "file:/PATH"; what a descriptor's number is, is found out when it is read. */
static int parse_pin(const char *text, struct p11_uri *out, struct sw_err *err)
{
    const char *path;

    if (text == NULL)
        text = "prompt";
    if (strlen(text) > P11_PATH_MAX)
        return sw_fail(err, SW_USAGE, "pin-source is longer than %d bytes", P11_PATH_MAX);
    if (text[0] == '|')
        return sw_fail(err, SW_USAGE, "pin-source: a program is not run; name a file (file:/PATH) or fd:N");
    path = after(text, "file:");
    if (path == NULL && text[0] == '/')
        path = text;
    if (path != NULL && strncmp(path, "///", 3) == 0)
        path += 2;
    if (path == NULL && strcmp(text, "prompt") != 0 && after(text, "fd:") == NULL)
        return sw_fail(err, SW_USAGE, "pin-source: '%.64s' is neither file:/PATH nor fd:N nor prompt", text);
    if (path != NULL && (path[0] != '/' || path[1] == '\0'))
        return sw_fail(err, SW_USAGE, "pin-source: '%.64s' is no absolute path", path);
    out->pin = path != NULL ? sw_strf(err, "file:%s", path) : sw_strdup(text, err);
    return out->pin != NULL ? 0 : -1;
}

/* An attribute that is there and not empty. */
static const struct ck_attribute *attribute(P11KitUri *uri, ck_attribute_type_t type)
{
    const struct ck_attribute *found = p11_kit_uri_get_attribute(uri, type);

    return found != NULL && found->value != NULL && found->value_len > 0 ? found : NULL;
}

static int find_kind(struct p11_uri *out, struct sw_err *err)
{
    const struct ck_attribute *class = attribute(out->uri, CKA_CLASS);
    ck_object_class_t value;

    if (class == NULL)
        return 0;
    if (class->value_len != sizeof(value))
        return sw_fail(err, SW_USAGE, "its type is none of public, private, cert and secret-key");
    memcpy(&value, class->value, sizeof(value));
    switch (value) {
    case CKO_PUBLIC_KEY:
    case CKO_PRIVATE_KEY:
        out->kind = P11_KIND_PAIR;
        return 0;
    case CKO_CERTIFICATE:
        out->kind = P11_KIND_CERT;
        return 0;
    case CKO_SECRET_KEY:
        out->kind = P11_KIND_SECRET;
        return 0;
    default:
        return sw_fail(err, SW_USAGE, "its type is none of public, private, cert and secret-key");
    }
}

static int check_module(const struct p11_uri *out, struct sw_err *err)
{
    if (out->module_path != NULL && (out->module_path[0] == '\0' || strlen(out->module_path) > P11_PATH_MAX))
        return sw_fail(err, SW_USAGE, "module-path is empty or longer than %d bytes", P11_PATH_MAX);
    if (out->module_name != NULL && (out->module_name[0] == '\0' || strlen(out->module_name) > P11_PATH_MAX))
        return sw_fail(err, SW_USAGE, "module-name is empty or longer than %d bytes", P11_PATH_MAX);
    return 0;
}

static int read_parts(struct p11_uri *out, struct sw_err *err)
{
    if (p11_kit_uri_get_pin_value(out->uri) != NULL)
        return sw_fail(
            err, SW_USAGE,
            "pin-value: everybody on this machine reads it in /proc; leave it out and be asked, or say "
            "pin-source=file:/PATH (mode 0600) or pin-source=fd:N");
    if (p11_kit_uri_any_unrecognized(out->uri))
        return sw_fail(err, SW_USAGE, "the URI has an attribute that is not known");
    out->label = attribute(out->uri, CKA_LABEL);
    out->id = attribute(out->uri, CKA_ID);
    out->module_path = p11_kit_uri_get_module_path(out->uri);
    out->module_name = p11_kit_uri_get_module_name(out->uri);
    if (check_module(out, err) < 0 || find_kind(out, err) < 0)
        return -1;
    return parse_pin(p11_kit_uri_get_pin_source(out->uri), out, err);
}

int p11_uri_parse(const char *text, struct p11_uri *out, struct sw_err *err)
{
    int rc;

    if (strlen(text) > P11_URI_MAX)
        return sw_fail(err, SW_USAGE, "the URI is longer than %d bytes", P11_URI_MAX);
    out->uri = p11_kit_uri_new();
    if (out->uri == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, out->uri);
    if (rc != P11_KIT_URI_OK)
        sw_fail(err, SW_USAGE, "it is no PKCS#11 URI of RFC 7512: %s", p11_kit_uri_message(rc));
    if (rc != P11_KIT_URI_OK || read_parts(out, err) < 0) {
        p11_uri_free(out);
        return -1;
    }
    return 0;
}

void p11_uri_free(struct p11_uri *uri)
{
    if (uri->uri != NULL)
        p11_kit_uri_free(uri->uri);
    free(uri->pin);
    *uri = (struct p11_uri){.uri = NULL};
}
