/* How a service refused, for whoever outside the room must tell one refusal from another. */
#include "src/cloud/refusal.h"

#include <stdio.h>
#include <string.h>

bool sw_refusal_is_denial(const struct sw_refusal *why)
{
    static const char *const codes[] = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation",
                                        "AllAccessDisabled", "Forbidden"};

    for (size_t i = 0; i < SW_ARRAY_LEN(codes); i++)
        if (strcmp(why->code, codes[i]) == 0)
            return true;
    return why->status == 403 && why->code[0] == '\0';
}

void refusal_take(struct sw_refusal *why, const struct cloud_fault *fault)
{
    why->status = fault->status;
    snprintf(why->code, sizeof(why->code), "%s", fault->code);
    cloud_copy_text(why->message, sizeof(why->message), fault->message);
}

struct xml_node *refusal_query(struct sw_cloud *cloud, enum cloud_service service, const struct sw_buf *form,
                               struct sw_refusal *why, struct sw_err *err)
{
    struct cloud_fault fault = {.status = 0};
    struct xml_node *document;

    memset(why, 0, sizeof(*why));
    document = query_send(cloud, service, form, &fault, err);
    if (document == NULL)
        refusal_take(why, &fault);
    return document;
}

int refusal_text(const struct xml_node *node, const char *name, char *out, size_t size, struct sw_err *err)
{
    const char *text = xml_text(node, name);

    if (text[0] == '\0' || strlen(text) >= size)
        return sw_fail(err, SW_REMOTE, "the reply has no usable %s", name);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}
