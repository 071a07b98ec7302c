/* Tokens that answer well and badly: which mechanism is asked for, how often a PIN is tried, what is believed. */
#include "memory.h"
#include "oaep_em.h"
#include "src/seal/p11_crypt.h"
#include "src/seal/p11_locate.h"
#include "src/seal/p11_public.h"
#include "tests/lib/mock_pkcs11.h"

#include <dlfcn.h>

#define URI(rest) "pkcs11:" rest "?module-path=" MOCK_PKCS11 "&pin-source=file:"

static struct mock_pkcs11 *mock;
static char pin_path[256];

/* A URI with the PIN's file behind it. */
static const char *uri_text(const char *start)
{
    static char text[1024];

    snprintf(text, sizeof(text), "%s%s", start, pin_path);
    return text;
}

static void add_object(ck_object_class_t class, const char *label, bool hidden)
{
    static ck_key_type_t rsa = CKK_RSA;
    static uint8_t id = 1;
    struct mock_object *object = &mock->objects[mock->nr_objects++];

    *object = (struct mock_object){.class = class, .hidden = hidden, .nr_attributes = 3};
    object->attributes[0] = (struct ck_attribute){CKA_LABEL, (void *)(uintptr_t)label, strlen(label)};
    object->attributes[1] = (struct ck_attribute){CKA_ID, &id, 1};
    object->attributes[2] = (struct ck_attribute){CKA_KEY_TYPE, &rsa, sizeof(rsa)};
}

static void add_attribute(size_t object, ck_attribute_type_t type, void *value, unsigned long len)
{
    struct mock_object *to = &mock->objects[object];

    assert_true(to->nr_attributes < MOCK_ATTRIBUTES);
    to->attributes[to->nr_attributes++] = (struct ck_attribute){type, value, len};
}

/* A token with an RSA pair "seal", of which the private half is behind the PIN 5678. */
static int reset(void **state)
{
    (void)state;
    *mock = (struct mock_pkcs11){
        .flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED,
        .label = "mock",
        .nr_slots = 1,
        .pin = "5678",
        .derived_len = 32,
    };
    add_object(CKO_PUBLIC_KEY, "seal", false);
    add_object(CKO_PRIVATE_KEY, "seal", true);
    return 0;
}

static int load(void **state)
{
    void *module = dlopen(MOCK_PKCS11, RTLD_NOW);

    mock = module != NULL ? dlsym(module, MOCK_STATE) : NULL;
    if (mock == NULL || enter_empty_folder(state) < 0)
        return -1;
    (void)key_file("pin", "5678\n", 5, 0600);
    snprintf(pin_path, sizeof(pin_path), "%s/pin", (char *)*state);
    return 0;
}

/* ---- what a keyring does, by hand ---- */

struct session {
    struct p11_tokens *tokens;
    struct p11_uri uri;
    struct p11_located located;
    struct p11_object key;
    struct sw_err err;
};

static void session_end(struct session *s)
{
    p11_uri_free(&s->uri);
    p11_tokens_free(s->tokens);
    s->tokens = NULL;
}
#define AUTO_SESSION SW_CLEANUP(session_end)

static int locate(struct session *s, const char *text)
{
    memset(s, 0, sizeof(*s));
    s->tokens = p11_tokens_new(&s->err);
    assert_non_null(s->tokens);
    assert_ok(p11_uri_parse(text, &s->uri, &s->err), s->err);
    return p11_locate(s->tokens, &s->uri, &s->located, &s->err);
}

static void open_private(struct session *s)
{
    assert_ok(locate(s, uri_text(URI("object=seal"))), s->err);
    assert_ok(p11_locate_private(&s->uri, &s->located, &s->key, &s->err), s->err);
    assert_int_equal(s->key.handle, 2);
}

static int rsa_decrypt(struct session *s, struct seal_secret *out)
{
    static const uint8_t wrapped[256] = {1};

    *out = (struct seal_secret){.len = 0};
    return p11_rsa_decrypt(&s->key, "SHA256", (struct seal_view){wrapped, sizeof(wrapped)}, out, &s->err);
}

static void answer(struct mock_answer *to, const void *bytes, size_t len)
{
    memcpy(to->bytes, bytes, len);
    to->len = len;
}

/* ---- RSA ---- */

