/* What SetRegistry says: keys by their roots, values as the registry keeps them. */
#ifndef SW_RECIPE_REGISTRY_H
#define SW_RECIPE_REGISTRY_H

#include "slipway/recipe.h"
#include "src/base/buf.h"

enum sw_registry_root { SW_HKLM, SW_HKU, SW_HKCR, SW_HKCC, SW_HKCU };

/* The longest value that lies in a hive in one piece. */
enum { SW_REGISTRY_VALUE_MAX_BYTES = 16344, SW_REGISTRY_NAME_MAX = 255, SW_REGISTRY_DEPTH_MAX = 128 };

struct sw_registry_value {
    uint32_t type;      /* as the registry numbers them: 1 REG_SZ … 11 REG_QWORD */
    struct sw_buf data; /* little endian, texts as UTF-16LE with their ends */
    bool cut;           /* a number had a fraction, which is dropped */
};

/*
 * "HKLM:\Software\X" and "HKEY_LOCAL_MACHINE\Software\X": the root, and the key below it (into path; without a backslash at
 * its beginning). Gives NULL, or what is wrong.
 */
SW_MUST_CHECK const char *sw_registry_path(const char *path, enum sw_registry_root *root, const char **key);

/* The root's long name. */
const char *sw_registry_root_name(enum sw_registry_root root);

/* The name that the registry has for a value's: "(Default)" is its "". */
const char *sw_registry_value_name(const char *name);

/*
 * Texts as a value of the type (BINARY, DWORD, QWORD, SZ, EXPAND_SZ, MULTI_SZ in any case); list: the document has a list.
 * BINARY is hex digits, or a list of numbers up to 255. A value that does not fit is SW_RECIPE. Free out->data.
 */
SW_MUST_CHECK int sw_registry_encode(const char *type, char *const *texts, bool list,
                                     struct sw_registry_value *out, struct sw_err *err);

#endif
