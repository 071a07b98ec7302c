/* Where in a script the command stands that needs a booted system. */
#ifndef SW_GUEST_BOOTED_H
#define SW_GUEST_BOOTED_H

#include <stddef.h>

/*
 * The line, from 1, of the script that most likely started the command (its words with blanks between them); 0 when none
 * does. Lines are searched for all words of the command in order, then for the first two, as names often come from variables.
 */
unsigned booted_line(const char *script, size_t len, const char *command, size_t command_len);

#endif