static void a_token_that_knows_oaep_is_asked_for_it(void **state)
{
    AUTO_SESSION struct session s;
    struct ck_rsa_pkcs_oaep_params params;
    struct seal_secret out;

    (void)state;
    open_private(&s);
    answer(&mock->oaep, "data key", 8);
    assert_ok(rsa_decrypt(&s, &out), s.err);
    assert_int_equal(out.len, 8);
    assert_memory_equal(out.bytes, "data key", 8);
    assert_int_equal(mock->nr_calls, 1);
    assert_int_equal(mock->calls[0].mechanism, CKM_RSA_PKCS_OAEP);
    assert_int_equal(mock->calls[0].parameter_len, sizeof(params));
    memcpy(&params, mock->calls[0].parameter, sizeof(params));
    assert_int_equal(params.hash_alg, CKM_SHA256);
    assert_int_equal(params.mgf, CKG_MGF1_SHA256);
    assert_int_equal(params.source, 1);
}

static void one_that_does_not_is_asked_for_the_bare_operation(void **state)
{
    static const ck_rv_t cannot[] = {CKR_ARGUMENTS_BAD, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_INVALID};

    (void)state;
    for (size_t i = 0; i < 2 * SW_ARRAY_LEN(cannot); i++) {
        AUTO_SESSION struct session s;
        struct seal_secret out;

        (void)reset(NULL);
        open_private(&s);
        *(i % 2 == 0 ? &mock->oaep.init_rv : &mock->oaep.rv) = cannot[i / 2];
        answer(&mock->bare, oaep_em, sizeof(oaep_em));
        assert_ok(rsa_decrypt(&s, &out), s.err);
        assert_int_equal(out.len, 8);
        assert_memory_equal(out.bytes, "data key", 8);
        assert_int_equal(mock->nr_calls, 2);
        assert_int_equal(mock->calls[1].mechanism, CKM_RSA_X_509);
    }
}

static void leading_zeros_that_a_token_drops_are_put_back(void **state)
{
    AUTO_SESSION struct session s;
    struct seal_secret out;

    (void)state;
    open_private(&s);
    mock->oaep.init_rv = CKR_ARGUMENTS_BAD;
    answer(&mock->bare, oaep_em + 1, sizeof(oaep_em) - 1);
    assert_ok(rsa_decrypt(&s, &out), s.err);
    assert_memory_equal(out.bytes, "data key", 8);
}

static void what_does_not_decrypt_is_one_error(void **state)
{
    static const ck_rv_t bad[] = {CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE,
                                  CKR_FUNCTION_FAILED, CKR_GENERAL_ERROR};
    AUTO_SESSION struct session s;
    struct seal_secret out;

    (void)state;
    open_private(&s);
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++) {
        mock->oaep.rv = bad[i];
        assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY,
                      "token 'mock' (slot 0): the key does not decrypt it");
    }
    mock->oaep.rv = CKR_ARGUMENTS_BAD;
    for (size_t i = 0; i < 2; i++) {
        answer(&mock->bare, oaep_em, sizeof(oaep_em));
        mock->bare.bytes[i * 200] ^= 1;
        assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY,
                      "token 'mock' (slot 0): the key does not decrypt it");
        assert_int_equal(out.len, 0);
    }
}

static void any_other_failure_is_told_by_its_name(void **state)
{
    AUTO_SESSION struct session s;
    struct seal_secret out;

    (void)state;
    open_private(&s);
    mock->oaep.init_rv = CKR_KEY_FUNCTION_NOT_PERMITTED;
    assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY,
                  "token 'mock' (slot 0): C_Decrypt: CKR_KEY_FUNCTION_NOT_PERMITTED");
    mock->oaep.init_rv = 0x80000123UL;
    assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY, "C_Decrypt: CKR 0x80000123");
    assert_int_equal(mock->nr_calls, 2);
}

static void more_bytes_than_there_is_room_for_are_not_believed(void **state)
{
    AUTO_SESSION struct session s;
    struct seal_secret out;

    (void)state;
    open_private(&s);
    answer(&mock->oaep, "data key", 8);
    mock->oaep.told_len = 1UL << 40;
    assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY, "does not decrypt it");
    mock->oaep.told_len = SEAL_SECRET_MAX + 1;
    assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY, "does not decrypt it");
    mock->oaep.rv = CKR_ARGUMENTS_BAD;
    answer(&mock->bare, oaep_em, sizeof(oaep_em));
    mock->bare.told_len = sizeof(oaep_em) + 1;
    assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY, "does not decrypt it");
}

