/* Objects of a token: found by class, label and id; their attributes, read within bounds. */
#ifndef SW_SEAL_P11_OBJECT_H
#define SW_SEAL_P11_OBJECT_H

#include "src/base/buf.h"
#include "src/seal/p11_token.h"

enum {
    P11_FOUND_MAX = 8,           /* objects of one search; more are as ambiguous */
    P11_ATTRIBUTE_MAX = 64 << 10 /* bytes; a certificate is the largest that is read */
};

struct p11_object {
    struct p11_token *token;
    ck_object_handle_t handle;
};

/* What to look for: label and id may be NULL. */
struct p11_search {
    ck_object_class_t class;
    const struct ck_attribute *label;
    const struct ck_attribute *id;
};

/* Appends what a token holds of it to found, of which *n are there; the first P11_FOUND_MAX only. */
SW_MUST_CHECK int p11_find(struct p11_token *token, const struct p11_search *search,
                           struct p11_object found[P11_FOUND_MAX], size_t *n, struct sw_err *err);

/* Appends an attribute's value, not empty, of at most P11_ATTRIBUTE_MAX bytes. */
SW_MUST_CHECK int p11_attribute(const struct p11_object *object, ck_attribute_type_t type, struct sw_buf *out,
                                struct sw_err *err);
/* The value of an attribute that is one number; otherwise when the object has none. */
unsigned long p11_number(const struct p11_object *object, ck_attribute_type_t type, unsigned long otherwise);
/* The same for CK_BBOOL. */
bool p11_flag(const struct p11_object *object, ck_attribute_type_t type);

/* "'label' (id 01)" for messages, as much as fits. */
enum { P11_OBJECT_TEXT = 128 };
void p11_object_text(const struct p11_object *object, char text[P11_OBJECT_TEXT]);

#endif
