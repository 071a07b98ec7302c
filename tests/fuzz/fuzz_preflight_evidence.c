/* Evidence of any shape: judged and reported, or refused with a reason. */
#include "slipway/preflight.h"
#include "src/base/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(json_t *verdict)
{
    SW_AUTO_JSON json_t *list = json_pack("[o]", verdict);
    SW_AUTO_JSON json_t *none = json_array();
    SW_AUTO_JSON json_t *fleet = NULL;
    struct sw_err err = {.code = SW_OK};
    char *texts[3];

    fleet = sw_preflight_fleet(list, none, 1, &err);
    texts[0] = sw_preflight_junit(list, none, &err);
    texts[1] = sw_preflight_sarif(list, none, "1", &err);
    texts[2] = sw_preflight_html(list, fleet, "1", &err);
    for (size_t i = 0; i < 3; i++) {
        if (texts[i] == NULL || memchr(texts[i], '\x1b', strlen(texts[i])) != NULL)
            abort();
        free(texts[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *evidence = sw_json_parse((const char *)data, size, "evidence", &err);
    struct sw_preflight_policy *policy;
    json_t *verdict;

    if (evidence == NULL)
        return 0;
    policy = sw_preflight_policy_open(NULL, &err);
    if (policy == NULL)
        abort();
    verdict = sw_preflight_judge(policy, evidence, "image", 7, &err);
    if (verdict == NULL && err.text[0] == '\0')
        abort();
    if (verdict != NULL)
        report(verdict);
    sw_preflight_policy_free(policy);
    return 0;
}