static void a_key_that_wants_the_pin_each_time_gets_it(void **state)
{
    static unsigned char yes = 1;
    AUTO_SESSION struct session s;
    struct seal_secret out;

    (void)state;
    add_attribute(1, CKA_ALWAYS_AUTHENTICATE, &yes, 1);
    open_private(&s);
    answer(&mock->oaep, "data key", 8);
    assert_ok(rsa_decrypt(&s, &out), s.err);
    assert_ok(rsa_decrypt(&s, &out), s.err);
    assert_int_equal(mock->logins, 1);
    assert_int_equal(mock->context_logins, 2);
    mock->pin = "9999";
    assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY, "the PIN is wrong, and not tried again");
    assert_failed(rsa_decrypt(&s, &out), s.err, SW_INTEGRITY, "is not tried again");
    assert_int_equal(mock->context_logins, 3);
}

/* Where another keyring of the process is logged in already, nobody has asked for the PIN yet. */
static void the_pin_that_is_wanted_each_time_is_read_when_another_ring_logged_in(void **state)
{
    static unsigned char yes = 1;
    AUTO_SESSION struct session s;
    struct seal_secret out;

    (void)state;
    add_attribute(1, CKA_ALWAYS_AUTHENTICATE, &yes, 1);
    mock->logged_in = true;
    open_private(&s);
    answer(&mock->oaep, "data key", 8);
    assert_ok(rsa_decrypt(&s, &out), s.err);
    assert_int_equal(mock->logins, 0);
    assert_int_equal(mock->context_logins, 1);
    assert_int_equal(mock->pinless_logins, 0);
}

/* ---- PINs ---- */

static void a_wrong_pin_is_tried_once(void **state)
{
    AUTO_SESSION struct session s;
    struct p11_uri secret;

    (void)state;
    mock->pin = "1111";
    assert_ok(locate(&s, uri_text(URI("object=seal"))), s.err);
    assert_int_equal(mock->logins, 0);
    assert_failed(p11_locate_private(&s.uri, &s.located, &s.key, &s.err), s.err, SW_INTEGRITY,
                  "the PIN is wrong, and not tried again: token 'mock' (slot 0): C_Login: CKR_PIN_INCORRECT");
    assert_failed(p11_locate_private(&s.uri, &s.located, &s.key, &s.err), s.err, SW_INTEGRITY,
                  "was refused and is not tried again");
    secret = s.uri;
    secret.kind = P11_KIND_SECRET;
    assert_failed(p11_locate(s.tokens, &secret, &s.located, &s.err), s.err, SW_INTEGRITY,
                  "is not tried again");
    assert_int_equal(mock->logins, 1);
}

