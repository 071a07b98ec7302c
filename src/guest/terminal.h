/* The user's terminal while a guest's program has it: raw, and given back whatever ends this process. */
#ifndef SW_GUEST_TERMINAL_H
#define SW_GUEST_TERMINAL_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes the terminal at fd raw until terminal_give_back, or a signal that ends this process (but SIGKILL). *changes is
 * readable once its size may be another one: then terminal_changed. One at a time.
 */
SW_MUST_CHECK int terminal_take(int fd, int *changes, struct sw_err *err);
/* A process that was stopped and goes on finds the terminal as its shell left it: it is raw again. */
void terminal_changed(void);
/* Does nothing when it was not taken. */
void terminal_give_back(void);

/* Zeros when nobody knows. */
void terminal_size(int fd, uint32_t *columns, uint32_t *rows);

#endif
