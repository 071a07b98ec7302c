/* The simple commands of a shell script, found without running it. */
#ifndef SW_RECIPE_SHELL_H
#define SW_RECIPE_SHELL_H

#include <stdbool.h>
#include <stddef.h>

enum { SW_SHELL_WORDS_MAX = 48, SW_SHELL_MAX_DEPTH = 8 };

struct sw_word {
    const char *text; /* without quotes; "$" stands for what only a run knows */
    size_t offset;    /* of its first byte in the script */
};

struct sw_command {
    struct sw_word words[SW_SHELL_WORDS_MAX];
    size_t n;
};

/*
 * Calls fn for every simple command, also those in $(…), `…`, <(…) and in here-documents for a shell; comments, other
 * here-documents and arrays are passed over. Words are good until fn returns.
 */
typedef void sw_command_fn(void *ctx, const struct sw_command *command);
void sw_shell_scan(const char *text, size_t len, sw_command_fn *fn, void *ctx);

#endif
