/* Secrets of a plan. */
#include "src/build/secrets.h"

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
    for (size_t i = 0; diags != NULL && !sw_mask_is_empty(plan->mask) && i < diags->n; i++) {
        char **message = &diags->items[i].message;
        SW_AUTO_BUF struct sw_buf masked = {0};
        struct sw_err ignored = {.code = SW_OK};

        if (sw_mask_text(plan->mask, *message, strlen(*message), &masked, &ignored) < 0)
            continue;
        free(*message);
        *message = sw_buf_steal(&masked);
    }
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
