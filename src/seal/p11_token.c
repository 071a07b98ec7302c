/* Finding tokens, opening sessions, logging in. */
#include "src/seal/p11_token.h"

#include "src/base/buf.h"
#include "src/base/log.h"
#include "src/seal/p11_module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 256 };

struct p11_tokens {
    char *module; /* for URIs that name none; NULL: none either */
    struct p11_modules modules;
    struct p11_token *items[P11_TOKENS_MAX];
    size_t n;
};

int p11_fail(const struct p11_token *token, const char *call, ck_rv_t rv, struct sw_err *err)
{
    char text[P11_RV_TEXT];

    return sw_fail(err, SW_INTEGRITY, "%s: %s: %s", token->name, call, p11_rv_text(rv, text));
}

struct p11_tokens *p11_tokens_new(struct sw_err *err)
{
    return sw_calloc(1, sizeof(struct p11_tokens), err);
}

int p11_tokens_set_module(struct p11_tokens *tokens, const char *path, struct sw_err *err)
{
    free(tokens->module);
    /* p11-kit would look for "./module.so" in its own folder. */
    tokens->module = strchr(path, '/') != NULL ? realpath(path, NULL) : sw_strdup(path, err);
    if (tokens->module == NULL && err->code == SW_OK)
        return sw_fail_errno(err, "the PKCS#11 module '%s'", path);
    return tokens->module != NULL ? 0 : -1;
}

static void close_token(struct p11_token *token)
{
    (void)token->module->C_CloseSession(token->session);
    seal_phrase_free(&token->pin);
    free(token->pin_source);
    free(token);
}

void p11_tokens_free(struct p11_tokens *tokens)
{
    if (tokens == NULL)
        return;
    while (tokens->n > 0)
        close_token(tokens->items[--tokens->n]);
    p11_modules_free(&tokens->modules);
    free(tokens->module);
    free(tokens);
}

/* Labels are padded with blanks, and may hold anything. */
static void name_token(struct p11_token *token, const struct ck_token_info *info)
{
    size_t len = p11_kit_space_strlen(info->label, sizeof(info->label));
    char label[sizeof(info->label) + 1];

    for (size_t i = 0; i < len; i++)
        label[i] = info->label[i] < 0x20 || info->label[i] == 0x7f ? '?' : (char)info->label[i];
    label[len] = '\0';
    snprintf(token->name, sizeof(token->name), "token '%s' (slot %lu)", label, token->slot);
}

/* The token of a slot, opened unless it is known; NULL and err on failure. */
static struct p11_token *open_token(struct p11_tokens *tokens, struct ck_function_list *module,
                                    ck_slot_id_t slot, const struct ck_token_info *info, struct sw_err *err)
{
    struct p11_token *token;
    ck_rv_t rv;

    for (size_t i = 0; i < tokens->n; i++)
        if (tokens->items[i]->module == module && tokens->items[i]->slot == slot)
            return tokens->items[i];
    if (tokens->n == P11_TOKENS_MAX) {
        sw_fail(err, SW_USAGE, "more than %d tokens match; say which with token=", P11_TOKENS_MAX);
        return NULL;
    }
    token = sw_calloc(1, sizeof(*token), err);
    if (token == NULL)
        return NULL;
    token->module = module;
    token->slot = slot;
    name_token(token, info);
    rv = module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &token->session);
    if (rv != CKR_OK) {
        p11_fail(token, "C_OpenSession", rv, err);
        free(token);
        return NULL;
    }
    tokens->items[tokens->n++] = token;
    return token;
}

static bool slot_matches(const struct p11_uri *uri, struct ck_function_list *module, ck_slot_id_t slot,
                         struct ck_token_info *info)
{
    ck_slot_id_t wanted = p11_kit_uri_get_slot_id(uri->uri);
    struct ck_slot_info slot_info;

    memset(&slot_info, 0, sizeof(slot_info));
    memset(info, 0, sizeof(*info));
    if (wanted != (ck_slot_id_t)-1 && wanted != slot)
        return false;
    return module->C_GetSlotInfo(slot, &slot_info) == CKR_OK &&
           p11_kit_uri_match_slot_info(uri->uri, &slot_info) == 1 &&
           module->C_GetTokenInfo(slot, info) == CKR_OK && (info->flags & CKF_TOKEN_INITIALIZED) != 0 &&
           p11_kit_uri_match_token_info(uri->uri, info) == 1;
}

static bool module_matches(const struct p11_uri *uri, struct ck_function_list *module)
{
    struct ck_info info;
    char *name;
    bool same;

    memset(&info, 0, sizeof(info));
    if (module->C_GetInfo(&info) != CKR_OK || p11_kit_uri_match_module_info(uri->uri, &info) != 1)
        return false;
    if (uri->module_name == NULL)
        return true;
    name = p11_kit_module_get_name(module);
    same = name != NULL && strcmp(name, uri->module_name) == 0;
    free(name);
    return same;
}

/* Adds the tokens of one module that the URI means. */
static int match_module(struct p11_tokens *tokens, const struct p11_uri *uri, struct ck_function_list *module,
                        struct p11_token *out[P11_TOKENS_MAX], size_t *n, struct sw_err *err)
{
    ck_slot_id_t slots[SLOTS_MAX];
    unsigned long nr_slots = SLOTS_MAX;
    char text[P11_RV_TEXT];
    ck_rv_t rv = module->C_GetSlotList(1, slots, &nr_slots);

