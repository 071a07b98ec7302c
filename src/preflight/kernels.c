/* The list of systems and kernels that AWS publishes. */
#include "src/preflight/kernels.h"

#include "src/preflight/rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Numbers between dots, as many as both have: <0, 0, >0. */
static int compare(const char *a, const char *b)
{
    for (;;) {
        char *rest_a, *rest_b;
        unsigned long left, right;

        if (!isdigit((unsigned char)*a) || !isdigit((unsigned char)*b))
            return 0;
        left = strtoul(a, &rest_a, 10);
        right = strtoul(b, &rest_b, 10);
        if (left != right)
            return left < right ? -1 : 1;
        if (*rest_a != '.' || *rest_b != '.')
            return 0;
        a = rest_a + 1;
        b = rest_b + 1;
    }
}

static bool holds(const json_t *list, const char *word)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        if (strcmp(json_string_value(item) != NULL ? json_string_value(item) : "", word) == 0)
            return true;
    }
    return false;
}

/* "6.1.0" fits "6.1.0-25-amd64", and "6.1" does, but not "6.10". */
static bool kernel_fits(const json_t *kernels, const char *kernel)
{
    const json_t *item;
    size_t i;

    json_array_foreach (kernels, i, item) {
        const char *listed = json_string_value(item);
        size_t len = listed != NULL ? strlen(listed) : 0;

        if (len > 0 && strncmp(kernel, listed, len) == 0 && !isdigit((unsigned char)kernel[len]))
            return true;
    }
    return false;
}

/* What stands behind the numbers: "generic" of "5.15.0-91-generic". */
static bool flavour_fits(const json_t *system, const char *kernel)
{
    const json_t *flavours = json_object_get(system, "flavours");
    const char *flavour = kernel + strcspn(kernel, "abcdefghijklmnopqrstuvwxyz+");

    return json_array_size(flavours) == 0 || *flavour == '\0' || holds(flavours, flavour);
}

static bool version_fits(const json_t *row, const char *version)
{
    const char *first = ev_text(row, "first"), *last = ev_text(row, "last");

    return compare(version, first) >= 0 && compare(version, last[0] != '\0' ? last : first) <= 0;
}

static enum listed look(const json_t *system, const char *version, const char *kernel)
{
    bool version_there = false, kernel_there = false, both = false;
    const json_t *row;
    size_t i;

    json_array_foreach (json_object_get(system, "versions"), i, row) {
        bool fits = version_fits(row, version), runs = kernel_fits(json_object_get(row, "kernels"), kernel);

        version_there = version_there || fits;
        kernel_there = kernel_there || runs;
        both = both || (fits && runs);
    }
    if (kernel_there && !flavour_fits(system, kernel))
        return LISTED_NO_FLAVOUR;
    if (both)
        return LISTED;
    if (version_there)
        return LISTED_NO_KERNEL;
    return kernel_there ? LISTED_OTHER_VERSION : LISTED_NO_VERSION;
}

enum listed kernels_listed(const json_t *systems, const char *system, const char *version, const char *kernel)
{
    const json_t *row;
    size_t i;

    json_array_foreach (systems, i, row) {
        if (holds(json_object_get(row, "ids"), system))
            return look(row, version, kernel);
    }
    return LISTED_NO_SYSTEM;
}

bool kernels_product_listed(const json_t *products, const char *product)
{
    const json_t *item;
    size_t i;

    json_array_foreach (products, i, item) {
        const char *listed = json_string_value(item);
        size_t len = listed != NULL ? strlen(listed) : 0;

        if (len > 0 && strncmp(product, listed, len) == 0 && !isdigit((unsigned char)product[len]))
            return true;
    }
    return false;
}
