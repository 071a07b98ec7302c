/* What lines on a console say about how a boot goes on. */
#ifndef SW_GUEST_BOOT_WORDS_H
#define SW_GUEST_BOOT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum boot_word {
    WORD_NONE,
    WORD_NO_DEVICE, /* the firmware: nothing to start */
    WORD_LOADER,    /* the boot loader waits for somebody */
    WORD_KERNEL,    /* a kernel begins */
    WORD_PANIC,
    WORD_PANIC_TIMER, /* a panic of a kernel that was given too little time by a busy machine */
    WORD_EMERGENCY,   /* a shell for somebody to repair it */
    WORD_LOGIN,
};

/* line: without control bytes, maybe without its end yet. */
enum boot_word boot_word(const char *line);

/* Takes terminal sequences out of a console's bytes. Zero-initialise it. */
struct plain {
    int state;
};
/* Writes what is left, at most len bytes, to out; returns how many. Control bytes but newline, return and tab are left out. */
size_t plain_text(struct plain *plain, const char *bytes, size_t len, char *out);

/* Whether "info registers -a" of QEMU shows a system at work: a kernel's addresses, or a program's privileges. */
bool registers_show_system(const char *text);

#endif
