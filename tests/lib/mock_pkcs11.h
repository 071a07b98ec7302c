/* A PKCS#11 module that answers what a test orders, well or badly, and keeps what it was asked. */
#ifndef TESTS_LIB_MOCK_PKCS11_H
#define TESTS_LIB_MOCK_PKCS11_H

#include "src/seal/p11.h"

enum { MOCK_OBJECTS = 16, MOCK_ATTRIBUTES = 8, MOCK_CALLS = 16, MOCK_BYTES = 1024 };

struct mock_object {
    ck_object_class_t class;
    bool hidden; /* until somebody logs in */
    struct ck_attribute attributes[MOCK_ATTRIBUTES];
    size_t nr_attributes;
};

/* What a C_Decrypt or C_Encrypt gives back. */
struct mock_answer {
    ck_rv_t init_rv, rv;
    uint8_t bytes[MOCK_BYTES];
    unsigned long len;
    unsigned long told_len; /* 0: len */
};

struct mock_call {
    ck_mechanism_type_t mechanism;
    uint8_t parameter[64]; /* the first bytes of it */
    unsigned long parameter_len;
};

struct mock_pkcs11 {
    ck_flags_t flags; /* of the token */
    char label[33];
    unsigned long nr_slots;   /* as it tells */
    unsigned long told_slots; /* 0: the same */
    const char *pin;
    ck_rv_t login_rv; /* CKR_OK: the PIN decides */
    unsigned logins, context_logins, pinless_logins;
    bool logged_in;
    struct mock_object objects[MOCK_OBJECTS];
    size_t nr_objects;
    bool endless; /* a search finds without end */
    bool growing; /* attributes are longer when they are read than they said */
    struct mock_answer oaep, bare, gcm;
    ck_rv_t derive_rv[2]; /* of the first derivation and those after it */
    uint8_t derived[128];
    unsigned long derived_len;
    uint8_t points[2][160];
    unsigned long point_len[2];
    size_t derivations;
    unsigned destroyed;
    struct mock_call calls[MOCK_CALLS];
    size_t nr_calls;
    unsigned sessions;
};

/* The module's own, by this name. */
#define MOCK_STATE "mock_pkcs11_state"

#endif
