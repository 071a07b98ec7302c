/* All that tells the eleven suites apart. */
#include "src/seal/suite.h"

#include "src/base/cleanup.h"

#include <string.h>
#include <strings.h>

static const struct seal_suite suites[] = {
    {0x0014, 1, 16, NULL, SEAL_CURVE_NONE, "AES_128_GCM_IV12_TAG16"},
    {0x0046, 1, 24, NULL, SEAL_CURVE_NONE, "AES_192_GCM_IV12_TAG16"},
    {0x0078, 1, 32, NULL, SEAL_CURVE_NONE, "AES_256_GCM_IV12_TAG16"},
    {0x0114, 1, 16, "SHA256", SEAL_CURVE_NONE, "AES_128_GCM_IV12_TAG16_HKDF_SHA256"},
    {0x0146, 1, 24, "SHA256", SEAL_CURVE_NONE, "AES_192_GCM_IV12_TAG16_HKDF_SHA256"},
    {0x0178, 1, 32, "SHA256", SEAL_CURVE_NONE, "AES_256_GCM_IV12_TAG16_HKDF_SHA256"},
    {0x0214, 1, 16, "SHA256", SEAL_CURVE_P256, "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256"},
    {0x0346, 1, 24, "SHA384", SEAL_CURVE_P384, "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384"},
    {0x0378, 1, 32, "SHA384", SEAL_CURVE_P384, "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384"},
    {0x0478, 2, 32, "SHA512", SEAL_CURVE_NONE, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY"},
    {0x0578, 2, 32, "SHA512", SEAL_CURVE_P384, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384"},
};

const struct seal_suite *seal_suite_find(uint16_t id)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++)
        if (suites[i].id == id)
            return &suites[i];
    return NULL;
}

const char *sw_seal_suite_name(uint16_t suite)
{
    const struct seal_suite *found = seal_suite_find(suite);

    return found != NULL ? found->name : NULL;
}

/* "0478", "0x0478", or the name. */
static bool is_suite(const char *text, const struct seal_suite *suite)
{
    char hex[8];

    snprintf(hex, sizeof(hex), "%04x", (unsigned)suite->id);
    if (strncasecmp(text, "0x", 2) == 0)
        text += 2;
    return strcasecmp(text, hex) == 0 || strcmp(text, suite->name) == 0;
}

int sw_seal_suite_parse(const char *text, uint16_t *suite, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(suites); i++) {
        if (!is_suite(text, &suites[i]))
            continue;
        if (!seal_suite_commits(&suites[i]))
            return sw_fail(err, SW_USAGE,
                           "suite 0x%04x (%s) does not commit to its key: it is opened, never written",
                           (unsigned)suites[i].id, suites[i].name);
        *suite = suites[i].id;
        return 0;
    }
    return sw_fail(err, SW_USAGE, "'%.64s' is no suite (0478, or 0578 which signs as well)", text);
}
