/* What a header stores in clear, for those who have no key. */
#include "src/base/json.h"
#include "src/seal/header.h"

json_t *sw_seal_stored_context(const char *path, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    SW_AUTO_JSON json_t *pairs = json_object();
    struct sw_in *in = NULL;
    int rc;

    if (sw_in_open_file(path, &in, err) < 0)
        return NULL;
    rc = seal_header_read(&header, in, err);
    sw_in_close(in);
    for (size_t i = 0; rc == 0 && i < header.context.n; i++)
        rc = sw_json_set(pairs, header.context.pairs[i].key, json_string(header.context.pairs[i].value), err);
    if (rc < 0) {
        sw_context(err, "'%s'", path);
        return NULL;
    }
    return SW_STEAL_PTR(pairs);
}
