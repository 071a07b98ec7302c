/* A data file as bytes in the program. The build gives its path: slipway_embed() in cmake/SlipwayRoom.cmake. */
#ifndef SW_BASE_EMBED_H
#define SW_BASE_EMBED_H

#include <stddef.h>

/* Defines name_begin and name_end (char arrays, a NUL behind the last byte) of a file that a string literal names. */
#define SW_EMBED(name, file)                              \
    __asm__(".section .rodata\n"                          \
            ".balign 16\n"                                \
            ".globl " #name "_begin\n"                    \
            ".hidden " #name "_begin\n" #name "_begin:\n" \
            ".incbin \"" file "\"\n"                      \
            ".globl " #name "_end\n"                      \
            ".hidden " #name "_end\n" #name "_end:\n"     \
            ".byte 0\n"                                   \
            ".previous\n");                               \
    extern const char name##_begin[], name##_end[]

#endif
