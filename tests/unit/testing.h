/* What every unit test includes: cmocka in its order, and a folder of its own. */
#ifndef TESTS_UNIT_TESTING_H
#define TESTS_UNIT_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slipway/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fails the test with the error's text when rc says failure. */
#define assert_ok(rc, err)                                \
    do {                                                  \
        if ((rc) != 0)                                    \
            fail_msg("unexpected error: %s", (err).text); \
    } while (0)

/* The call failed with this code and a text that holds this part. */
#define assert_failed(rc, err, want_code, want_part)                            \
    do {                                                                        \
        assert_int_not_equal((rc), 0);                                          \
        assert_int_equal((err).code, (want_code));                              \
        if (strstr((err).text, (want_part)) == NULL)                            \
            fail_msg("'%s' is not in the error '%s'", (want_part), (err).text); \
    } while (0)

/* Group fixtures: an empty folder as the working directory, removed at the end. */
static inline int enter_empty_folder(void **state)
{
    char *path = strdup("/tmp/slipway-test.XXXXXX");

    *state = path;
    if (path == NULL || mkdtemp(path) == NULL || chdir(path) < 0)
        return -1;
    return 0;
}

static inline int leave_folder(void **state)
{
    char command[128];
    int rc;

    snprintf(command, sizeof(command), "chmod -R u+rwx '%s' && rm -rf '%s'", (char *)*state, (char *)*state);
    rc = chdir("/") < 0 ? -1 : system(command);
    free(*state);
    return rc;
}

#endif
