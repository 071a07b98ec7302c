/* Documents that are sealed at rest: opened in memory, for whoever they say they are, and never quoted. */
#ifndef SW_RECIPE_SEALED_H
#define SW_RECIPE_SEALED_H

#include "slipway/envelope.h"
#include "src/base/buf.h"
#include "src/recipe/doc.h"

/* How a reference's document is opened, and which component a sealed one has to be. */
struct sw_opening {
    const struct sw_keyring *keys;  /* NULL: there are none */
    const struct sw_opener *opener; /* of the sealed file; NULL: nothing is demanded of it */
    const char *name;               /* of an ARN; NULL: by the file's name */
    const char *version;            /* a pattern; NULL: by the file's name */
    bool any;                       /* whoever it says it is: no reference names it */
};

/* True when the file begins as a message of the Encryption SDK does, or is called so. */
bool sw_is_sealed(const char *path);

/*
 * sw_component_load of a file that may be sealed: then keys and identity must fit (SW_INTEGRITY), and what is wrong
 * with the document is told by its place and rule only. opening NULL: no keys, by the file's name.
 */
SW_MUST_CHECK struct sw_component *sw_component_open(const char *path, const struct sw_opening *opening,
                                                     struct sw_diags *diags, struct sw_err *err);

#endif
