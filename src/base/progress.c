/* Progress ticks and the interrupt flag. */
#include "slipway/progress.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    /* A terminal that goes sends SIGHUP, and so does its shell. */
    if (interrupted && number != SIGHUP)
        _exit(128 + number);
    interrupted = 1;
}

void sw_catch_signals(void)
{
    struct sigaction action, before;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* The terminal was closed; under nohup that is to be ignored. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    /* A file that may not grow is an error of the write, like a full disk. */
    sigaction(SIGXFSZ, &action, NULL);
}

bool sw_interrupted(void)
{
    return interrupted != 0;
}

int sw_check_interrupt(struct sw_err *err)
{
    return interrupted ? sw_fail(err, SW_INTERRUPTED, "interrupted") : 0;
}

void sw_progress_tick(struct sw_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
    if (progress != NULL)
        progress->tick(progress, done_bytes, total_bytes);
}
