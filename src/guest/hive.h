/* A registry hive of a guest that is not booted: read, or edited in memory and written back as a whole. */
#ifndef SW_GUEST_HIVE_H
#define SW_GUEST_HIVE_H

#include "slipway/guest.h"
#include "src/base/buf.h"
#include "src/recipe/registry.h"

struct hive;

/*
 * Reads and checks the hive at path. One that is damaged is SW_GUEST; one that Windows had not finished writing is SW_REFUSED,
 * as its logs would undo every change. Free it.
 */
SW_MUST_CHECK int hive_open(struct sw_guest *guest, const char *path, struct hive **out, struct sw_err *err);

/*
 * For reading alone, from the bytes of a hive's file, which are copied; name: what errors call it. Of what Windows had not
 * finished writing, what is there is read. SW_GUEST when it is no hive, or a damaged one.
 */
SW_MUST_CHECK int hive_read(const void *bytes, size_t len, const char *name, struct hive **out,
                            struct sw_err *err);
/* Windows had not finished writing it. */
bool hive_is_unfinished(const struct hive *hive);

/*
 * Sets a value, unless it is that already; keys on the way are made. key: names with backslashes between, "" the root; name "":
 * the default value.
 */
SW_MUST_CHECK int hive_set(struct hive *hive, const char *key, const char *name,
                           const struct sw_registry_value *value, struct sw_err *err);

/* 1 when the key is there, 0 when it is not. */
SW_MUST_CHECK int hive_has(struct hive *hive, const char *key, struct sw_err *err);
/* A DWORD, or a text (free it): 1 when it is there, 0 when it is not or is of another type. */
SW_MUST_CHECK int hive_number(struct hive *hive, const char *key, const char *name, uint32_t *out,
                              struct sw_err *err);
SW_MUST_CHECK int hive_text(struct hive *hive, const char *key, const char *name, char **out,
                            struct sw_err *err);

enum { HIVE_VALUE_MAX = 1 << 20, HIVE_NAMES_MAX = 16384 };
/* The bytes of a value of any type (free them): 1 when it is there, 0 when it is not. One that is larger is SW_GUEST. */
SW_MUST_CHECK int hive_bytes(struct hive *hive, const char *key, const char *name, char **out, size_t *len,
                             struct sw_err *err);

/* Names of the keys right beneath that one, UTF-8 and untrusted; those that are no text are left out. */
struct hive_names {
    char **names;
    size_t n;
};
/* 1 when the key is there, 0 when it is not. More than HIVE_NAMES_MAX are SW_GUEST. */
SW_MUST_CHECK int hive_keys(struct hive *hive, const char *key, struct hive_names *out, struct sw_err *err);
void hive_names_free(struct hive_names *names);
#define AUTO_HIVE_NAMES SW_CLEANUP(hive_names_free)

/* A value of any type for people, as "DWORD: 1" or "SZ: text" (free it): 1 when it is there, 0 when it is not. */
SW_MUST_CHECK int hive_show(struct hive *hive, const char *key, const char *name, char **out,
                            struct sw_err *err);

/* Puts what was changed into the guest; nothing when nothing was. */
SW_MUST_CHECK int hive_write_back(struct hive *hive, struct sw_err *err);
void hive_free(struct hive *hive);
SW_DEFINE_AUTO(hive, struct hive, hive_free)
#define AUTO_HIVE SW_CLEANUP(hive_auto)

/* "CurrentControlSet\x" of the hive SYSTEM as the control set that it stands for; other keys as they are. Free it. */
SW_MUST_CHECK char *hive_control_set(struct hive *hive, const char *key, struct sw_err *err);

/* A key (name NULL), or one of its values. */
struct hive_item {
    const char *key;   /* as for hive_set, in UTF-8 */
    const char *name;  /* "": the default value */
    uint32_t type;     /* as the registry numbers them */
    const char *bytes; /* the hive's own */
    size_t len;
};
typedef int hive_visit_fn(void *arg, const struct hive_item *item, struct sw_err *err);
enum { HIVE_ITEMS_MAX = 4 << 20 };
/* Every key, before what is in it, with its values. Deeper than SW_REGISTRY_DEPTH_MAX, or more than HIVE_ITEMS_MAX, is SW_GUEST. */
SW_MUST_CHECK int hive_each(struct hive *hive, hive_visit_fn *visit, void *arg, struct sw_err *err);

#endif