static void no_pin_is_tried_on_a_token_that_it_could_lock(void **state)
{
    static const struct {
        ck_flags_t set, clear;
        const char *text;
    } rows[] = {
        {CKF_USER_PIN_LOCKED, 0, "its PIN is locked"},
        {CKF_USER_PIN_FINAL_TRY, 0, "one more wrong PIN locks it"},
        {0, CKF_USER_PIN_INITIALIZED, "it has no user PIN yet"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        AUTO_SESSION struct session s;

        (void)reset(NULL);
        mock->flags = (mock->flags | rows[i].set) & ~rows[i].clear;
        assert_ok(locate(&s, uri_text(URI("object=seal"))), s.err);
        assert_failed(p11_locate_private(&s.uri, &s.located, &s.key, &s.err), s.err, SW_INTEGRITY,
                      rows[i].text);
        assert_int_equal(mock->logins, 0);
    }
}

static void a_token_that_is_locked_says_so(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    mock->login_rv = CKR_PIN_LOCKED;
    assert_ok(locate(&s, uri_text(URI("object=seal"))), s.err);
    assert_failed(p11_locate_private(&s.uri, &s.located, &s.key, &s.err), s.err, SW_INTEGRITY,
                  "the PIN is locked; the token's security officer can unlock it");
}

static void a_token_with_a_keypad_gets_no_pin_from_us(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    mock->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    open_private(&s);
    assert_int_equal(mock->logins, 1);
    assert_int_equal(mock->pinless_logins, 1);
}

static void a_token_that_needs_no_login_gets_none(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    mock->flags &= ~CKF_LOGIN_REQUIRED;
    mock->logged_in = true;
    open_private(&s);
    assert_int_equal(mock->logins, 0);
}

static void no_pin_is_tried_where_several_tokens_match(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    mock->nr_slots = 2;
    assert_failed(locate(&s, uri_text(URI("object=hidden"))), s.err, SW_INTEGRITY, "say which with token=");
    assert_int_equal(mock->logins, 0);
}

/* ---- what is found ---- */

static void what_matches_twice_is_told(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    add_object(CKO_PUBLIC_KEY, "seal", false);
    assert_failed(locate(&s, uri_text(URI("object=seal"))), s.err, SW_INTEGRITY,
                  "2 public keys match the URI, 'seal' (id 01) on token 'mock' (slot 0)");
}

static void a_search_without_end_ends(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    mock->endless = true;
    assert_failed(locate(&s, uri_text(URI("object=seal"))), s.err, SW_INTEGRITY,
                  "at least 8 public keys match");
}

static void slots_that_were_not_asked_for_are_not_believed(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    mock->told_slots = 100000;
    assert_failed(locate(&s, uri_text(URI("object=seal"))), s.err, SW_INTEGRITY, "C_GetSlotList");
}

static void a_label_cannot_send_the_terminal_commands(void **state)
{
    AUTO_SESSION struct session s;

    (void)state;
    snprintf(mock->label, sizeof(mock->label), "a\033[2Jb\177");
    assert_failed(locate(&s, uri_text(URI("object=none"))), s.err, SW_INTEGRITY,
                  "token 'a?[2Jb?' (slot 0): no key");
}

static void attributes_are_read_within_bounds(void **state)
{
    static uint8_t number[8192] = {0xff};
    AUTO_SESSION struct session s;
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};

    (void)state;
    add_attribute(0, CKA_MODULUS, number, 256);
    add_attribute(0, CKA_PUBLIC_EXPONENT, number, 3);
    assert_ok(locate(&s, uri_text(URI("object=seal"))), s.err);
    assert_ok(p11_public_pem(&s.located.object, s.located.class, &pem, &s.err), s.err);
    assert_non_null(strstr(pem.data, "-----BEGIN PUBLIC KEY-----\nMII"));
    for (size_t i = 0; i < 4; i++) {
        static const unsigned long lens[] = {(unsigned long)-1, 1UL << 30, 0, sizeof(number)};

        mock->objects[0].attributes[3].value_len = lens[i];
        assert_failed(p11_public_pem(&s.located.object, s.located.class, &pem, &s.err), s.err, SW_INTEGRITY,
                      "too long");
    }
    mock->objects[0].attributes[3].value_len = 256;
    mock->growing = true;
    assert_failed(p11_public_pem(&s.located.object, CKO_PUBLIC_KEY, &pem, &s.err), s.err, SW_INTEGRITY, "");
}

static void what_is_no_key_of_a_kind_that_seals_is_told(void **state)
{
    static ck_key_type_t dsa = CKK_DSA;
    static uint8_t junk[100] = {0x30, 0x82, 0xff, 0xff};
    AUTO_SESSION struct session s;
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};

    (void)state;
    mock->objects[0].attributes[2].value = &dsa;
    add_object(CKO_CERTIFICATE, "cert", false);
    add_attribute(2, CKA_VALUE, junk, sizeof(junk));
    assert_ok(locate(&s, uri_text(URI("object=seal"))), s.err);
    assert_failed(p11_public_pem(&s.located.object, s.located.class, &pem, &s.err), s.err, SW_INTEGRITY,
                  "neither RSA nor EC");
    session_end(&s);
    assert_ok(locate(&s, uri_text(URI("object=cert"))), s.err);
    assert_failed(p11_public_pem(&s.located.object, s.located.class, &pem, &s.err), s.err, SW_INTEGRITY,
                  "no X.509 certificate");
}

/* ---- AES-GCM and ECDH ---- */

