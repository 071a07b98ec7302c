/* Feeds bytes to the PKCS#11 URI reader. Nothing is loaded: only what is taken apart is looked at. */
#include "src/seal/p11_uri.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

/* What a caller builds on. */
static void check(const struct p11_uri *uri)
{
    must(strcmp(uri->pin, "prompt") == 0 || strncmp(uri->pin, "fd:", 3) == 0 ||
         strncmp(uri->pin, "file:/", 6) == 0);
    must(strlen(uri->pin) <= P11_PATH_MAX + 5);
    must(uri->module_path == NULL || uri->module_path[0] != '\0');
    must(uri->label == NULL || (uri->label->value != NULL && uri->label->value_len > 0));
    must(uri->id == NULL || (uri->id->value != NULL && uri->id->value_len > 0));
    must(p11_kit_uri_get_pin_value(uri->uri) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct p11_uri uri = {.uri = NULL};
    struct sw_err err = {.code = SW_OK};

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (p11_uri_parse(text, &uri, &err) == 0)
        check(&uri);
    else
        must(err.code != SW_OK && uri.uri == NULL);
    p11_uri_free(&uri);
    free(text);
    return 0;
}