    if (rv != CKR_OK || nr_slots > SLOTS_MAX)
        return sw_fail(err, SW_INTEGRITY, "C_GetSlotList: %s",
                       rv != CKR_OK ? p11_rv_text(rv, text) : "more slots than were asked for");
    for (unsigned long i = 0; i < nr_slots; i++) {
        struct ck_token_info info;

        if (!slot_matches(uri, module, slots[i], &info))
            continue;
        if (*n == P11_TOKENS_MAX)
            return sw_fail(err, SW_USAGE, "more than %d tokens match; say which with token=", P11_TOKENS_MAX);
        out[*n] = open_token(tokens, module, slots[i], &info, err);
        if (out[*n] == NULL)
            return -1;
        (*n)++;
    }
    return 0;
}

int p11_tokens_match(struct p11_tokens *tokens, const struct p11_uri *uri,
                     struct p11_token *out[P11_TOKENS_MAX], size_t *n, struct sw_err *err)
{
    const char *path = uri->module_path;
    struct ck_function_list *const *modules;

    if (path == NULL && uri->module_name == NULL)
        path = tokens->module;
    modules = p11_modules_get(&tokens->modules, path, err);
    if (modules == NULL)
        return -1;
    *n = 0;
    for (; *modules != NULL; modules++)
        if (module_matches(uri, *modules) && match_module(tokens, uri, *modules, out, n, err) < 0)
            return -1;
    if (*n == 0)
        return sw_fail(err, SW_INTEGRITY, "no token that is plugged in matches the URI%s%s",
                       path != NULL ? ", in the module " : "", path != NULL ? path : "");
    return 0;
}

/* What the token itself says about its PIN, before one is tried. */
static int check_pin_state(const struct p11_token *token, const char *source, ck_flags_t flags,
                           struct sw_err *err)
{
    if ((flags & CKF_USER_PIN_LOCKED) != 0)
        return sw_fail(err, SW_INTEGRITY, "%s: its PIN is locked; the token's security officer can unlock it",
                       token->name);
    if ((flags & CKF_USER_PIN_INITIALIZED) == 0)
        return sw_fail(err, SW_INTEGRITY, "%s: it has no user PIN yet", token->name);
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0 && strcmp(source, "prompt") != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "%s: one more wrong PIN locks it; type it at the prompt (pin-source=prompt)",
                       token->name);
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
        sw_log(SW_LOG_WARNING, "%s: one more wrong PIN locks it", token->name);
    return 0;
}

static int explain_login(struct p11_token *token, ck_rv_t rv, struct sw_err *err)
{
    p11_fail(token, "C_Login", rv, err);
    switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        token->pin_refused = true;
        return sw_context(err, "the PIN is wrong, and not tried again");
    case CKR_PIN_LOCKED:
        token->pin_refused = true;
        return sw_context(err, "the PIN is locked; the token's security officer can unlock it");
    default:
        return -1;
    }
}

static int read_pin(struct p11_token *token, const char *source, struct sw_err *err)
{
    SW_AUTO_FREE char *what = sw_strf(err, "PIN of %s", token->name);

    if (what == NULL)
        return -1;
    return seal_phrase_get(source, &(struct seal_ask){.what = what}, &token->pin, err);
}

static ck_rv_t login(const struct p11_token *token, ck_user_type_t user)
{
    return token->module->C_Login(token->session, user, (unsigned char *)token->pin.bytes, token->pin.len);
}

/* Another key of the same token may have done it. */
static bool is_logged_in(const struct p11_token *token)
{
    struct ck_session_info info;

    memset(&info, 0, sizeof(info));
    return token->module->C_GetSessionInfo(token->session, &info) == CKR_OK &&
           (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

/* The PIN, where we are the ones who give it. */
static int get_pin(struct p11_token *token, ck_flags_t flags, struct sw_err *err)
{
    if (check_pin_state(token, token->pin_source, flags, err) < 0)
        return -1;
    if ((flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0)
        return read_pin(token, token->pin_source, err);
    sw_log(SW_LOG_INFO, "%s: enter the PIN at the token's own keypad", token->name);
    return 0;
}

/* The token's flags, unless its PIN is wrong already. */
static int before_login(struct p11_token *token, ck_flags_t *flags, struct sw_err *err)
{
    struct ck_token_info info;
    ck_rv_t rv;

    if (token->pin_refused)
        return sw_fail(err, SW_INTEGRITY, "%s: its PIN was refused and is not tried again", token->name);
    memset(&info, 0, sizeof(info));
    rv = token->module->C_GetTokenInfo(token->slot, &info);
    if (rv != CKR_OK)
        return p11_fail(token, "C_GetTokenInfo", rv, err);
    *flags = info.flags;
    return 0;
}

int p11_token_login(struct p11_token *token, const char *source, struct sw_err *err)
{
    ck_flags_t flags;
    ck_rv_t rv;

    if (token->logged_in)
        return 0;
    if (before_login(token, &flags, err) < 0)
        return -1;
    if (token->pin_source == NULL && (token->pin_source = sw_strdup(source, err)) == NULL)
        return -1;
    token->logged_in = (flags & CKF_LOGIN_REQUIRED) == 0 || is_logged_in(token);
    if (token->logged_in)
        return 0;
    if (get_pin(token, flags, err) < 0)
        return -1;
    rv = login(token, CKU_USER);
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
        return explain_login(token, rv, err);
    token->logged_in = true;
    return 0;
}

int p11_token_login_again(struct p11_token *token, struct sw_err *err)
{
    ck_flags_t flags;
    ck_rv_t rv;

    if (before_login(token, &flags, err) < 0)
        return -1;
    /* Somebody else of this process had logged in, so that nobody gave us the PIN yet. */
    if (token->pin.bytes == NULL && get_pin(token, flags, err) < 0)
        return -1;
    rv = login(token, CKU_CONTEXT_SPECIFIC);
    return rv == CKR_OK ? 0 : explain_login(token, rv, err);
}
