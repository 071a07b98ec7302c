/* The documents of recipes/ec2-ready, as they are part of the program. */
#ifndef SW_PREPARE_SHIPPED_H
#define SW_PREPARE_SHIPPED_H

#include "slipway/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shipped {
    const char *name; /* without .yml */
    const char *text;
    const uint64_t *len;
    unsigned platform; /* enum sw_platform; 0: what others execute */
    bool validates;    /* it has a validate phase */
    bool early;   /* it may have the image mounted anew, so nothing that lies in /run may come before it */
    bool follows; /* it comes with any other of its platform */
};

/* In the order in which they run. NULL behind the last. */
const struct shipped *shipped_at(size_t i);
/* By "fstab", "ec2-ready/fstab", "fstab.yml"; NULL: there is none that can be chosen. */
const struct shipped *shipped_find(const char *name);

/* Writes all of them into the folder. */
SW_MUST_CHECK int shipped_write(const char *dir, struct sw_err *err);

#endif
