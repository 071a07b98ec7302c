/* One registry hive as collectors read it: what is damaged in it is told once, and is else as if it were not there. */
#ifndef SW_PREFLIGHT_REGISTRY_H
#define SW_PREFLIGHT_REGISTRY_H

#include "src/guest/hive.h"

#include <jansson.h>

struct registry {
    struct hive *hive;
    char set[16];        /* of SYSTEM: the control set that is current, "ControlSet001" */
    struct sw_err fault; /* the first thing that could not be read, by its code */
};

/* bytes: of its file. -1 and err when it is no hive at all. */
SW_MUST_CHECK int registry_open(struct registry *registry, const void *bytes, size_t len, const char *name,
                                struct sw_err *err);
void registry_close(struct registry *registry);

/* Keys are written as printf does. */
bool registry_has(struct registry *registry, const char *key, ...) SW_PRINTF(2, 3);
bool registry_number(struct registry *registry, uint32_t *out, const char *value, const char *key, ...)
    SW_PRINTF(4, 5);
/* The first string of any text, with what a terminal obeys taken away; NULL when it is not there or empty. Free it. */
char *registry_text(struct registry *registry, const char *value, const char *key, ...) SW_PRINTF(3, 4);
bool registry_bytes(struct registry *registry, char **out, size_t *len, const char *value, const char *key,
                    ...) SW_PRINTF(5, 6);
/* Of none: nothing is in it. */
struct hive_names registry_keys(struct registry *registry, const char *key, ...) SW_PRINTF(2, 3);

/* What len bytes of UTF-16 say, up to a NUL. NULL: memory is out. */
char *registry_utf16(const void *bytes, size_t len);

#endif
