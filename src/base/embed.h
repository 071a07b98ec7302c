/* A data file as bytes in the program. The build gives its path: slipway_embed() in cmake/SlipwayRoom.cmake. */
#ifndef SW_BASE_EMBED_H
#define SW_BASE_EMBED_H

#include <stdint.h>

/* Defines name (the bytes, and a NUL behind the last) and name_len, of a file that a string literal names. */
#define SW_EMBED(name, file)                          \
    __asm__(".section .rodata\n"                      \
            ".balign 16\n"                            \
            ".globl " #name "\n"                      \
            ".hidden " #name "\n" #name ":\n"         \
            ".incbin \"" file "\"\n" #name "_end:\n"  \
            ".byte 0\n"                               \
            ".balign 8\n"                             \
            ".globl " #name "_len\n"                  \
            ".hidden " #name "_len\n" #name "_len:\n" \
            ".8byte " #name "_end - " #name "\n"      \
            ".previous\n");                           \
    extern const char name[];                         \
    extern const uint64_t name##_len

#endif
