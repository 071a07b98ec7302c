/* Component documents that are part of the program, as bytes in it. CLEANUP_FILE comes from the build. */
#include "src/recipe/builtin.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl sw_builtin_cleanup_begin\n"
        "sw_builtin_cleanup_begin:\n"
        ".incbin \"" CLEANUP_FILE "\"\n"
        ".globl sw_builtin_cleanup_end\n"
        "sw_builtin_cleanup_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char sw_builtin_cleanup_begin[], sw_builtin_cleanup_end[];

const char *sw_builtin_cleanup(size_t *len)
{
    *len = (size_t)(sw_builtin_cleanup_end - sw_builtin_cleanup_begin);
    return sw_builtin_cleanup_begin;
}
