/* The module behind mock_pkcs11.h. */
#include "tests/lib/mock_pkcs11.h"

#include <string.h>

extern struct mock_pkcs11 mock_pkcs11_state;
struct mock_pkcs11 mock_pkcs11_state;
#define mock mock_pkcs11_state

enum { DERIVED_HANDLE = 999 };

static struct ck_attribute wanted[MOCK_ATTRIBUTES];
static unsigned long nr_wanted;
static size_t next_object;
static ck_mechanism_type_t active;

static ck_rv_t initialize(void *args)
{
    (void)args;
    return CKR_OK;
}

static ck_rv_t finalize(void *reserved)
{
    (void)reserved;
    return CKR_OK;
}

static ck_rv_t get_info(struct ck_info *info)
{
    memset(info, ' ', sizeof(*info));
    info->cryptoki_version = (struct ck_version){2, 40};
    return CKR_OK;
}

static ck_rv_t get_slot_list(unsigned char present, ck_slot_id_t *slots, unsigned long *count)
{
    (void)present;
    for (unsigned long i = 0; slots != NULL && i < mock.nr_slots && i < *count; i++)
        slots[i] = i;
    *count = mock.told_slots != 0 ? mock.told_slots : mock.nr_slots;
    return CKR_OK;
}

static ck_rv_t get_slot_info(ck_slot_id_t slot, struct ck_slot_info *info)
{
    (void)slot;
    memset(info, ' ', sizeof(*info));
    return CKR_OK;
}

static ck_rv_t get_token_info(ck_slot_id_t slot, struct ck_token_info *info)
{
    (void)slot;
    memset(info, ' ', sizeof(*info));
    memcpy(info->label, mock.label, strnlen(mock.label, sizeof(info->label)));
    info->flags = mock.flags;
    return CKR_OK;
}

static ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void *app, ck_notify_t notify,
                            ck_session_handle_t *session)
{
    (void)flags;
    (void)app;
    (void)notify;
    *session = 100 + slot;
    mock.sessions++;
    return CKR_OK;
}

static ck_rv_t close_session(ck_session_handle_t session)
{
    (void)session;
    mock.sessions--;
    return CKR_OK;
}

static ck_rv_t get_session_info(ck_session_handle_t session, struct ck_session_info *info)
{
    memset(info, 0, sizeof(*info));
    info->slot_id = session - 100;
    info->state = mock.logged_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
    return CKR_OK;
}

static ck_rv_t login(ck_session_handle_t session, ck_user_type_t user, unsigned char *pin, unsigned long len)
{
    (void)session;
    if (user == CKU_CONTEXT_SPECIFIC)
        mock.context_logins++;
    else
        mock.logins++;
    if (pin == NULL)
        mock.pinless_logins++;
    if (mock.login_rv != CKR_OK)
        return mock.login_rv;
    if (pin != NULL && (len != strlen(mock.pin) || memcmp(pin, mock.pin, len) != 0))
        return CKR_PIN_INCORRECT;
    mock.logged_in = true;
    return CKR_OK;
}

static ck_rv_t find_init(ck_session_handle_t session, struct ck_attribute *template, unsigned long n)
{
    (void)session;
    if (n > MOCK_ATTRIBUTES)
        return CKR_ARGUMENTS_BAD;
    memcpy(wanted, template, n * sizeof(*template));
    nr_wanted = n;
    next_object = 0;
    return CKR_OK;
}

static const struct ck_attribute *find_attribute(const struct mock_object *object, ck_attribute_type_t type)
{
    for (size_t i = 0; i < object->nr_attributes; i++)
        if (object->attributes[i].type == type)
            return &object->attributes[i];
    return NULL;
}

static bool has(const struct mock_object *object, const struct ck_attribute *want)
{
    const struct ck_attribute *found = find_attribute(object, want->type);

    if (want->type == CKA_CLASS)
        return want->value_len == sizeof(object->class) &&
               memcmp(want->value, &object->class, sizeof(object->class)) == 0;
    return found != NULL && found->value_len == want->value_len &&
           memcmp(found->value, want->value, want->value_len) == 0;
}

static bool matches(const struct mock_object *object)
{
    if (object->hidden && !mock.logged_in)
        return false;
    for (unsigned long i = 0; i < nr_wanted; i++)
        if (!has(object, &wanted[i]))
            return false;
    return true;
}

static ck_rv_t find(ck_session_handle_t session, ck_object_handle_t *handles, unsigned long max,
                    unsigned long *count)
{
    (void)session;
    *count = 0;
    if (max == 0)
        return CKR_OK;
    if (mock.endless)
        next_object = 0;
    while (next_object < mock.nr_objects && !matches(&mock.objects[next_object]))
        next_object++;
    if (next_object < mock.nr_objects) {
        handles[0] = next_object++ + 1;
        *count = 1;
    }
    return CKR_OK;
}

