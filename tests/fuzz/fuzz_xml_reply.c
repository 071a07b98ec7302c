/* A server's reply: any bytes as XML, as an error document, and as headers. */
#include "src/cloud/fault.h"
#include "src/cloud/xml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every element has a name and a text, and stands beneath its parent. */
static void walk(const struct xml_node *node)
{
    for (const struct xml_node *child = node->first; child != NULL; child = child->next) {
        if (child->parent != node || child->name == NULL || child->text == NULL)
            abort();
        walk(child);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char headers[] = "content-type: application/xml\ndate: Sun, 22 Nov 2026 07:20:36 GMT\n";
    struct sw_err err = {.code = SW_OK};
    struct cloud_fault fault;
    char *text = malloc(size + 1);
    struct xml_node *root;
    struct sw_http_reply reply = {.status = 200, .headers = headers, .body = text, .body_len = size};

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    root = xml_parse(text, size, &err);
    if (root != NULL)
        walk(root);
    xml_free(root);
    if (fault_read(&reply, &fault) && fault.status != 200)
        abort();
    reply.status = 403;
    if (!fault_read(&reply, &fault))
        abort();
    reply.headers = text;
    (void)fault_clock_drift_s(&reply, 0);
    free(text);
    return 0;
}