static void gcm_that_gives_another_length_is_refused(void **state)
{
    static const uint8_t wrapped[48] = {1};
    const struct seal_secret key = {.len = 32};
    struct p11_gcm how = {.iv = {1}};
    AUTO_SESSION struct session s;
    SW_AUTO_BUF struct sw_buf out = {.len = 0};
    struct seal_secret back;

    (void)state;
    open_private(&s);
    mock->gcm.len = 48;
    assert_ok(p11_gcm_encrypt(&s.key, &how, &key, &out, &s.err), s.err);
    assert_int_equal(out.len, 48);
    mock->gcm.len = 32;
    assert_failed(p11_gcm_encrypt(&s.key, &how, &key, &out, &s.err), s.err, SW_INTEGRITY, "to 32, not to 48");
    assert_ok(p11_gcm_decrypt(&s.key, &how, (struct seal_view){wrapped, 48}, &back, &s.err), s.err);
    mock->gcm.len = 31;
    assert_failed(p11_gcm_decrypt(&s.key, &how, (struct seal_view){wrapped, 48}, &back, &s.err), s.err,
                  SW_INTEGRITY, "does not decrypt it");
    assert_failed(p11_gcm_decrypt(&s.key, &how, (struct seal_view){wrapped, 16}, &back, &s.err), s.err,
                  SW_INTEGRITY, "does not decrypt it");
}

static void a_point_is_given_bare_and_then_in_an_octet_string(void **state)
{
    static const uint8_t point[133] = {4};
    AUTO_SESSION struct session s;
    struct seal_secret z;

    (void)state;
    open_private(&s);
    mock->derive_rv[0] = CKR_MECHANISM_PARAM_INVALID;
    assert_ok(p11_ecdh(&s.key, (struct seal_view){point, 65}, 32, &z, &s.err), s.err);
    assert_int_equal(mock->point_len[0], 65);
    assert_int_equal(mock->point_len[1], 67);
    assert_memory_equal(mock->points[1], "\x04\x41\x04", 3);
    assert_int_equal(mock->destroyed, 1);
    mock->derivations = 0;
    mock->derived_len = 66;
    assert_ok(p11_ecdh(&s.key, (struct seal_view){point, 133}, 66, &z, &s.err), s.err);
    assert_int_equal(z.len, 66);
    assert_memory_equal(mock->points[1], "\x04\x81\x85\x04", 4);
    mock->derived_len = 65;
    assert_failed(p11_ecdh(&s.key, (struct seal_view){point, 133}, 66, &z, &s.err), s.err, SW_INTEGRITY,
                  "ECDH gave 65 bytes, not 66");
    assert_int_equal(z.len, 0);
    mock->derive_rv[1] = CKR_KEY_TYPE_INCONSISTENT;
    assert_failed(p11_ecdh(&s.key, (struct seal_view){point, 133}, 66, &z, &s.err), s.err, SW_INTEGRITY,
                  "CKR_KEY_TYPE_INCONSISTENT");
}

static void every_session_is_closed(void **state)
{
    struct session s;

    (void)state;
    mock->nr_slots = 3;
    (void)locate(&s, uri_text(URI("object=seal")));
    assert_int_equal(mock->sessions, 3);
    session_end(&s);
    assert_int_equal(mock->sessions, 0);
}

#define CASE(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_token_that_knows_oaep_is_asked_for_it),
        CASE(one_that_does_not_is_asked_for_the_bare_operation),
        CASE(leading_zeros_that_a_token_drops_are_put_back),
        CASE(what_does_not_decrypt_is_one_error),
        CASE(any_other_failure_is_told_by_its_name),
        CASE(more_bytes_than_there_is_room_for_are_not_believed),
        CASE(a_key_that_wants_the_pin_each_time_gets_it),
        CASE(the_pin_that_is_wanted_each_time_is_read_when_another_ring_logged_in),
        CASE(a_wrong_pin_is_tried_once),
        CASE(no_pin_is_tried_on_a_token_that_it_could_lock),
        CASE(a_token_that_is_locked_says_so),
        CASE(a_token_with_a_keypad_gets_no_pin_from_us),
        CASE(a_token_that_needs_no_login_gets_none),
        CASE(no_pin_is_tried_where_several_tokens_match),
        CASE(what_matches_twice_is_told),
        CASE(a_search_without_end_ends),
        CASE(slots_that_were_not_asked_for_are_not_believed),
        CASE(a_label_cannot_send_the_terminal_commands),
        CASE(attributes_are_read_within_bounds),
        CASE(what_is_no_key_of_a_kind_that_seals_is_told),
        CASE(gcm_that_gives_another_length_is_refused),
        CASE(a_point_is_given_bare_and_then_in_an_octet_string),
        CASE(every_session_is_closed),
    };

    return cmocka_run_group_tests(tests, load, leave_folder);
}
