/* PKCS#11 as p11-kit's headers have it, and its errors by name. */
#ifndef SW_SEAL_P11_H
#define SW_SEAL_P11_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTOKI_GNU 1 /* the names in lower case */
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

/* Room for "CKR_…" of any value. */
enum { P11_RV_TEXT = 48 };
const char *p11_rv_text(ck_rv_t rv, char text[P11_RV_TEXT]);

#endif
