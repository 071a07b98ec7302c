/* Integers in byte arrays, big and little endian; no alignment is asked for. */
#ifndef SW_BASE_ENDIAN_H
#define SW_BASE_ENDIAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define SW_ENDIAN_PAIR(order, bits)                                 \
    static inline uint##bits##_t order##bits##_get(const void *p)   \
    {                                                               \
        uint##bits##_t v;                                           \
        memcpy(&v, p, sizeof(v));                                   \
        return order##bits##toh(v);                                 \
    }                                                               \
    static inline void order##bits##_put(void *p, uint##bits##_t v) \
    {                                                               \
        v = hto##order##bits(v);                                    \
        memcpy(p, &v, sizeof(v));                                   \
    }

SW_ENDIAN_PAIR(be, 16)
SW_ENDIAN_PAIR(be, 32)
SW_ENDIAN_PAIR(be, 64)
SW_ENDIAN_PAIR(le, 16)
SW_ENDIAN_PAIR(le, 32)
SW_ENDIAN_PAIR(le, 64)

#undef SW_ENDIAN_PAIR

#endif