static ck_rv_t find_final(ck_session_handle_t session)
{
    (void)session;
    return CKR_OK;
}

static ck_rv_t give(struct ck_attribute *to, const void *bytes, unsigned long len)
{
    if (to->value == NULL || len > MOCK_BYTES * 1024UL) {
        to->value_len = len;
        return CKR_OK;
    }
    if (mock.growing) {
        to->value_len += 100;
        return CKR_OK;
    }
    if (to->value_len < len) {
        to->value_len = (unsigned long)-1;
        return CKR_BUFFER_TOO_SMALL;
    }
    memcpy(to->value, bytes, len);
    to->value_len = len;
    return CKR_OK;
}

static ck_rv_t get_attribute(ck_session_handle_t session, ck_object_handle_t handle,
                             struct ck_attribute *template, unsigned long n)
{
    const struct ck_attribute *found;

    (void)session;
    if (n != 1)
        return CKR_ARGUMENTS_BAD;
    if (handle == DERIVED_HANDLE)
        return give(template, mock.derived, mock.derived_len);
    if (handle == 0 || handle > mock.nr_objects)
        return CKR_OBJECT_HANDLE_INVALID;
    found = find_attribute(&mock.objects[handle - 1], template->type);
    if (found == NULL) {
        template->value_len = (unsigned long)-1;
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    return give(template, found->value, found->value_len);
}

static const struct mock_answer *answer_for(ck_mechanism_type_t mechanism)
{
    return mechanism == CKM_RSA_PKCS_OAEP ? &mock.oaep : mechanism == CKM_AES_GCM ? &mock.gcm : &mock.bare;
}

static ck_rv_t begin(ck_session_handle_t session, struct ck_mechanism *mechanism, ck_object_handle_t key)
{
    struct mock_call *call = &mock.calls[mock.nr_calls++ % MOCK_CALLS];

    (void)session;
    (void)key;
    *call = (struct mock_call){.mechanism = mechanism->mechanism, .parameter_len = mechanism->parameter_len};
    if (mechanism->parameter_len <= sizeof(call->parameter) && mechanism->parameter_len > 0)
        memcpy(call->parameter, mechanism->parameter, mechanism->parameter_len);
    active = mechanism->mechanism;
    return answer_for(active)->init_rv;
}

static ck_rv_t crypt(ck_session_handle_t session, unsigned char *in, unsigned long in_len, unsigned char *out,
                     unsigned long *out_len)
{
    const struct mock_answer *answer = answer_for(active);

    (void)session;
    (void)in;
    (void)in_len;
    if (answer->rv != CKR_OK)
        return answer->rv;
    if (*out_len < answer->len)
        return CKR_BUFFER_TOO_SMALL;
    memcpy(out, answer->bytes, answer->len);
    *out_len = answer->told_len != 0 ? answer->told_len : answer->len;
    return CKR_OK;
}

static ck_rv_t derive(ck_session_handle_t session, struct ck_mechanism *mechanism, ck_object_handle_t key,
                      struct ck_attribute *template, unsigned long n, ck_object_handle_t *derived)
{
    const struct ck_ecdh1_derive_params *params = mechanism->parameter;
    size_t at = mock.derivations < 2 ? mock.derivations : 1;

    (void)session;
    (void)key;
    (void)template;
    (void)n;
    mock.derivations++;
    if (params->public_data_len <= sizeof(mock.points[at]))
        memcpy(mock.points[at], params->public_data, params->public_data_len);
    mock.point_len[at] = params->public_data_len;
    *derived = DERIVED_HANDLE;
    return mock.derive_rv[at];
}

static ck_rv_t destroy(ck_session_handle_t session, ck_object_handle_t handle)
{
    (void)session;
    (void)handle;
    mock.destroyed++;
    return CKR_OK;
}

static struct ck_function_list functions = {
    .version = {2, 40},
    .C_Initialize = initialize,
    .C_Finalize = finalize,
    .C_GetInfo = get_info,
    .C_GetFunctionList = C_GetFunctionList,
    .C_GetSlotList = get_slot_list,
    .C_GetSlotInfo = get_slot_info,
    .C_GetTokenInfo = get_token_info,
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_GetSessionInfo = get_session_info,
    .C_Login = login,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find,
    .C_FindObjectsFinal = find_final,
    .C_GetAttributeValue = get_attribute,
    .C_DecryptInit = begin,
    .C_Decrypt = crypt,
    .C_EncryptInit = begin,
    .C_Encrypt = crypt,
    .C_DeriveKey = derive,
    .C_DestroyObject = destroy,
};

ck_rv_t C_GetFunctionList(struct ck_function_list **list)
{
    *list = &functions;
    return CKR_OK;
}
