/* What another process holds, until it is killed. */
#ifndef TESTS_UNIT_HELD_H
#define TESTS_UNIT_HELD_H

#include "tests/unit/testing.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD_BYTES = 64 };

/*
 * A child that takes something, and then waits to be killed; it ends with its parent at the latest. take: 0, or -1 when it could
 * not; what it says of it is in said.
 */
static inline pid_t hold(int (*take)(void *arg, char said[HELD_BYTES]), void *arg, char said[HELD_BYTES])
{
    int ready[2];
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char mine[HELD_BYTES] = "";

        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || take(arg, mine) < 0 ||
            write(ready[1], mine, sizeof(mine)) != (ssize_t)sizeof(mine))
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], said, HELD_BYTES), HELD_BYTES);
    close(ready[0]);
    return pid;
}

#endif
