/* The runner's program, as bytes in this one. RUNNER_FILE comes from the build. */
#include "src/runner/embed.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        ".globl sw_runner_begin\n"
        "sw_runner_begin:\n"
        ".incbin \"" RUNNER_FILE "\"\n"
        ".globl sw_runner_end\n"
        "sw_runner_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const unsigned char sw_runner_begin[], sw_runner_end[];

const unsigned char *sw_runner_program(size_t *len)
{
    *len = (size_t)(sw_runner_end - sw_runner_begin);
    return sw_runner_begin;
}
