/* Cleanup attributes: a header that declares an object says beside its close function what scopes clean it up with. */
#ifndef SLIPWAY_CLEANUP_H
#define SLIPWAY_CLEANUP_H

#define SW_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Defines <name>_auto for objects of type `type *` freed by fn, NULL allowed. */
#define SW_DEFINE_AUTO(name, type, fn)            \
    static inline void name##_auto(type **object) \
    {                                             \
        if (*object != NULL)                      \
            fn(*object);                          \
    }

#endif
