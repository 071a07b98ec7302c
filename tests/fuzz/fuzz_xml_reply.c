/* A server's reply: any bytes as XML, as an error document (which may be JSON), and as headers. */
#include "src/base/json.h"
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

/* What is said of it may go into JSON. */
static void judge(const struct sw_http_reply *reply)
{
    struct cloud_fault fault;
    SW_AUTO_JSON json_t *said = NULL;

    if (!fault_read(reply, "us-east-1", &fault) && reply->status != 200)
        abort();
    said = json_pack("[s, s]", fault.code, fault.message);
    if (said == NULL || fault.status != reply->status)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char headers[] = "content-type: application/xml\ndate: Sun, 22 Nov 2026 07:20:36 GMT\n";
    struct sw_err err = {.code = SW_OK};
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
    judge(&reply);
    reply.status = 403;
    judge(&reply);
    reply.headers = text;
    judge(&reply);
    (void)fault_clock_drift_s(&reply, 0);
    free(text);
    return 0;
}
