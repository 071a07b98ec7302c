/* Secrets of a plan. */
#include "src/build/secrets.h"

#include "src/base/digest.h"
#include "src/base/json.h"

#include <string.h>

struct sw_mask *secrets_mask_of(const struct sw_recipe *recipe, struct sw_err *err)
{
    SW_AUTO_MASK struct sw_mask *mask = sw_mask_new(err);

    for (size_t i = 0; mask != NULL && i < recipe->nr_uses; i++) {
        const struct sw_use *use = &recipe->uses[i];

        for (size_t k = 0; use->secret != NULL && k < use->nr_values; k++)
            if (use->secret[k] && sw_mask_add(mask, use->values[k].value, err) < 0)
                return NULL;
    }
    for (size_t i = 0; mask != NULL && i < recipe->nr_secrets; i++)
        if (sw_mask_add(mask, recipe->secrets[i], err) < 0)
            return NULL;
    return SW_STEAL_PTR(mask);
}

int secrets_mask(struct plan *plan, struct sw_err *err)
{
    plan->mask = secrets_mask_of(plan->recipe, err);
    return plan->mask != NULL ? 0 : -1;
}

void secrets_hide(const struct plan *plan, struct sw_diags *diags, struct sw_err *err)
{
    sw_mask_err(plan->mask, err);
    if (diags != NULL)
        sw_diags_mask(diags, plan->mask);
}

json_t *secrets_cover(const struct plan *plan, json_t *component, struct sw_err *err)
{
    SW_AUTO_JSON json_t *whole = component;
    SW_AUTO_JSON json_t *masked = NULL;
    SW_AUTO_FREE char *text = NULL;
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (whole == NULL || plan->recipe->nr_secrets == 0)
        return SW_STEAL_PTR(whole);
    masked = sw_mask_json(plan->mask, json_deep_copy(whole), false, err);
    if (masked == NULL || json_equal(masked, whole))
        return masked != NULL ? SW_STEAL_PTR(whole) : NULL;
    text = sw_json_canonical(whole, err);
    if (text == NULL || sw_slow_digest(text, "slipway plan key", digest, err) < 0)
        return NULL;
    sw_hex(digest, sizeof(digest), hex);
    /* The plain digest of the document would be quick to guess from. */
    if (sw_json_set(masked, "digest", json_pack("{s:s}", "secret", hex), err) < 0)
        return NULL;
    return SW_STEAL_PTR(masked);
}

/* Where the masked copy differs, the text held a secret. */
static void withhold(const json_t *outputs, json_t *masked)
{
    const char *key;
    json_t *member;
    size_t i;

    json_object_foreach (masked, key, member) {
        const json_t *was = json_object_get(outputs, key);

        if (!json_is_string(member))
            withhold(was, member);
        else if (!json_equal(was, member))
            json_object_set_new(masked, key, json_null());
    }
    json_array_foreach (masked, i, member) {
        const json_t *was = json_array_get(outputs, i);

        if (!json_is_string(member))
            withhold(was, member);
        else if (!json_equal(was, member))
            json_array_set_new(masked, i, json_null());
    }
}

json_t *secrets_withhold(const struct sw_mask *mask, const json_t *outputs, struct sw_err *err)
{
    SW_AUTO_JSON json_t *copy = json_deep_copy(outputs);
    json_t *masked;

    if (copy == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    masked = sw_mask_json(mask, SW_STEAL_PTR(copy), false, err);
    if (masked != NULL && !sw_mask_is_empty(mask))
        withhold(outputs, masked);
    return masked;
}

bool secrets_were_withheld(const json_t *outputs)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_null(outputs))
        return true;
    /* jansson's iterator wants a value that it may change, and leaves it as it is. */
    json_object_foreach ((json_t *)(uintptr_t)outputs, key, member) {
        if (secrets_were_withheld(member))
            return true;
    }
    json_array_foreach (outputs, i, member) {
        if (secrets_were_withheld(member))
            return true;
    }
    return false;
}
