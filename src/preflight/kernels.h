/* The list of systems and kernels that AWS publishes, held against what an image has. */
#ifndef SW_PREFLIGHT_KERNELS_H
#define SW_PREFLIGHT_KERNELS_H

#include <jansson.h>
#include <stdbool.h>

enum listed {
    LISTED,
    LISTED_OTHER_VERSION, /* the kernel is, with another version of the system: the kernel is what counts */
    LISTED_NO_SYSTEM,     /* the system is not there */
    LISTED_NO_VERSION,    /* the system is, and neither this version of it nor the kernel is */
    LISTED_NO_KERNEL,     /* this version is, and the kernel is not */
    LISTED_NO_FLAVOUR,    /* the kernel is, but not of this flavour ("aws" of "4.15.0-1021-aws") */
};

/*
 * systems: the policy's. system: os-release's ID; version: as told ("12", "12.7", "7.9"); kernel: as uname -r says it.
 * A version that says less than the list fits each that begins with it.
 */
enum listed kernels_listed(const json_t *systems, const char *system, const char *version,
                           const char *kernel);

/* Windows: whether the product's name begins with one that is listed. */
bool kernels_product_listed(const json_t *products, const char *product);

#endif
