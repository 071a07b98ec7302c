/* Any bytes as an IAM policy document: read, or refused, and judged without a fault; a denial is never outvoted. */
#include "src/import/policy.h"

#include "src/base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct policy_fact facts[] = {
        {"sts:ExternalId", "vmimport"},
        {"aws:SourceAccount", "111122223333"},
        {"aws:SourceArn", "arn:aws:vmie:us-east-1:111122223333:import"}};
    static const struct policy_request requests[] = {
        {"sts:AssumeRole", NULL, "vmie.amazonaws.com", facts, 3},
        {"s3:GetObject", "arn:aws:s3:::lab/p/slipway-check", NULL, facts, 3},
        {"ec2:CopySnapshot", "*", NULL, NULL, 0},
    };
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *document = policy_parse((const char *)data, size, &err);

    if (document == NULL)
        return err.code == SW_REMOTE ? 0 : (abort(), 0);
    for (size_t i = 0; i < SW_ARRAY_LEN(requests); i++) {
        SW_AUTO_BUF struct sw_buf unsure = {0};
        unsigned votes = policy_ask(document, &requests[i], &unsure);

        if ((votes & POLICY_DENIES) != 0 && policy_conclude(votes) != POLICY_DENIED)
            abort();
        if ((votes & (POLICY_MAY_ALLOW | POLICY_MAY_DENY)) != 0 && unsure.len == 0)
            abort();
    }
    (void)policy_names_key(document, "aws:SourceAccount");
    return 0;
}
